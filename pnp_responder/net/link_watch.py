"""Hears that an interface or an address of this host has changed (rtnetlink(7)).

The message itself is not believed, it only says when to read everything again: so a message that is
lost, or many that come at once, do no harm. One thing cannot be read afterwards: an interface that was
deleted and came back with its old number. For that the numbers of what was deleted are noted.

pyroute2, which does the reading, runs an event loop of its own and is no guest for ours; of a message
that wakes us we need its first 24 octets.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator

# linux/rtnetlink.h
_RTMGRP_LINK = 0x1
_RTMGRP_IPV4_IFADDR = 0x10
_RTM_DELLINK = 17
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_LINK = struct.Struct("=BxHi")  # the beginning of struct ifinfomsg: family, type, index
_AF_UNSPEC = 0  # a bridge tells of the ports that it loses under a family of its own

_MOST_OCTETS = 65_536
# One wake-up reads so many; the rest wakes us again.
_MOST_MESSAGES = 256


class LinkWatch:
    """Calls `changed` on the loop after changes, or when some were missed. OSError if it cannot be had."""

    def __init__(self, loop: asyncio.AbstractEventLoop, changed: Callable[[], None]) -> None:
        self.deleted: set[int] = set()
        """The indexes that were deleted. Whoever has seen to one takes it out."""
        self._loop = loop
        self._changed = changed
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK)
        try:
            self._socket.bind((0, _RTMGRP_LINK | _RTMGRP_IPV4_IFADDR))
            loop.add_reader(self._socket, self._read)
        except OSError:
            self._socket.close()
            raise

    def close(self) -> None:
        """Hear no more."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        for _ in range(_MOST_MESSAGES):
            try:
                octets = self._socket.recv(_MOST_OCTETS)
            except BlockingIOError:
                break
            except OSError:  # ENOBUFS: messages were lost; reading everything again makes up for them
                continue
            self.deleted.update(deleted_links(octets))
        self._changed()


def deleted_links(octets: bytes) -> Iterator[int]:
    """The indexes of the interfaces that these netlink messages say are gone."""
    at = 0
    while at + _HEADER.size + _LINK.size <= len(octets):
        length, kind, *_ = _HEADER.unpack_from(octets, at)
        if length < _HEADER.size:
            return
        family, _, index = _LINK.unpack_from(octets, at + _HEADER.size)
        if kind == _RTM_DELLINK and family == _AF_UNSPEC:
            yield index
        at += (length + 3) & ~3  # NLMSG_ALIGN
