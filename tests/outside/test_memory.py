"""Memory that runs out: the service ends at once, so that systemd starts it afresh. It never stands dumb."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.outside.conftest import PHONE, Lan
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import PATIENCE, Server
from tests.outside.site import ask_until_served

ALONE = ("--interface", "eth1")
MIB = 1 << 20


@pytest.fixture
def phone(lan: Lan) -> Iterator[Phone]:
    with Phone(lan.phones, PHONE) as made:
        yield made


def limit_address_space(server: Server, octets: int) -> None:
    """From now on; as its own user, since not every root may limit another user's process."""
    pid = server.process.pid
    user = Path(f"/proc/{pid}").stat().st_uid
    argv = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    subprocess.run([*argv, "prlimit", "--pid", str(pid), f"--as={octets}:"], check=True)


def test_too_little_to_start_with(lan: Lan) -> None:
    """`ulimit -v`: one line, and an exit code of its own."""
    server = Server(lan.server, rules_text(), *ALONE, wait=False)
    server._before = ["prlimit", f"--as={50 * MIB}", *server._before]
    with server:
        assert server.process.wait(PATIENCE) == 71
        assert server.log().startswith("pnp-responder: not enough memory")
        assert "Traceback" not in server.log()


def test_none_left_while_it_serves(lan: Lan, phone: Phone) -> None:
    """It serves from what it has, or ends: by itself after a word, or where even the C library can do no
    more, by that. What may not be is one that lives and does not serve."""
    with Server(lan.server, rules_text(), *ALONE) as server:
        ask_until_served(phone)
        limit_address_space(server, 0)
        for number in range(50):
            phone.send(plain_subscribe(PHONE, 5060, f"02cd{number:08x}", f"starving-{number}@phone"))
            phone.hear_for(0.005)  # no more than it can answer, slow as it is now
        if server.process.poll() is None:
            with Phone(lan.phones, "192.168.1.46") as another:
                ask_until_served(another, within=PATIENCE)
        for number in range(1000):
            if server.process.poll() is not None:
                break
            phone.send(plain_subscribe(PHONE, 5060, f"02ce{number:08x}", f"starved-{number}@phone"))
            phone.hear(0.005)
        if server.process.poll() == 71:
            assert "this process gets no more memory" in server.wait_for_event("out_of_memory")["reason"]
        assert server.process.poll() in (None, 71, 127, -signal.SIGSEGV, -signal.SIGABRT), server.log()
    with Server(lan.server, rules_text(), *ALONE), Phone(lan.phones, "192.168.1.47") as another:
        ask_until_served(another)


@contextmanager
def memory_group() -> Iterator[Path]:
    """A control group of our own below the one that we are in, version 1 or 2; skips where there is none."""
    rows = [row.split(":", 2) for row in Path("/proc/self/cgroup").read_text().split("\n") if row]
    for _, controllers, path in rows:
        root = Path("/sys/fs/cgroup") / ("memory" if controllers == "memory" else "")
        if controllers in ("memory", ""):
            folder = root / path.lstrip("/") / f"pnp-{os.getpid()}"
            try:
                folder.mkdir()
            except OSError:
                continue
            try:
                if any((folder / name).exists() for name in LIMITS):
                    yield folder
                    return
            finally:
                folder.rmdir()
    pytest.skip("no control group with a memory limit can be made here")


LIMITS = {"memory.limit_in_bytes": "memory.usage_in_bytes", "memory.max": "memory.current"}


def test_killed_for_want_of_memory_and_started_again(lan: Lan, phone: Phone) -> None:
    """`MemoryMax=`: the kernel ends it, in the middle of a reload; a new one needs no tidying up."""
    large = rules_text() + "".join(
        f"  - {{name: r{n}, match: {{mac: '{n:012x}'}}, url: 'http://192.0.2.1/{n}.cfg'}}\n"
        for n in range(9000)
    )
    with memory_group() as group, Server(lan.server, rules_text(), *ALONE) as server:
        ask_until_served(phone)
        (group / "cgroup.procs").write_text(str(server.process.pid))
        limit, usage = next((group / a, group / b) for a, b in LIMITS.items() if (group / a).exists())
        # What it had before is not counted here: only what it takes from now on.
        limit.write_text(str(int(usage.read_text()) + 4 * MIB))
        server.replace_rules(large)
        assert server.process.wait(PATIENCE) == -signal.SIGKILL
    with Server(lan.server, large, *ALONE):
        ask_until_served(phone)
