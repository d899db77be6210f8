"""What may go wrong around the service: it starts and serves all the same, and says what is to be said."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.outside.conftest import PHONE, Lan
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import PATIENCE, Server
from tests.outside.site import ask_until_served

ALONE = ("--interface", "eth1")


@pytest.fixture
def phone(lan: Lan) -> Iterator[Phone]:
    with Phone(lan.phones, PHONE) as made:
        yield made


class Wrapped(Server):
    """The program behind other words: `strace …`, `sh -c …`."""

    def __init__(self, lan: Lan, before: Sequence[str], *arguments: str, **options: bool) -> None:
        super().__init__(lan.server, rules_text(), *ALONE, *arguments, **options)
        self.before(before)

    def before(self, words: Sequence[str]) -> None:
        """Put these words before it, too."""
        self._before = [*words, *self._before]


@contextmanager
def failing(server: Server, call: str, error: str, when: str, *more: str) -> Iterator[None]:
    """From now on `call` fails with `error` in the loop's thread, as often as `when` says (strace(1)).

    `more`: "-f" for all threads, of which each counts for itself; "-P PATH" for calls on that path alone.
    """
    pid = str(server.process.pid)
    argv = ["strace", "-qq", "-o", "/dev/null", "-p", pid, *more, "-e", f"trace={call}"]
    with subprocess.Popen([*argv, "-e", f"inject={call}:error={error}:when={when}"]) as strace:
        try:
            while "TracerPid:\t0" in Path(f"/proc/{pid}/status").read_text():
                assert strace.poll() is None
                time.sleep(0.02)
            yield
        finally:
            strace.terminate()


# --- signals


def test_sigterm_in_a_burst_answers_what_came_before_it(lan: Lan, phone: Phone) -> None:
    with Server(lan.server, rules_text(), *ALONE) as server:
        for number in range(300):
            phone.send(plain_subscribe(PHONE, 5060, f"02bb{number:08x}", f"burst-{number}@phone"))
        began = time.monotonic()
        assert server.end() == 0
        assert time.monotonic() - began < 2.0
        answered = {a.message.one("Call-ID") for a in phone.hear_for(0.3) if a.message.status == 200}
    # The kernel's own buffer holds 166 of them where it grants no more.
    assert len(answered) >= 150
    assert "224.0.1.75" not in lan.server.run("ip", "maddress", "show", "dev", "eth1")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(lan: Lan, phone: Phone, how: signal.Signals) -> None:
    """Stopped while it answers a burst, it finds both signals at its next turn."""
    with Server(lan.server, rules_text(), *ALONE) as server:
        server.process.send_signal(signal.SIGSTOP)
        for number in range(150):
            phone.send(plain_subscribe(PHONE, 5060, f"02bc{number:08x}", f"twice-{number}@phone"))
        server.process.send_signal(how)
        server.process.send_signal(signal.SIGCONT)
        server.process.send_signal(how)
        began = time.monotonic()
        assert server.process.wait(PATIENCE) in (0, -how)
        assert time.monotonic() - began < 2.0
        assert "Traceback" not in server.log()


def test_sigquit_ends_it_without_a_core(lan: Lan) -> None:
    with Server(lan.server, rules_text(), *ALONE) as server:
        assert server.end(signal.SIGQUIT) == -signal.SIGQUIT


def test_killed_and_started_again(lan: Lan, phone: Phone) -> None:
    with Server(lan.server, rules_text(), *ALONE) as server:
        ask_until_served(phone)
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
    with Server(lan.server, rules_text(), *ALONE):
        ask_until_served(phone)


# --- descriptors, streams and files


def limit_descriptors(server: Server, most: int) -> None:
    """From now on; as its own user, since not every root may limit another user's process."""
    user = Path(f"/proc/{server.process.pid}").stat().st_uid
    argv = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    prlimit = ["prlimit", "--pid", str(server.process.pid), f"--nofile={most}:"]
    subprocess.run([*argv, *prlimit], check=True)


