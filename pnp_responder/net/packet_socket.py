"""Hears the group beside a program that holds the port on all addresses of this host.

A packet socket gets a copy of what the link brings before any port is looked at, so nobody can keep it
from us; the firewall cannot either. It needs CAP_NET_RAW (systemd/receive-packet.conf). What the kernel
does for other sockets is ours here: lengths and checksum are looked at. Fragments are not put together
but counted: no SUBSCRIBE is larger than a link's frame.
"""

from __future__ import annotations

import errno
import socket
import struct
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pnp_responder.datagram import SocketAddress

# Linux's numbers, which Python 3.11's socket module does not have (asm-generic/socket.h, linux/if_ether.h,
# linux/socket.h, linux/if_packet.h).
_SO_ATTACH_FILTER = 26
_ETH_P_IP = 0x0800
_SOL_PACKET = 263
_PACKET_AUXDATA = 8
_AUXDATA = struct.Struct("=IIIHHHH")  # struct tpacket_auxdata, which begins with the status
# The sender left the checksum to its network card, which a packet within this host or from its hypervisor
# never meets; or our card has found it good.
_CHECKSUM_NOT_READY, _CHECKSUM_VALID = 1 << 3, 1 << 7
# To us, to all, to the group; not what we send, nor what is for another host.
_FOR_US = frozenset({socket.PACKET_HOST, socket.PACKET_BROADCAST, socket.PACKET_MULTICAST})
# So many that are not for us are passed over in one turn.
_MOST_PASSED_OVER = 256
_UDP_HEADER = 8
# Of the IP header's flags and fragment offset
_MORE_FRAGMENTS, _NOT_FIRST = 0x2000, 0x1FFF

# linux/bpf_common.h: what an instruction does, by its usual name
_LDB, _LDH, _LDW = 0x30, 0x28, 0x20
_LDH_INDIRECT, _LDX_HEADER_LENGTH = 0x48, 0xB1
_JEQ, _JSET, _RET = 0x15, 0x45, 0x06


class _Step(NamedTuple):
    code: int
    yes: int
    no: int
    value: int


def group_filter(group: str, port: int) -> bytes:
    """The kernel's program that takes UDP datagrams to `group` and `port` (struct sock_filter[]).

    It reads from the IP header on, as a cooked packet socket has it. Of a datagram in fragments it takes
    the first, which has the port.
    """
    address = struct.unpack("!I", socket.inet_aton(group))[0]
    steps = (
        _Step(_LDB, 0, 0, 9),
        _Step(_JEQ, 0, 8, socket.IPPROTO_UDP),
        _Step(_LDH, 0, 0, 6),
        _Step(_JSET, 6, 0, _NOT_FIRST),
        _Step(_LDW, 0, 0, 16),
        _Step(_JEQ, 0, 4, address),
        _Step(_LDX_HEADER_LENGTH, 0, 0, 0),
        _Step(_LDH_INDIRECT, 0, 0, 2),
        _Step(_JEQ, 0, 1, port),
        _Step(_RET, 0, 0, 0xFFFF),
        _Step(_RET, 0, 0, 0),
    )
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


class PacketsDropped(OSError):
    """Something came that is no datagram."""

    def __init__(self, reasons: Mapping[str, int]) -> None:
        super().__init__(errno.EBADMSG, "; ".join(reasons))
        self._reasons = reasons

    def errors(self) -> Iterator[tuple[OSError, int]]:
        """Each reason as an error, and how often there was it."""
        for reason, times in self._reasons.items():
            yield OSError(errno.EBADMSG, reason), times


CUT_SHORT = "dropped: shorter than its own headers say"
FRAGMENT = "dropped: in IP fragments, which `receive: packet` does not put together"
WRONG_CHECKSUM = "dropped: its UDP checksum is wrong, so something damaged it on the way"


