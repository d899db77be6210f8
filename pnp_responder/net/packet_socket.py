"""Hears the group beside a program that holds the port on all addresses of this host.

A packet socket gets a copy of what the link brings before any port is looked at, so nobody can keep it
from us; the firewall cannot either. It needs CAP_NET_RAW (systemd/receive-packet.conf). Fragments are not
put together: no SUBSCRIBE is larger than a link's frame.
"""

from __future__ import annotations

import socket
import struct
from array import array
from typing import NamedTuple

from pnp_responder.datagram import SocketAddress

# Linux's numbers, which Python 3.11's socket module does not have (asm-generic/socket.h, linux/if_ether.h).
_SO_ATTACH_FILTER = 26
_ETH_P_IP = 0x0800
# To us, to all, to the group; not what we send, nor what is for another host.
_FOR_US = frozenset({socket.PACKET_HOST, socket.PACKET_BROADCAST, socket.PACKET_MULTICAST})
# So many that are not for us are passed over in one turn.
_MOST_PASSED_OVER = 256
_UDP_HEADER = 8

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
    """The kernel's program that takes whole UDP datagrams to `group` and `port` (struct sock_filter[]).

    It reads from the IP header on, as a cooked packet socket has it.
    """
    address = struct.unpack("!I", socket.inet_aton(group))[0]
    steps = (
        _Step(_LDB, 0, 0, 9),
        _Step(_JEQ, 0, 8, socket.IPPROTO_UDP),
        _Step(_LDH, 0, 0, 6),
        _Step(_JSET, 6, 0, 0x3FFF),  # more fragments, or not the first
        _Step(_LDW, 0, 0, 16),
        _Step(_JEQ, 0, 4, address),
        _Step(_LDX_HEADER_LENGTH, 0, 0, 0),
        _Step(_LDH_INDIRECT, 0, 0, 2),
        _Step(_JEQ, 0, 1, port),
        _Step(_RET, 0, 0, 0xFFFF),
        _Step(_RET, 0, 0, 0),
    )
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def read_packet(packet: bytes) -> tuple[bytes, SocketAddress] | None:
    """The payload and the source of a UDP packet that begins with its IP header; None if it is cut short."""
    if len(packet) < 20:
        return None
    start = (packet[0] & 0x0F) * 4
    if start < 20 or len(packet) < start + _UDP_HEADER:
        return None
    port, length = struct.unpack_from("!H2xH", packet, start)
    if length < _UDP_HEADER or len(packet) < start + length:
        return None
    host = socket.inet_ntoa(packet[12:16])
    return packet[start + _UDP_HEADER : start + length], SocketAddress(host, port)


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
        # No protocol until the filter is there: else it would begin with what others get.
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0)
        try:
            program = array("B", group_filter(group, port))
            address, octets = program.buffer_info()
            self._socket.setsockopt(
                socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", octets // 8, address)
            )
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self._socket.bind((interface, _ETH_P_IP))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """For the loop."""
        return self._socket.fileno()

    def recvfrom(self, most: int) -> tuple[bytes, SocketAddress]:
        """A payload and its source, as `socket.recvfrom`. BlockingIOError if there is none."""
        for _ in range(_MOST_PASSED_OVER):
            packet, address = self._socket.recvfrom(most)
            read = read_packet(packet) if address[2] in _FOR_US else None
            if read is not None:
                return read
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
