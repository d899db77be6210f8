"""Measure the floods: `python -m tests.floods [garbage] [distinct] [spoof] [logs]`."""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.floods.sender import GROUP, SERVER
from tests.outside.namespaces import Namespace, Network, why_not
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server

RULES = rules_text("http://{{ local_ip }}", "{allow: [100.64.0.0/10]}")
PHONES = [f"10.0.1.{number}" for number in range(1, 11)]
STRANGER = "10.255.0.1"
TRIES = (0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0)
"""Seconds that a phone waits before it asks again (RFC 3261 17.1.2.2)."""

_numbers = itertools.count(1)


class Lan(NamedTuple):
    """The server, its phones, and a stranger at the same switch who also is the way to everywhere else."""

    server: Namespace
    phones: Namespace
    stranger: Namespace
    mac: str


@contextmanager
def lan() -> Iterator[Lan]:
    """All of it, gone at the end."""
    with Network() as network:
        switch, server, phones, stranger = (network.host() for _ in range(4))
        switch.run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        switch.run("ip", "link", "set", "br0", "up")
        sides = ((server, "eth1", [f"{SERVER}/8"]), (phones, "eth0", [f"{a}/8" for a in PHONES]))
        for number, (host, link, addresses) in enumerate((*sides, (stranger, "eth0", [f"{STRANGER}/8"]))):
            network.wire(switch, f"p{number}", [], host, link, addresses)
            switch.run("ip", "link", "set", f"p{number}", "master", "br0")
        server.run("ip", "route", "add", "default", "via", STRANGER)
        for key in ("all", "default", "eth1"):
            server.run("sysctl", "-qw", f"net.ipv4.conf.{key}.rp_filter=0")
        words = server.run("ip", "-o", "link", "show", "eth1").split()
        yield Lan(server, phones, stranger, words[words.index("link/ether") + 1].replace(":", ""))