def read_packet(packet: bytes, *, checked: bool = False) -> tuple[bytes, SocketAddress]:
    """The payload and the source of a UDP packet that begins with its IP header.

    `checked`: its checksum is none, or known to be good. Raises ValueError with the reason if the packet is
    damaged or a fragment (RFC 768, RFC 1122 4.1.3.4).
    """
    if len(packet) < 20:
        raise ValueError(CUT_SHORT)
    start = (packet[0] & 0x0F) * 4
    whole, fragment = struct.unpack_from("!H2xH", packet, 2)
    if start < 20 or start + _UDP_HEADER > whole or whole > len(packet):
        raise ValueError(CUT_SHORT)
    if fragment & (_MORE_FRAGMENTS | _NOT_FIRST):
        raise ValueError(FRAGMENT)
    port, length, checksum = struct.unpack_from("!H2xHH", packet, start)
    if length < _UDP_HEADER or start + length > whole:
        raise ValueError(CUT_SHORT)
    datagram = packet[start : start + length]
    if checksum and not checked and _ones_sum(packet[12:20], datagram) != 0:
        raise ValueError(WRONG_CHECKSUM)
    return datagram[_UDP_HEADER:], SocketAddress(socket.inet_ntoa(packet[12:16]), port)


def _ones_sum(addresses: bytes, datagram: bytes) -> int:
    """0 where the checksum within `datagram` is right (RFC 1071: ones' complement counts modulo 65,535)."""
    padded = datagram + bytes(len(datagram) % 2)
    numbers = (int.from_bytes(octets, "big") for octets in (addresses, padded))
    return (sum(numbers) + socket.IPPROTO_UDP + len(datagram)) % 0xFFFF


class PacketSocket:
    """Hears what comes by the link `interface` to `group` and `port`. OSError if it cannot be had.

    `member` is a socket that has joined the group on that link; it is ours from here on.
    """

    def __init__(
        self, interface: str, group: str, port: int, receive_buffer: int, member: socket.socket
    ) -> None:
        self.member = member
        self.mark: socket.socket | None = None
        """See packet_mark; ours to close."""
        self._dropped: Counter[str] = Counter()
        # No protocol until the filter is there: else it would begin with what others get.
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0)
        try:
            program = array("B", group_filter(group, port))
            address, octets = program.buffer_info()
            self._socket.setsockopt(
                socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", octets // 8, address)
            )
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self._socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
            self._socket.bind((interface, _ETH_P_IP))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """For the loop."""
        return self._socket.fileno()

    def recvfrom(self, most: int) -> tuple[bytes, SocketAddress]:
        """A payload and its source, as `socket.recvfrom`. BlockingIOError if there is none.

        Raises PacketsDropped if something was no datagram: once nothing else is there, or after much of it.
        """
        for _ in range(_MOST_PASSED_OVER):
            try:
                packet, ancillary, _, address = self._socket.recvmsg(most, _CONTROL)
            except BlockingIOError:
                break
            if address[2] not in _FOR_US:
                continue
            try:
                return read_packet(packet, checked=_is_checked(ancillary))
            except ValueError as error:
                self._dropped[str(error)] += 1
        if self._dropped:
            dropped, self._dropped = self._dropped, Counter()
            raise PacketsDropped(dropped)
        raise BlockingIOError

    @property
    def receive_buffer(self) -> int:
        """What the kernel granted, in octets of its own counting."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    def close(self) -> None:
        """Leave the group and hear no more."""
        self._socket.close()
        self.member.close()
        if self.mark is not None:
            self.mark.close()


_CONTROL = socket.CMSG_SPACE(_AUXDATA.size)


def _is_checked(ancillary: list[tuple[int, int, bytes]]) -> bool:
    for level, kind, data in ancillary:
        if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA) and len(data) >= _AUXDATA.size:
            return bool(_AUXDATA.unpack_from(data)[0] & (_CHECKSUM_NOT_READY | _CHECKSUM_VALID))
    return False
