"""The same IPv4 packets in every form in which a capture file can hold them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

LITTLE_MICRO = bytes.fromhex("d4c3b2a1")
BIG_NANO = bytes.fromhex("a1b23c4d")
PCAPNG_SECTION = bytes.fromhex("0a0d0d0a")

HERE, THERE = bytes.fromhex("020000000001"), bytes.fromhex("01005e00014b")
IPV4 = b"\x08\x00"
TAG = b"\x81\x00\x00\x64"
"""802.1Q, VLAN 100: the type that says so, and the tag."""
SERVICE_TAG = b"\x88\xa8\x00\x0a"
OLD_TAG = b"\x91\x00\x00\x0b"


class Packet(NamedTuple):
    """`when` is in nanoseconds since 1970."""

    when: int
    octets: bytes


def read_packets(path: Path) -> list[Packet]:
    """The packets of a file that the project's own recorder wrote: Ethernet, microseconds."""
    octets = path.read_bytes()
    assert octets[:4] == LITTLE_MICRO
    found, at = [], 24
    while at < len(octets):
        seconds, micro, size, _ = struct.unpack_from("<IIII", octets, at)
        found.append(Packet(seconds * 10**9 + micro * 1000, octets[at + 16 + 14 : at + 16 + size]))
        at += 16 + size
    return found


def ethernet(packet: bytes, tags: bytes = b"") -> bytes:
    return THERE + HERE + tags + IPV4 + packet


def cooked(packet: bytes, tags: bytes = b"") -> bytes:
    """Linux cooked v1: the last two octets of its head are the type of what follows."""
    return struct.pack(">HHH6sxx", 2, 1, 6, HERE) + tags + IPV4 + packet


def cooked2(packet: bytes, tags: bytes = b"") -> bytes:
    kind, rest = (tags + IPV4)[:2], (tags + IPV4)[2:]
    return kind + struct.pack(">HIHBB6sxx", 0, 3, 1, 2, 6, HERE) + rest + packet


def null(packet: bytes) -> bytes:
    return b"\x02\0\0\0" + packet


def loop(packet: bytes) -> bytes:
    return b"\0\0\0\x02" + packet


def raw(packet: bytes) -> bytes:
    return packet


def tagged(form: Callable[[bytes, bytes], bytes], tags: bytes) -> Callable[[bytes], bytes]:
    return lambda packet: form(packet, tags)


LINKS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "ethernet": (1, ethernet),
    "vlan": (1, tagged(ethernet, TAG)),
    "qinq": (1, tagged(ethernet, SERVICE_TAG + TAG)),
    "three-tags": (1, tagged(ethernet, OLD_TAG + SERVICE_TAG + TAG)),
    "cooked": (113, cooked),
    "cooked-vlan": (113, tagged(cooked, TAG)),
    "cooked2": (276, cooked2),
    "cooked2-qinq": (276, tagged(cooked2, SERVICE_TAG + TAG)),
    "raw": (101, raw),
    "raw-of-bsd": (12, raw),
    "ipv4": (228, raw),
    "null": (0, null),
    "loop": (108, loop),
}
"""By name, the number of the link type and what stands round a packet."""


def pcap(packets: Iterable[Packet], link: str, magic: bytes = LITTLE_MICRO, snap: int = 65_535) -> bytes:
    number, wrap = LINKS[link]
    order, unit = ("<", 1000) if magic == LITTLE_MICRO else (">", 1)
    parts = [magic, struct.pack(f"{order}HHiIII", 2, 4, 0, 0, snap, number)]
    for packet in packets:
        frame = wrap(packet.octets)
        seconds, rest = divmod(packet.when, 10**9)
        parts += [
            struct.pack(f"{order}IIII", seconds, rest // unit, len(frame[:snap]), len(frame)),
            frame[:snap],
        ]
    return b"".join(parts)


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + size + body + size


def option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def pcapng(packets: Iterable[Packet], link: str, order: str = "<", name: str = "eth0") -> bytes:
    """With an interface's name, nanoseconds, and a block of statistics that readers pass over."""
    number, wrap = LINKS[link]
    options = option(order, 2, name.encode()) + option(order, 9, b"\x09") + option(order, 0, b"")
    parts = [
        block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1)),
        block(order, 1, struct.pack(f"{order}HHI", number, 0, 65_535) + options),
    ]
    for packet in packets:
        frame = wrap(packet.octets)
        high, low = packet.when >> 32, packet.when & 0xFFFFFFFF
        head = struct.pack(f"{order}IIIII", 0, high, low, len(frame), len(frame))
        parts.append(block(order, 6, head + frame))
    parts.append(block(order, 5, struct.pack(f"{order}III", 0, 0, 0)))
    return b"".join(parts)


def fragments(packet: Packet, size: int) -> list[Packet]:
    """An IPv4 packet in fragments of `size` octets, a multiple of 8 (RFC 791 3.2).

    The checksums are those of the whole packet.
    """
    head, body = packet.octets[:20], packet.octets[20:]
    found = []
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        flags = (start // 8) | (0x2000 if start + size < len(body) else 0)
        changed = (
            head[:2] + struct.pack(">H", 20 + len(piece)) + head[4:6] + struct.pack(">H", flags) + head[8:]
        )
        found.append(Packet(packet.when, changed + piece))
    return found