def test_no_descriptor_left_while_it_runs(lan: Lan, phone: Phone) -> None:
    with Server(lan.server, rules_text(), *ALONE) as server:
        ask_until_served(phone)
        pid = server.process.pid
        in_use = len(os.listdir(f"/proc/{pid}/fd"))
        limit_descriptors(server, in_use)
        ask_until_served(phone, within=0.5)
        # A change cannot be read now: told once, and served as before; when it can, it is followed.
        lan.server.run("ip", "address", "add", "192.168.1.200/24", "dev", "eth1")
        try:
            server.wait_for_event("interfaces_unreadable")
            ask_until_served(phone, within=0.5)
            limit_descriptors(server, 1000)
            server.wait_for_event("interface_changed", interface="eth1")
            in_use = len(os.listdir(f"/proc/{pid}/fd"))
        finally:
            lan.server.run("ip", "address", "del", "192.168.1.200/24", "dev", "eth1")
        server.wait_for_event("interface_changed", networks=["192.168.1.0/24"])
        ask_until_served(phone, within=0.5)
        assert len(list(server.events("interfaces_unreadable"))) == 1
        assert not list(server.events("internal_error"))
        assert len(os.listdir(f"/proc/{pid}/fd")) == in_use - 1, "the socket of the second address is gone"


def test_starts_with_20_descriptors(lan: Lan, phone: Phone) -> None:
    with Wrapped(lan, ["prlimit", "--nofile=20:20"]) as server:
        ask_until_served(phone)
        assert not list(server.events("internal_error"))


