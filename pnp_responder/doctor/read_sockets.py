"""Edge: the UDP sockets of this network namespace and the responders that run. Needs no privilege."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pnp_responder.doctor.facts import Responder, UdpSocket, User
from pnp_responder.doctor.read_host import read_text
from pnp_responder.net.ports import kernel_address, port_holders
from pnp_responder.net.unicast import RECEIVE_BUFFER

# linux/sock_diag.h, linux/inet_diag.h
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST_DUMP = 0x301
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_INET_DIAG_SKMEMINFO = 7
_EVERY_STATE = 0xFFFFFFFF
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBxI48x")
_REPLY_SIZE = 72  # struct inet_diag_msg; its last word is the inode
_RECEIVE_BUFFER_WORD = 1  # of INET_DIAG_SKMEMINFO


def read_sockets(ports: set[int], responders: Iterable[Responder]) -> tuple[UdpSocket, ...]:
    """All UDP sockets; who holds them is looked up for these ports only, those of `responders` beside."""
    names = {holder.inode: holder.process for port in ports for holder in port_holders(port)}
    for responder in responders:
        names.update(dict.fromkeys(responder.inodes or (), str(responder)))
    buffers = _receive_buffers()
    found = []
    for table in ("udp", "udp6"):
        for row in (read_text(Path("/proc/self/net") / table) or "").split("\n")[1:]:
            fields = row.split()
            if len(fields) >= 13:
                host, _, port_digits = fields[1].rpartition(":")
                inode = int(fields[9])
                found.append(
                    UdpSocket(
                        address=kernel_address(host),
                        port=int(port_digits, 16),
                        inode=inode,
                        uid=int(fields[7]),
                        process=names.get(inode, ""),
                        receive_buffer=buffers.get(inode),
                        drops=int(fields[12]),
                    )
                )
    return tuple(found)


def _receive_buffers() -> dict[int, int]:
    """The granted receive buffer of each UDP socket of IPv4, by inode; empty if the kernel does not tell."""
    buffers: dict[int, int] = {}
    with suppress(OSError), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as asked:
        asked.settimeout(2)
        wish = _REQUEST.pack(
            socket.AF_INET, socket.IPPROTO_UDP, 1 << (_INET_DIAG_SKMEMINFO - 1), _EVERY_STATE
        )
        header = _HEADER.pack(_HEADER.size + len(wish), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST_DUMP, 1, 0)
        asked.sendto(header + wish, (0, 0))
        while _take(asked.recv(1 << 18), buffers):
            pass
    return buffers


def _take(octets: bytes, buffers: dict[int, int]) -> bool:
    """Add what one read of netlink says; is there more to come?"""
    at = 0
    while at + _HEADER.size <= len(octets):
        length, kind, *_ = _HEADER.unpack_from(octets, at)
        if kind in (_NLMSG_DONE, _NLMSG_ERROR) or length < _HEADER.size:
            return False
        row = octets[at + _HEADER.size : at + length]
        (inode,) = struct.unpack_from("=I", row, _REPLY_SIZE - 4)
        attribute = _REPLY_SIZE
        while attribute + 4 <= len(row):
            size, name = struct.unpack_from("=HH", row, attribute)
            if name == _INET_DIAG_SKMEMINFO:
                buffers[inode] = struct.unpack_from("=I", row, attribute + 4 + 4 * _RECEIVE_BUFFER_WORD)[0]
            attribute += max(4, (size + 3) & ~3)
        at += (length + 3) & ~3
    return True


def granted_to_new_socket() -> int:
    """What the kernel would grant to the service now, in its own counting."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as fresh:
        fresh.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        return fresh.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def read_responders() -> tuple[Responder, ...]:
    """The processes that are `pnp-responder run`, those of this network namespace first."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):  # gone meanwhile
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            arguments = run_arguments(words)
            if arguments is not None:
                found.append(_responder(int(pid), arguments))
    return tuple(sorted(found, key=lambda it: (it.here is False, it.pid)))


def run_arguments(words: Sequence[str]) -> tuple[str, ...] | None:
    """What stands after `run` if this command line is the service's; None for any other."""
    names = [word.rpartition("/")[2] for word in words]
    program = next((i for i, name in enumerate(names) if name in ("pnp-responder", "pnp_responder")), None)
    if program is None or (program and not names[0].startswith("python")) or "run" not in words[program:]:
        return None
    return tuple(words[words.index("run", program) + 1 :])


def _responder(pid: int, arguments: tuple[str, ...]) -> Responder:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    fields = dict(line.split(":\t", 1) for line in status.split("\n") if ":\t" in line)
    uid = int(fields["Uid"].split()[1])  # the effective one
    gid = int(fields["Gid"].split()[1])
    user = User(_name(uid), uid, frozenset({gid, *map(int, fields["Groups"].split())}), _group(gid))
    here: bool | None = None
    inodes: frozenset[int] | None = None
    folder = ""
    with suppress(OSError):
        here = os.readlink(f"/proc/{pid}/ns/net") == os.readlink("/proc/self/ns/net")
        folder = os.readlink(f"/proc/{pid}/cwd")
        inodes = frozenset(_inodes(pid))
    return Responder(pid, user, arguments, folder, here, inodes)


def _inodes(pid: int) -> Iterator[int]:
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        with suppress(OSError):  # closed meanwhile
            target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
            if target.startswith("socket:["):
                yield int(target[8:-1])


def service_user() -> User | None:
    """The user that the unit file names, if this host has it."""
    try:
        row = pwd.getpwnam("pnp-responder")
    except KeyError:
        return None
    gids = frozenset(os.getgrouplist(row.pw_name, row.pw_gid))
    return User(row.pw_name, row.pw_uid, gids, _group(row.pw_gid))


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""
