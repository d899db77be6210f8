"""IPv4 and UDP put round a payload, with right checksums."""

from __future__ import annotations

import socket
import struct

from pnp_responder.datagram import SocketAddress

MAX_PAYLOAD = 65_507
"""Octets: 65,535 less the heads of IPv4 and UDP."""

_IP_HEAD = struct.Struct(">BBHHHBBH4s4s")
_UDP_HEAD = struct.Struct(">HHHH")


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
    here, there = socket.inet_aton(source.host), socket.inet_aton(destination.host)
    size = _UDP_HEAD.size + len(payload)
    pseudo = struct.pack(">4s4sxBH", here, there, socket.IPPROTO_UDP, size)
    unsigned = _UDP_HEAD.pack(source.port, destination.port, size, 0)
    checksum = internet_checksum(pseudo + unsigned + payload) or 0xFFFF  # RFC 768: 0 means "none"
    hops = 1 if 224 <= there[0] <= 239 else 64
    fields = (0x45, 0, _IP_HEAD.size + size, number & 0xFFFF, 0x4000, hops, socket.IPPROTO_UDP)
    head = _IP_HEAD.pack(*fields, 0, here, there)
    head = _IP_HEAD.pack(*fields, internet_checksum(head), here, there)
    return head + _UDP_HEAD.pack(source.port, destination.port, size, checksum) + payload
