"""Servers over the loopback, each a process of its own, and the phones that ask them by multicast."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.workload import GROUP, Site, answer, number_of, subscribe

WINDOW = 64
"""So many phones are being served at once; each that is served makes room for the next."""
PATIENCE = 30.0
"""Seconds that a server may take to start. Nothing waits that long when all is well."""
SILENCE = 3.0
"""After so many seconds without an answer, what was asked is lost."""


class Server:
    """A process that answers phones on `port` of the loopback. Its CPU time is all its threads'."""

    def __init__(self, name: str, command: Sequence[str], port: int, site: Site, *, judged: bool) -> None:
        self.name = name
        self.lost = 0
        self._phones = _Phones(site, port, judged)
        self._folder = tempfile.TemporaryDirectory(prefix="pnp-bench-")
        with (self.folder / "rules.yaml").open("w", encoding="utf-8") as rules:
            rules.write(site.rules)
        with (self.folder / "log").open("wb") as log, _on_first_core():
            self._process = subprocess.Popen(
                [word.format(folder=self.folder) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        # Linux: the clock of all CPU time of another process (clock_getcpuclockid(3)).
        self._clock = ~self._process.pid << 3 | 2
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.close()
            raise

    @property
    def folder(self) -> Path:
        """Its rules and its log."""
        return Path(self._folder.name)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def log(self) -> str:
        """What it has said."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def measure(self, exchanges: int) -> float:
        """See Subject."""
        begun = time.clock_gettime(self._clock)
        self.lost += self._phones.ask(exchanges, WINDOW)
        time.sleep(0.1)  # the log is written a little later
        return (time.clock_gettime(self._clock) - begun) / exchanges

    def resident(self) -> int:
        """Octets in memory now."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> None:
        """See Subject."""
        self._process.kill()
        self._process.wait()
        self._phones.close()
        self._folder.cleanup()

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + PATIENCE
        while self._phones.ask(1, 1, silence=0.1):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not answer: {self.log()[-2000:]}")
            time.sleep(0.1)
        if self._phones.ask(500, WINDOW):
            raise RuntimeError(f"{self.name} leaves phones without an answer: {self.log()[-2000:]}")


class _Phones:
    def __init__(self, site: Site, port: int, judged: bool) -> None:
        self._site = site
        self._group = (GROUP, port)
        self._judged = judged
        self._next = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._loopback = socket.if_nametoindex("lo")
        route = struct.pack("=4s4si", bytes(4), bytes(4), self._loopback)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, route)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind(("0.0.0.0", 0))
        self._port = self._socket.getsockname()[1]

    def ask(self, count: int, window: int, silence: float = SILENCE) -> int:
        """Let so many phones ask, `window` at once, and answer what they get; how many got no NOTIFY."""
        # Not settimeout: it would add a poll() to each call.
        patience = struct.pack("ll", int(silence), int(silence % 1 * 1e6))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
        first, self._next = self._next, self._next + count
        asked = [self._phone(i) for i in range(first, self._next)]
        send, receive, group = self._socket.sendmsg, self._socket.recvfrom, self._group
        begun = served = 0
        while served < count:
            while begun < min(count, served + window):
                payload, source, _ = asked[begun]
                send([payload], source, 0, group)
                begun += 1
            try:
                message, remote = receive(65_535)
            except BlockingIOError:
                return count - served
            if message.startswith(b"SIP/2.0 200 "):
                continue
            number = number_of(message) if self._judged else first
            if number is None or not first <= number < self._next:
                continue  # of an earlier call
            _, source, mac = asked[number - first]
            if self._judged and (
                not message.startswith(b"NOTIFY ") or mac not in message.partition(b"\r\n\r\n")[2]
            ):
                raise RuntimeError(f"a wrong answer: {message!r}")
            send([answer(message)], source, 0, remote)
            served += 1
        return 0

    def _phone(self, i: int) -> tuple[bytes, list[tuple[int, int, bytes]], bytes]:
        phone = self._site.phone(i)
        # struct in_pktinfo: the interface, and the address of this phone as the source
        source = struct.pack("=i4s4s", self._loopback, socket.inet_aton(phone.host), bytes(4))
        payload = subscribe(phone, i, self._port)
        return payload, [(socket.IPPROTO_IP, _IP_PKTINFO, source)], phone.mac.encode()

    def close(self) -> None:
        self._socket.close()


_IP_PKTINFO = 8  # Linux's number, which Python 3.11's socket module does not have


@contextmanager
def _on_first_core() -> Iterator[None]:
    """What is started inside runs on one core; the phones have the others."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def service(name: str, site: Site, port: int, *options: str) -> Server:
    """The real program, with the settings of the shipped unit."""
    command = [
        *(sys.executable, "-m", "pnp_responder", "run", "--rules", "{folder}/rules.yaml"),
        *("--interface", "lo", "--port", str(port), "--reply-port", str(port), "--log-format", "json"),
        *options,
    ]
    return Server(name, command, port, site, judged=True)


def floor(name: str, site: Site, port: int, what: str) -> Server:
    """A server that does less than the job: `what` is canned or parse."""
    command = [sys.executable, "-m", "tests.benchmarks.floors", str(port), what]
    return Server(name, command, port, site, judged=False)


def free_port() -> int:
    """A UDP port that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])
