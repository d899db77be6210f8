"""The kernel's neighbour table, asked for one address at a time (rtnetlink(7), RTM_GETNEIGH).

The kernel answers within the call that asks, in about 7 µs and whatever the size of the table, so
that it is asked anew each time: a copy of our own, kept up to date, could be late. Needs Linux 5.0.
"""

from __future__ import annotations

import errno
import socket
import struct

from pnp_responder.circumstances import Neighbour, NeighbourState
from pnp_responder.mac import Mac

# linux/netlink.h, linux/rtnetlink.h, linux/neighbour.h
_NLMSG_ERROR = 2
_NLM_F_REQUEST = 1
_RTM_NEWNEIGH = 28
_RTM_GETNEIGH = 30
_NDA_DST, _NDA_LLADDR = 1, 2
_NUD_REACHABLE, _NUD_STALE, _NUD_DELAY, _NUD_PROBE = 0x02, 0x04, 0x08, 0x10
_NUD_NOARP, _NUD_PERMANENT = 0x40, 0x80
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # struct ndmsg: family, interface, state, flags, type
_ATTRIBUTE = struct.Struct("=HH")  # struct rtattr: length, type
_ERROR = struct.Struct("=i")

_MOST_OCTETS = 8192
# An answer to an earlier question can only be there if its reader was interrupted.
_MOST_ANSWERS = 8
_MAC_OCTETS = 6

_MISSING = Neighbour(NeighbourState.MISSING)
_NEVER = Neighbour(NeighbourState.NEVER)


class NeighbourTable:
    """Opens its socket at the first question; rules that never ask cost none."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._sequence = 0

    def look_up(self, address: str, interface: int) -> Neighbour:
        """What the table has of an IPv4 address on the interface with that index. Does not block.

        MISSING also where the kernel does not tell: nobody is then believed.
        """
        try:
            return self._ask(socket.inet_aton(address), interface)
        except OSError:
            self.close()
            return _MISSING

    def close(self) -> None:
        """Hold no socket until the next question."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, address: bytes, interface: int) -> Neighbour:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK)
            self._socket.bind((0, 0))
        self._sequence = self._sequence + 1 & 0xFFFFFFFF
        self._socket.send(question(address, interface, self._sequence))
        for _ in range(_MOST_ANSWERS):
            octets = self._socket.recv(_MOST_OCTETS)
            _, _, _, sequence, _ = _HEADER.unpack_from(octets)
            if sequence == self._sequence:
                return read_answer(octets)
        return _MISSING


def question(address: bytes, interface: int, sequence: int) -> bytes:
    """The request for the entry of `address`, four octets, on the interface with that index."""
    attribute = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(address), _NDA_DST) + address
    length = _HEADER.size + _NEIGHBOUR.size + len(attribute)
    header = _HEADER.pack(length, _RTM_GETNEIGH, _NLM_F_REQUEST, sequence, 0)
    return header + _NEIGHBOUR.pack(socket.AF_INET, interface, 0, 0, 0) + attribute


def read_answer(octets: bytes) -> Neighbour:
    """What the kernel's answer says. Raises OSError if it refuses to tell."""
    _, kind, *_ = _HEADER.unpack_from(octets)
    if kind == _NLMSG_ERROR:
        number = -_ERROR.unpack_from(octets, _HEADER.size)[0]
        if number == errno.ENOENT:
            return _MISSING
        raise OSError(number, "RTM_GETNEIGH")
    if kind != _RTM_NEWNEIGH:
        return _MISSING
    _, _, state, _, _ = _NEIGHBOUR.unpack_from(octets, _HEADER.size)
    if state & _NUD_NOARP:
        return _NEVER
    mac = _link_address(octets)
    if mac is None:
        return _MISSING
    if state & (_NUD_REACHABLE | _NUD_PERMANENT):
        return Neighbour(NeighbourState.CONFIRMED, mac)
    if state & (_NUD_STALE | _NUD_DELAY | _NUD_PROBE):
        return Neighbour(NeighbourState.UNCONFIRMED, mac)
    return _MISSING  # incomplete, or failed: a MAC that it still has says nothing


def _link_address(octets: bytes) -> Mac | None:
    at = _HEADER.size + _NEIGHBOUR.size
    while at + _ATTRIBUTE.size <= len(octets):
        length, kind = _ATTRIBUTE.unpack_from(octets, at)
        if length < _ATTRIBUTE.size:
            return None
        value = octets[at + _ATTRIBUTE.size : at + length]
        if kind == _NDA_LLADDR:
            return Mac.parse(value.hex()) if len(value) == _MAC_OCTETS else None
        at += (length + 3) & ~3  # RTA_ALIGN
    return None
