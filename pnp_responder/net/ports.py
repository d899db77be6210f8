"""Who holds a port on this host, as far as /proc tells and this user may look."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from pnp_responder.datagram import TCP, UDP

_LISTEN = "0A"  # TCP_LISTEN of the kernel's tcp_states.h


class PortHolder(NamedTuple):
    """A UDP socket, or a TCP one that listens. `process` is `name (pid 42)`, or "" if we may not know."""

    address: str
    port: int
    inode: int
    process: str

    def __str__(self) -> str:
        return f"{self.process or 'another process'} on {self.address}:{self.port}"


def port_holders(port: int, transport: str = UDP) -> tuple[PortHolder, ...]:
    """The sockets bound to `port`, those of this process excepted."""
    sockets = [(address, inode) for address, held, inode in _sockets(transport) if held == port]
    if not sockets:
        return ()
    processes = _processes({inode for _, inode in sockets})
    own = f"(pid {os.getpid()})"
    holders = (PortHolder(address, port, inode, processes.get(inode, "")) for address, inode in sockets)
    return tuple(holder for holder in holders if not holder.process.endswith(own))


def _sockets(transport: str) -> Iterator[tuple[str, int, int]]:
    # /proc/net may be hidden (ProcSubset=pid); /proc/self/net is the same and stays.
    for path in (f"/proc/self/net/{transport.lower()}", f"/proc/self/net/{transport.lower()}6"):
        try:
            with open(path, encoding="ascii") as table:
                rows = table.readlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if transport == TCP and fields[3] != _LISTEN:
                continue
            host, _, port = fields[1].partition(":")
            yield kernel_address(host), int(port, 16), int(fields[9])


def kernel_address(digits: str) -> str:
    """An address as /proc/net has it: the kernel prints words of 32 bits in the machine's own octet order."""
    octets = b"".join(struct.pack("=I", int(digits[i : i + 8], 16)) for i in range(0, len(digits), 8))
    return socket.inet_ntop(socket.AF_INET if len(octets) == 4 else socket.AF_INET6, octets)


def _processes(inodes: set[int]) -> dict[int, str]:
    """The processes that have these sockets open, as far as we may look."""
    links = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[int, str] = {}
    with suppress(OSError):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):  # gone meanwhile, or another user's
                for fd in os.listdir(f"/proc/{pid}/fd"):
                    inode = links.get(os.readlink(f"/proc/{pid}/fd/{fd}"))
                    if inode is not None:
                        found[inode] = f"{_command(pid)} (pid {pid})"
    return found


def _command(pid: str) -> str:
    with open(f"/proc/{pid}/comm", "rb") as file:
        name = file.read(64).strip()
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else "?" for octet in name)
