"""IPv4 with UDP or TCP put round a payload, with right checksums."""

from __future__ import annotations

import socket
import struct

from pnp_responder.datagram import SocketAddress

MAX_PAYLOAD = 65_507
"""Octets in a UDP datagram: 65,535 less the heads of IPv4 and UDP."""
SEGMENT = 1_460
"""Octets in a TCP segment on Ethernet."""

_IP_HEAD = struct.Struct(">BBHHHBBH4s4s")
_UDP_HEAD = struct.Struct(">HHHH")
_TCP_HEAD = struct.Struct(">HHIIBBHHH")
_PUSH_ACK = 0x18


def internet_checksum(octets: bytes) -> int:
    """RFC 1071."""
    if len(octets) % 2:
        octets += b"\0"
    # The sum of all 16-bit words, for 2**16 is 1 modulo 0xFFFF.
    total = int.from_bytes(octets, "big") % 0xFFFF
    if total == 0 and any(octets):
        total = 0xFFFF
    return total ^ 0xFFFF


def udp_packet(source: SocketAddress, destination: SocketAddress, payload: bytes, number: int = 0) -> bytes:
    """An IPv4 packet with a UDP datagram; `number` is its identification.

    Raises ValueError for a payload over MAX_PAYLOAD octets.
    """
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"no UDP datagram holds {len(payload)} octets")
    size = _UDP_HEAD.size + len(payload)
    unsigned = _UDP_HEAD.pack(source.port, destination.port, size, 0)
    checksum = _checksum(source, destination, socket.IPPROTO_UDP, unsigned + payload)
    head = _UDP_HEAD.pack(source.port, destination.port, size, checksum or 0xFFFF)  # RFC 768: 0 means "none"
    return _ip_packet(source, destination, socket.IPPROTO_UDP, head + payload, number)


def tcp_packet(
    source: SocketAddress,
    destination: SocketAddress,
    payload: bytes,
    sequence: int,
    acknowledged: int,
    number: int = 0,
) -> bytes:
    """An IPv4 packet with a TCP segment of an open connection. `payload` has SEGMENT octets at most."""
    fields = (source.port, destination.port, sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF)
    rest = (5 << 4, _PUSH_ACK, 65_535)
    unsigned = _TCP_HEAD.pack(*fields, *rest, 0, 0)
    checksum = _checksum(source, destination, socket.IPPROTO_TCP, unsigned + payload)
    head = _TCP_HEAD.pack(*fields, *rest, checksum, 0)
    return _ip_packet(source, destination, socket.IPPROTO_TCP, head + payload, number)


def _checksum(source: SocketAddress, destination: SocketAddress, protocol: int, octets: bytes) -> int:
    here, there = socket.inet_aton(source.host), socket.inet_aton(destination.host)
    return internet_checksum(struct.pack(">4s4sxBH", here, there, protocol, len(octets)) + octets)


def _ip_packet(
    source: SocketAddress, destination: SocketAddress, protocol: int, body: bytes, number: int
) -> bytes:
    here, there = socket.inet_aton(source.host), socket.inet_aton(destination.host)
    hops = 1 if 224 <= there[0] <= 239 else 64
    fields = (0x45, 0, _IP_HEAD.size + len(body), number & 0xFFFF, 0x4000, hops, protocol)
    head = _IP_HEAD.pack(*fields, 0, here, there)
    return _IP_HEAD.pack(*fields, internet_checksum(head), here, there) + body
