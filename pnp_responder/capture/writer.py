"""pcap files that Wireshark and tcpdump open: Ethernet, with MAC addresses made up from the IPv4 ones."""

from __future__ import annotations

import socket
import struct

from pnp_responder.capture.checksum import udp_packet
from pnp_responder.datagram import SocketAddress

ETHERNET = 1
SNAP_LENGTH = 262_144

# Microseconds: every reader there is knows them. The octet order of most machines.
PCAP_HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAP_LENGTH, ETHERNET)

_RECORD = struct.Struct("<IIII")
_IPV4 = b"\x08\x00"


def made_up_mac(host: str) -> bytes:
    """Of a group, the one of RFC 1112 6.4; of a host, 02:00 and its address, which is no maker's."""
    octets = socket.inet_aton(host)
    if 224 <= octets[0] <= 239:
        return b"\x01\x00\x5e" + bytes([octets[1] & 0x7F]) + octets[2:]
    return b"\x02\x00" + octets


def pcap_record(
    when: int, source: SocketAddress, destination: SocketAddress, payload: bytes, number: int
) -> bytes:
    """One datagram as a record, to stand behind PCAP_HEAD.

    `when` is in nanoseconds since 1970, `number` as for `udp_packet`. Raises ValueError as that does.
    """
    frame = b"".join(
        (
            made_up_mac(destination.host),
            made_up_mac(source.host),
            _IPV4,
            udp_packet(source, destination, payload, number),
        )
    )
    seconds, rest = divmod(when, 1_000_000_000)
    return _RECORD.pack(seconds & 0xFFFFFFFF, rest // 1_000, len(frame), len(frame)) + frame
