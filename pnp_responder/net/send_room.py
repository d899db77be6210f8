"""Keeps room in a socket's send buffer for hosts that are there, while others ask in the name of none.

What goes to an address of the link that nobody has waits in the kernel, for three seconds, for an answer
to its ARP questions, and all of it counts against the one socket that sends. So a few forged sources could
fill the buffer and silence us for everybody. Measured: 200 sources, 400 questions a second.
"""

from __future__ import annotations

import errno
import fcntl
import socket
import struct
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path

# The kernel asks three times, one second apart, and then drops what waited.
ASKED = 3.0
# Below a quarter of the buffer nobody is looked at; the last quarter is for hosts that are known to be there.
PRESSED, FULL = 0.25, 0.75
# Octets of the buffer that one of our datagrams takes at most: 1,300 of its own, and what the kernel needs to
# hold it.
LARGEST = 2_304
MOST_ASKED = 1_024
# Seconds between two readings of the table, and so many times as long as one takes.
LOOK_AGAIN, LOOK_SHARE = 0.05, 20.0

_SIOCOUTQ = 0x5411  # linux/sockios.h: octets in the send buffer, the kernel's own overhead with them
_ARP = Path("/proc/self/net/arp")
_COMPLETE = 0x2  # ATF_COM


class SendRoom:
    """May one more datagram go to a host of the link? Of `room` octets `held()` tells how many are taken,
    `present()` which hosts have answered an ARP question, None if nobody knows."""

    def __init__(
        self,
        room: int,
        held: Callable[[], int],
        present: Callable[[], frozenset[str] | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pressed, self._full = room * PRESSED, room * FULL
        self._held = held
        self._present = present
        self._clock = clock
        self.unlooked = 0
        """So many more it allows without looking."""
        self._known: frozenset[str] | None = frozenset()
        self._look_at = 0.0
        # The longest ago first.
        self._asked: OrderedDict[str, float] = OrderedDict()
        self._network: IPv4Network | None = None
        self._base = self._mask = 0

    def allows(self, host: str, network: IPv4Network | None) -> bool:
        """`network` is the link's, None if there is none: what goes by a router waits for that one only."""
        if self.unlooked:
            self.unlooked -= 1
            return True
        held = self._held()
        if held < self._pressed:
            self.unlooked = int(self._pressed - held) // LARGEST
            return True
        if network is None or not self._is_in(host, network):
            return True
        now = self._clock()
        if now >= self._look_at:
            self._known = self._present()
            after = self._clock()
            self._look_at = after + max(LOOK_AGAIN, LOOK_SHARE * (after - now))
        if self._known is None or host in self._known:
            return True
        # One datagram makes the kernel ask; more would only wait beside it.
        asked = self._asked
        while asked and now - next(iter(asked.values())) >= ASKED:
            asked.popitem(last=False)
        if held >= self._full or host in asked or len(asked) >= MOST_ASKED:
            return False
        asked[host] = now
        return True

    def _is_in(self, host: str, network: IPv4Network) -> bool:
        if network is not self._network:
            self._network = network
            self._base, self._mask = int(network.network_address), int(network.netmask)
        return int.from_bytes(socket.inet_aton(host), "big") & self._mask == self._base


class ReplySocket(socket.socket):
    """A UDP socket. For what its `room` does not allow, `sendto` raises BlockingIOError as if it were full.

    `network` is that of its address. Once its options are set, `keep_room` begins.
    """

    network: IPv4Network | None = None
    room: SendRoom | None = None

    def keep_room(self) -> None:
        """From now on."""
        granted = self.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        self.room = SendRoom(granted, self._held, hosts_present)

    def sendto(self, payload: bytes, remote: tuple[str, int]) -> int:  # type: ignore[override]
        """As of socket.socket."""
        if self.room is not None and not self.room.allows(remote[0], self.network):
            raise BlockingIOError(errno.EAGAIN, "too much waits already for hosts that do not answer ARP")
        return socket.socket.sendto(self, payload, remote)

    def _held(self) -> int:
        try:
            octets = fcntl.ioctl(self.fileno(), _SIOCOUTQ, b"\0\0\0\0")
        except OSError:  # refused by a filter of system calls: then it sends as any other socket
            return 0
        return int(struct.unpack("=i", octets)[0])


def hosts_present() -> frozenset[str] | None:
    """The hosts whose hardware address the kernel knows, on any link; None where that cannot be read."""
    try:
        rows = _ARP.read_text(encoding="ascii").split("\n")[1:]
    except OSError:
        return None
    # IP address, HW type, flags, HW address, mask, device
    fields = (row.split() for row in rows)
    return frozenset(row[0] for row in fields if len(row) >= 6 and int(row[2], 16) & _COMPLETE)
