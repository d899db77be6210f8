"""Who holds a port on this host, as far as /proc tells and this user may look."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from pnp_responder.datagram import TCP, UDP, SocketAddress

ANOTHER = "another process"

_LISTEN = "0A"  # TCP_LISTEN of the kernel's tcp_states.h


class PortHolder(NamedTuple):
    """A UDP socket, or a TCP one that listens. `process` is `name (pid 42)`, or "" if we may not know.

    An unprivileged user may know its own processes only; `user`, whose the socket is, is never kept secret.
    """

    address: str
    port: int
    inode: int
    process: str
    user: str = ""

    @property
    def owner(self) -> str:
        """The process, or whose it is."""
        return self.process or (f"a process of user {self.user}" if self.user else ANOTHER)

    def __str__(self) -> str:
        return f"{self.owner} on {self.address}:{self.port}"


def port_holders(port: int, transport: str = UDP) -> tuple[PortHolder, ...]:
    """The sockets bound to `port`, those of this process excepted."""
    sockets = [row for row in _sockets(transport) if row[1] == port]
    if not sockets:
        return ()
    processes = _processes({inode for _, _, inode, _ in sockets})
    own = f"(pid {os.getpid()})"
    holders = (
        PortHolder(address, port, inode, processes.get(inode, ""), _user(uid))
        for address, _, inode, uid in sockets
    )
    return tuple(holder for holder in holders if not holder.process.endswith(own))


def owner_of(inode: int) -> str:
    """Whose socket that is; "" if it is this process's own."""
    owner = _processes({inode}).get(inode, ANOTHER)
    return "" if owner.endswith(f"(pid {os.getpid()})") else owner


def group_holders(group: SocketAddress) -> tuple[PortHolder, ...]:
    """The other responders of this host: whoever is bound to the group itself."""
    return tuple(holder for holder in port_holders(group.port) if holder.address == group.host)


def answers_already(address: SocketAddress, rivals: Iterable[str]) -> bool:
    """Has one of `rivals` who hear the group `address` as well, so that it is a responder?

    Where we may not know the processes, those of one user count as one.
    """
    holders = (holder for holder in port_holders(address.port) if holder.address == address.host)
    return not {holder.owner for holder in holders}.isdisjoint(rivals)


def _sockets(transport: str) -> Iterator[tuple[str, int, int, int]]:
    """Address, port, inode and user id of each."""
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
            yield kernel_address(host), int(port, 16), int(fields[9]), int(fields[7])


def kernel_address(digits: str) -> str:
    """An address as /proc/net has it: the kernel prints words of 32 bits in the machine's own octet order."""
    octets = b"".join(struct.pack("=I", int(digits[i : i + 8], 16)) for i in range(0, len(digits), 8))
    return socket.inet_ntop(socket.AF_INET if len(octets) == 4 else socket.AF_INET6, octets)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


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
