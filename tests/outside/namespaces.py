"""Network namespaces of our own, joined by veth pairs: a LAN that no packet leaves.

Sockets are opened inside a namespace by a thread that enters it for that one call, so the test itself is
the phone; only the responder is another process. Names hold the process id, so two runs do not meet.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")

CLONE_NEWNET = 0x40000000
GROUP = "224.0.1.75"
REQUIRED = "PNP_REQUIRE_NETNS"

_libc = ctypes.CDLL(None, use_errno=True)


def why_not() -> str | None:
    """Why namespaces cannot be made here; None if they can."""
    if shutil.which("ip") is None:
        return "no `ip` command (package iproute2)"
    probe = f"pnp{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "delete", probe], capture_output=True, check=False)
    if made.returncode:
        told = made.stderr.strip().split("\n")[0]
        return f"network namespaces need root ({told})"
    return None


class Namespace:
    """One host: a namespace by its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def inside(self, call: Callable[[], T]) -> T:
        """The result of `call`, made by a thread that has entered this namespace."""
        results: list[T] = []
        failures: list[BaseException] = []

        def enter() -> None:
            try:
                with open(f"/run/netns/{self.name}", "rb") as handle:
                    if _libc.setns(handle.fileno(), CLONE_NEWNET):
                        number = ctypes.get_errno()
                        raise OSError(number, os.strerror(number))
                results.append(call())
            except BaseException as failure:
                failures.append(failure)

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if failures:
            raise failures[0]
        return results[0]

    def socket(self, host: str, port: int, *, kind: int = socket.SOCK_DGRAM) -> socket.socket:
        """A socket bound to (host, port) in this namespace; multicast leaves by the interface of `host`."""

        def opened() -> socket.socket:
            made = socket.socket(socket.AF_INET, kind)
            try:
                if host != "0.0.0.0":
                    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host))
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
                made.bind((host, port))
            except OSError:
                made.close()
                raise
            return made

        return self.inside(opened)

    def command(self, argv: Sequence[str]) -> list[str]:
        """`argv` so that it runs in here."""
        return ["ip", "netns", "exec", self.name, *argv]

    def run(self, *argv: str) -> str:
        """Run a command in here and return what it printed; raises if it failed."""
        return subprocess.run(self.command(argv), capture_output=True, text=True, check=True).stdout


class Network:
    """Hosts and the wires between them. A context manager: leaving it removes all, whatever happened."""

    _numbers = itertools.count()

    def __init__(self) -> None:
        self._names: list[str] = []

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(self._names):
            with suppress(OSError):
                subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)

    def host(self) -> Namespace:
        """A new namespace with its loopback up."""
        name = f"pnp{os.getpid()}-{next(self._numbers)}"
        subprocess.run(["ip", "netns", "add", name], capture_output=True, check=True)
        self._names.append(name)
        made = Namespace(name)
        made.run("ip", "link", "set", "lo", "up")
        return made

    def wire(
        self,
        left: Namespace,
        left_name: str,
        left_addresses: Sequence[str],
        right: Namespace,
        right_name: str,
        right_addresses: Sequence[str],
    ) -> None:
        """Join two hosts; addresses are written as `192.0.2.1/24`, the first one is an interface's own."""
        left.run(
            *("ip", "link", "add", left_name, "type", "veth", "peer", "name", right_name, "netns", right.name)
        )
        for host, name, addresses in (
            (left, left_name, left_addresses),
            (right, right_name, right_addresses),
        ):
            for address in addresses:
                host.run("ip", "address", "add", address, "dev", name)
            host.run("ip", "link", "set", name, "up")
