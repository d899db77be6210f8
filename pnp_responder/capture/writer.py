"""pcap files that Wireshark and tcpdump open: Ethernet, with MAC addresses made up from the IPv4 ones."""

from __future__ import annotations

import struct

ETHERNET = 1
SNAP_LENGTH = 262_144

# Microseconds: every reader there is knows them. The octet order of most machines.
PCAP_HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAP_LENGTH, ETHERNET)

_RECORD = struct.Struct("<IIII")
_IPV4 = b"\x08\x00"


def made_up_mac(address: bytes) -> bytes:
    """Of a group, the one of RFC 1112 6.4; of a host, 02:00 and its address, which is no maker's."""
    if 224 <= address[0] <= 239:
        return b"\x01\x00\x5e" + bytes([address[1] & 0x7F]) + address[2:]
    return b"\x02\x00" + address


def pcap_record(when: int, packet: bytes) -> bytes:
    """An IPv4 packet as a record, to stand behind PCAP_HEAD. `when` is in nanoseconds since 1970."""
    frame = b"".join((made_up_mac(packet[16:20]), made_up_mac(packet[12:16]), _IPV4, packet))
    seconds, rest = divmod(when, 1_000_000_000)
    return _RECORD.pack(seconds & 0xFFFFFFFF, rest // 1_000, len(frame), len(frame)) + frame