@contextmanager
def flood(lan: Lan, kind: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A flood by the stranger while the context is open; it ends by itself, too."""
    argv = [sys.executable, "-m", "tests.floods.sender", kind, "--mac", lan.mac, *arguments]
    with subprocess.Popen(lan.stranger.command(argv), stdout=subprocess.PIPE, text=True) as sender:
        try:
            yield sender
        finally:
            if sender.poll() is None:
                sender.terminate()
            sender.wait()


def tries_until_served(phone: Phone, *, to: str) -> int | None:
    """How often a new phone at that address had to ask until it held its URL; None: not within 32 s."""
    number = next(_numbers)
    call_id = f"real-{number}@{phone.address}"
    octets = plain_subscribe(phone.address, 5060, f"02cc{number:08x}", call_id)
    # What came for a spoofer, or too late for the last question, is none of this one's.
    while phone.hear(0.0) is not None:
        pass
    for tried, patience in enumerate(TRIES, start=1):
        phone.send(octets, to=to)
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            arrival = phone.hear(left)
            if arrival is None:
                break
            if arrival.message.method == "NOTIFY" and arrival.message.one("Call-ID") == call_id:
                return tried
    return None


class Memory:
    """Resident memory of a process, in octets."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def _row(self, name: str) -> int:
        for row in Path(f"/proc/{self._pid}/status").read_text(encoding="utf-8").split("\n"):
            if row.startswith(f"{name}:"):
                return int(row.split()[1]) * 1024
        raise AssertionError(name)

    @property
    def now(self) -> int:
        return self._row("VmRSS")

    @property
    def most(self) -> int:
        return self._row("VmHWM")


def mebi(octets: int) -> str:
    return f"{octets / 2**20:.1f} MiB"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def served_in(lan: Lan, seconds: float, every: float, *, to: str = GROUP) -> Counter[int | None]:
    """All ten phones ask again and again for that long; how many were served at which try."""
    counted: Counter[int | None] = Counter()
    began = time.monotonic()
    phones = [Phone(lan.phones, address) for address in PHONES]
    try:
        for round_ in itertools.count():
            if time.monotonic() - began >= seconds:
                return counted
            for phone in phones:
                counted[tries_until_served(phone, to=to)] += 1
            time.sleep(max(0.0, began + (round_ + 1) * every - time.monotonic()))
    finally:
        for phone in phones:
            phone.close()
    raise AssertionError


def told(counted: Counter[int | None]) -> str:
    return ", ".join(f"try {k}: {v}" if k else f"never: {v}" for k, v in sorted(counted.items(), key=str))


def log_lines(server: Server) -> str:
    names = [entry["event"] for entry in server.entries()]
    return f"{len(names)} log lines: {dict(Counter(names).most_common(8))}"


def garbage(lan: Lan, options: argparse.Namespace) -> None:
    """F30: garbage by multicast and unicast while ten phones ask."""
    for way in ("multicast", "unicast"):
        with Server(lan.server, RULES) as server:
            memory = Memory(server.process.pid)
            idle, cpu = memory.now, _cpu(server)
            more = ["--multicast"] if way == "multicast" else []
            seconds = (
                "--seconds",
                str(options.seconds),
                "--rate",
                str(options.rate),
                "--hosts",
                str(options.hosts),
            )
            with flood(lan, "garbage", *seconds, *more) as sender:
                time.sleep(1.0)
                counted = served_in(lan, options.seconds - 3.0, 2.0)
                assert sender.stdout is not None
                sent = sender.stdout.read().strip()
            say(f"garbage by {way}: {sent}; phones served at {told(counted)}")
            say(f"  memory {mebi(idle)} idle, {mebi(memory.most)} at most; CPU {_cpu(server) - cpu:.1f} s")
            say(f"  {log_lines(server)}")


def distinct(lan: Lan, options: argparse.Namespace) -> None:
    """F31: a million phones that do not exist, each another one; a known phone keeps being served."""
    with Server(lan.server, RULES) as server, Phone(lan.phones, PHONES[0]) as phone:
        memory = Memory(server.process.pid)
        assert tries_until_served(phone, to=GROUP)
        idle = memory.now
        seconds = 600.0
        pace = (
            "--count",
            str(options.count),
            "--rate",
            str(options.distinct_rate),
            "--seconds",
            str(seconds),
        )
        counted: Counter[int | None] = Counter()
        with flood(lan, "distinct", *pace) as sender:
            while sender.poll() is None:
                counted[tries_until_served(phone, to=GROUP)] += 1
                time.sleep(2.0)
            assert sender.stdout is not None
            sent = sender.stdout.read().strip()
        offered = sum(1 for _ in server.events("enrollment_offered"))
        say(f"distinct phones: {sent}; a real phone served at {told(counted)}")
        say(f"  memory {mebi(idle)} idle, {mebi(memory.most)} at most: {mebi(memory.most - idle)} more")
        time.sleep(options.afterwards)
        say(f"  {mebi(memory.now - idle)} more {options.afterwards:.0f} s later; {offered} offers in the log")
        say(f"  {log_lines(server)}")


def spoof(lan: Lan, options: argparse.Namespace) -> None:
    """F32: new SUBSCRIBEs in the name of a real phone; that phone and the others are served."""
    with Server(lan.server, RULES) as server:
        with flood(
            lan, "spoof", "--rate", str(options.spoof_rate), "--seconds", "40", "--multicast"
        ) as sender:
            time.sleep(1.0)
            counted: Counter[int | None] = Counter()
            took = []
            with Phone(lan.phones, PHONES[0]) as phone, Phone(lan.phones, PHONES[1]) as other:
                others: Counter[int | None] = Counter()
                deadline = time.monotonic() + 35.0
                while time.monotonic() < deadline:
                    began = time.monotonic()
                    counted[tries_until_served(phone, to=GROUP)] += 1
                    took.append(time.monotonic() - began)
                    others[tries_until_served(other, to=GROUP)] += 1
            assert sender.stdout is not None
            sent = sender.stdout.read().strip()
        say(f"in the name of a phone: {sent}; that phone served at {told(counted)}; others at {told(others)}")
        say(f"  it waited {sorted(took)[len(took) // 2]:.2f} s in the median, {max(took):.2f} s at most")
        say(f"  {log_lines(server)}")


def logs(lan: Lan, options: argparse.Namespace) -> None:
    """F67: standard error closed, full or never read, under a flood."""
    for name, redirect in (("closed", "2>&-"), ("full", "2>/dev/full"), ("never read", "2>{pipe}")):
        with _unread_pipe() as pipe, Server(lan.server, RULES, confined=False) as server:
            server.process.kill()
            server.process.wait()
            script = f'exec "$@" {redirect.format(pipe=pipe)}'
            argv = [*Server.PROGRAM, "run", "--rules", str(server.rules), "--log-format", "json"]
            command = lan.server.command(["sh", "-c", script, "sh", *argv])
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_quiet()) as process:
                try:
                    time.sleep(2.0)
                    memory = Memory(process.pid)
                    idle = memory.now
                    with flood(lan, "distinct", "--rate", "3000", "--seconds", "10"):
                        counted = served_in(lan, 8.0, 1.0)
                    alive = process.poll() is None
                    say(f"standard error {name}: phones served at {told(counted)}; still there: {alive}")
                    say(f"  memory {mebi(idle)} idle, {mebi(memory.most)} at most")
                finally:
                    process.kill()


def _quiet() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}


@contextmanager
def _unread_pipe() -> Iterator[str]:
    reader, writer = os.pipe()
    try:
        yield f"/proc/{os.getpid()}/fd/{writer}"
    finally:
        os.close(reader)
        os.close(writer)


def _cpu(server: Server) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


PARTS = {"garbage": garbage, "distinct": distinct, "spoof": spoof, "logs": logs}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.floods", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)} [all]")
    parser.add_argument("--rate", type=int, default=20_000, help="garbage datagrams a second [20,000]")
    parser.add_argument("--hosts", type=int, default=200, help="on the link that garbage comes from [200]")
    parser.add_argument("--seconds", type=float, default=30.0, help="of the garbage [30]")
    parser.add_argument("--count", type=int, default=1_000_000, help="distinct phones [1,000,000]")
    parser.add_argument("--distinct-rate", type=int, default=6_000, help="of them a second [6,000]")
    parser.add_argument("--afterwards", type=float, default=40.0, help="seconds of rest behind them [40]")
    parser.add_argument("--spoof-rate", type=int, default=2_000, help="spoofed questions a second [2,000]")
    options = parser.parse_args(arguments)
    if set(options.parts) - set(PARTS):
        parser.error(f"the parts are: {', '.join(PARTS)}")
    if (reason := why_not()) is not None:
        parser.exit(69, f"{reason}\n")
    say(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with lan() as made:
        for name in options.parts or PARTS:
            PARTS[name](made, options)


if __name__ == "__main__":
    main()