@pytest.mark.parametrize("gone", ["2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_standard_streams_that_are_gone(lan: Lan, phone: Phone, gone: str) -> None:
    with Wrapped(lan, ["sh", "-c", f'exec "$@" {gone}', "sh"]):
        ask_until_served(phone)
        ask_until_served(phone)


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "never read"])
def test_a_log_that_nobody_reads(lan: Lan, phone: Phone, tmp_path: Path, closed: bool) -> None:
    """The pipe breaks, or is full after 64 KiB of lines; the phones are served on."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with Wrapped(lan, ["sh", "-c", f'exec "$@" 2>{pipe}', "sh"]) as server:
            if closed:
                os.close(reader)
            for _ in range(200):
                ask_until_served(phone)
            assert server.end() == 0
    finally:
        if not closed:
            os.close(reader)


@pytest.mark.parametrize(
    "prepare",
    [
        'mount -t tmpfs tmpfs /proc/$$/net; exec "$@"',
        'mount -t tmpfs tmpfs /proc/sys; exec "$@"',
        'mount -t tmpfs -o ro tmpfs /sys; exec "$@"',
        'mount --rbind / /mnt; mount -o remount,ro,bind /mnt; exec chroot /mnt "$@"',
        # ProtectProc=invisible and ProcSubset=pid of the unit.
        'mount -t proc -o subset=pid,hidepid=invisible proc /proc; exec "$@"',
        "for it in /tmp /var/tmp; do mount --bind $it $it; mount -o remount,ro,bind $it; done; "
        'cd /; ! touch /tmp/it /var/tmp/it 2>/dev/null; exec "$@"',
    ],
    ids=[
        "no /proc/net",
        "no /proc/sys",
        "no /sys",
        "read-only root",
        "ProcSubset=pid",
        "no folder for scraps",
    ],
)
def test_without_what_a_host_usually_has(lan: Lan, phone: Phone, prepare: str) -> None:
    with Wrapped(lan, ["sh", "-ec", prepare, "sh"]) as server:
        ask_until_served(phone)
        assert not list(server.events("internal_error"))


def test_without_any_environment(lan: Lan, phone: Phone) -> None:
    with Wrapped(lan, ["env", "-u", "HOME", "-u", "PATH", "-u", "LANG", "-u", "LC_ALL"]) as server:
        ask_until_served(phone)
        assert not list(server.events("internal_error"))


# --- systemd


def test_without_a_manager(lan: Lan, phone: Phone) -> None:
    with Wrapped(lan, ["env", "-u", "NOTIFY_SOCKET"], wait=False):
        ask_until_served(phone, within=PATIENCE)


def test_with_a_manager_that_does_not_listen(lan: Lan, phone: Phone) -> None:
    with Wrapped(lan, ["env", "NOTIFY_SOCKET=/nowhere/notify"], wait=False):
        ask_until_served(phone, within=PATIENCE)


def test_the_watchdog_hears_of_a_loop_that_stands_still(lan: Lan) -> None:
    with Wrapped(lan, ["env", "WATCHDOG_USEC=400000"]) as server:
        server.wait_for_notice("WATCHDOG=1")
        server.wait_for_notice("WATCHDOG=1", 1.0)
        server.process.send_signal(signal.SIGSTOP)
        while True:  # what was on the way
            try:
                server.wait_for_notice("WATCHDOG=1", 0.5)
            except AssertionError:
                break
        server.process.send_signal(signal.SIGCONT)
        server.wait_for_notice("WATCHDOG=1", 1.0)


# --- system calls that fail


@pytest.mark.skipif(shutil.which("strace") is None, reason="no `strace`")
@pytest.mark.parametrize(
    ("call", "error", "when", "event"),
    [
        # Three tries each, so these two datagrams are lost and told.
        ("sendto", "EPERM", "1..6", "send_failed"),
        ("sendto", "ENETUNREACH", "1..6", "send_failed"),
        ("sendto", "EHOSTUNREACH", "1+4", ""),
        ("sendto", "EINTR", "1+2", ""),
        ("recvfrom", "EIO", "1", "receive_failed"),
        ("recvfrom", "ENOMEM", "1+7", "receive_failed"),
        ("recvfrom", "EINTR", "1+2", ""),
        ("recvmsg", "EIO", "1+2", ""),
        ("epoll_wait", "EINTR", "1+2", ""),
    ],
)
def test_system_calls_that_fail(lan: Lan, phone: Phone, call: str, error: str, when: str, event: str) -> None:
    """Now and then. A phone that repeats its question, as phones do, is served."""
    with Server(lan.server, rules_text(), *ALONE) as server:
        with failing(server, call, error, when):
            for _ in range(10):
                ask_until_served(phone)
        ask_until_served(phone)
        if event:
            assert server.wait_for_event(event)["interface"] == "eth1"
        assert not list(server.events("internal_error"))
        assert "Traceback" not in server.log()


@pytest.mark.skipif(shutil.which("strace") is None, reason="no `strace`")
@pytest.mark.parametrize("error", ["ENOBUFS", "ENOMEM", "EAGAIN"])
def test_what_a_full_link_refuses_is_sent_a_little_later(lan: Lan, phone: Phone, error: str) -> None:
    """The phone asks once, and gets its 200 and its NOTIFY once."""
    with Server(lan.server, rules_text(), *ALONE, "--log-level", "debug") as server:
        with failing(server, "sendto", error, "1..6"):
            phone.send(plain_subscribe(PHONE, 5060, "02bb000000fe", f"full-{error}@phone"))
            phone.hear_exchange(2.0)
        told = server.wait_for_event("send_postponed")
        assert told["interface"] == "eth1"
        assert ("net.ipv4.neigh.default.gc_thresh3" in told["reason"]) == (error == "ENOBUFS")
        server.wait_for_event("notify_answered", attempts=1)
        assert phone.hear_for(0.3) == []
        assert not list(server.events("send_failed"))


def strace(call: str, error: str, when: str = "", *more: str) -> list[str]:
    """The words before a program whose `call` fails from its start on; `when` and `more` as for `failing`."""
    inject = f"inject={call}:error={error}" + (f":when={when}" if when else "")
    # --seccomp-bpf: it stops at this call alone, not at each of the thousands that a start takes.
    quick = ("-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null")
    return ["strace", *quick, *more, "-e", f"trace={call}", "-e", inject]


@pytest.mark.skipif(shutil.which("strace") is None, reason="no `strace`")
@pytest.mark.parametrize(
    ("call", "error", "when", "words"),
    [
        ("bind", "EACCES", "", "may not open"),
        ("bind", "EADDRNOTAVAIL", "", "no address of this host"),
        ("socket", "EAFNOSUPPORT", "", "AF_NETLINK"),
        ("socket", "EMFILE", "", "Too many open files"),
        ("setsockopt", "EPERM", "", "cannot be read: Operation not permitted"),
        # Each thread counts for itself. The one that opens asks for eight things; the last one is the group.
        ("setsockopt", "EPERM", "3", "this user may not open"),
        ("setsockopt", "EADDRNOTAVAIL", "4", "the interface is gone"),
        ("setsockopt", "ENODEV", "8", "the interface is gone"),
        ("setsockopt", "ENOBUFS", "8", "net.ipv4.igmp_max_memberships"),
    ],
)
def test_system_calls_that_always_fail_end_the_start(
    lan: Lan, call: str, error: str, when: str, words: str
) -> None:
    with Wrapped(lan, strace(call, error, when), wait=False) as server:
        assert server.process.wait(PATIENCE) == 69
        assert words in server.log()
        assert "Traceback" not in server.log()


@pytest.mark.skipif(shutil.which("strace") is None, reason="no `strace`")
@pytest.mark.parametrize(
    ("path", "error"),
    [("/proc/self/net/igmp", "EMFILE"), ("/proc/self/net/udp", "EIO"), ("/proc/self/net/unix", "EACCES")],
)
def test_files_that_cannot_be_opened_and_are_not_needed(
    lan: Lan, phone: Phone, path: str, error: str
) -> None:
    with Wrapped(lan, strace("openat", error, "", "-P", path)) as server:
        ask_until_served(phone)
        assert not list(server.events("internal_error"))
        assert "Traceback" not in server.log()


@pytest.mark.skipif(shutil.which("strace") is None, reason="no `strace`")
@pytest.mark.parametrize(
    ("error", "words"), [("EMFILE", "Too many open files"), ("EIO", "Input/output error")]
)
def test_rules_that_cannot_be_opened(lan: Lan, phone: Phone, error: str, words: str) -> None:
    """At start they end it; later the old ones stay, and a reload takes the new ones once it can."""
    blind = Wrapped(lan, [], wait=False)
    blind.before(strace("openat", error, "", "-P", str(blind.rules)))
    with blind:
        assert blind.process.wait(PATIENCE) == 78
        assert words in blind.log()
        assert "Traceback" not in blind.log()
    with Server(lan.server, rules_text(), *ALONE) as server:
        with failing(server, "openat", error, "1+", "-f", "-P", str(server.rules)):
            server.replace_rules(rules_text(base="http://new"))
            assert words in str(server.wait_for_event("rules_rejected"))
            _, notify, _ = ask_until_served(phone)
            assert not notify.message.body.startswith(b"http://new")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_event("rules_loaded")
        deadline = time.monotonic() + PATIENCE
        while not ask_until_served(phone)[1].message.body.startswith(b"http://new"):
            assert time.monotonic() < deadline
        assert not list(server.events("internal_error"))


@pytest.mark.skipif(shutil.which("strace") is None, reason="no `strace`")
def test_a_new_address_whose_socket_cannot_be_had_is_tried_again(lan: Lan, phone: Phone) -> None:
    with Server(lan.server, rules_text(), *ALONE) as server:
        try:
            # The third thing that is asked of a new socket; reading the interfaces asks for two.
            with failing(server, "setsockopt", "EPERM", "3+", "-f"):
                lan.server.run("ip", "address", "add", "198.51.100.1/24", "dev", "eth1")
                refused = server.wait_for_event("address_unusable")
                assert (refused["interface"], refused["address"]) == ("eth1", "198.51.100.1")
                assert "this user may not open 198.51.100.1:5060" in refused["reason"]
                ask_until_served(phone)
            server.wait_for_event("interface_changed", also=["198.51.100.1:5060"])
            ask_until_served(phone)
        finally:
            lan.server.run("ip", "address", "del", "198.51.100.1/24", "dev", "eth1")
        assert not list(server.events("internal_error"))
        assert "Traceback" not in server.log()


def test_the_question_of_these_tests_can_fail(phone: Phone) -> None:
    with pytest.raises(AssertionError, match="not served again"):
        ask_until_served(phone, within=0.3)
