"""pcapng files, of Wireshark and dumpcap, as a stream: sections, interfaces, the three kinds of packets."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from pnp_responder.capture.frame import MAX_FRAME, CaptureCut, CaptureUnreadable, Frame

PCAPNG_BEGINNING = bytes.fromhex("0a0d0d0a")

_BYTE_ORDER = {bytes.fromhex("1a2b3c4d"): ">", bytes.fromhex("4d3c2b1a"): "<"}
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 1, 2, 3, 6
_SECTION = int.from_bytes(PCAPNG_BEGINNING, "big")  # the same in both octet orders
_READ = {_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET}
_NAME, _RESOLUTION, _OFFSET = 2, 9, 14
_MOST_INTERFACES = 4_096
# A packet's block has its options besides.
_MAX_BLOCK = MAX_FRAME + 65_536
_CHUNK = 65_536


class _Interface(NamedTuple):
    link_type: int
    snap_length: int
    name: str = ""
    units: int = 1_000_000
    """Of a time stamp, in a second."""
    offset: int = 0
    """Seconds to add to a time stamp."""


class _Section:
    def __init__(self, order: str) -> None:
        self.order = order
        self.interfaces: list[_Interface] = []
        self.packet = struct.Struct(f"{order}IIIII")
        self.last = 0

    def interface(self, number: int) -> _Interface:
        if number >= len(self.interfaces):
            raise CaptureUnreadable("a packet of an interface that the file does not describe")
        return self.interfaces[number]


def read_pcapng(file: BinaryIO) -> Iterator[Frame]:
    """The frames of `file`, whose first four octets are read already. Raises CaptureUnreadable."""
    section = _read_section(file)
    head = struct.Struct(f"{section.order}II")
    while octets := file.read(8):
        if len(octets) < 8:
            raise CaptureCut("the file ends inside of a block")
        kind, size = head.unpack(octets)
        if kind == _SECTION:
            section = _read_section(file, octets[4:])
            head = struct.Struct(f"{section.order}II")
            continue
        if size < 12 or size % 4:
            raise CaptureUnreadable("a block of no possible length; the file is damaged")
        if kind not in _READ:
            _skip(file, size - 8)
            continue
        if size > _MAX_BLOCK:
            raise CaptureUnreadable(f"a block of {size:,} octets; the file is damaged")
        body = _read(file, size - 8)[:-4]
        if kind == _INTERFACE:
            if len(section.interfaces) >= _MOST_INTERFACES:
                raise CaptureUnreadable(f"more than {_MOST_INTERFACES:,} interfaces")
            section.interfaces.append(_read_interface(section, body))
        else:
            yield _read_packet(section, kind, body)


def _read(file: BinaryIO, size: int) -> bytes:
    octets = file.read(size)
    if len(octets) < size:
        raise CaptureCut("the file ends inside of a block")
    return octets


def _skip(file: BinaryIO, size: int) -> None:
    while size:
        step = min(size, _CHUNK)
        _read(file, step)
        size -= step


def _read_section(file: BinaryIO, length: bytes = b"") -> _Section:
    length = length or _read(file, 4)
    order = _BYTE_ORDER.get(_read(file, 4))
    if order is None:
        raise CaptureUnreadable("a section without octet order; the file is damaged")
    size = struct.unpack(f"{order}I", length)[0]
    if size < 28 or size % 4:
        raise CaptureUnreadable("a section of no possible length; the file is damaged")
    _skip(file, size - 12)
    return _Section(order)


def _read_interface(section: _Section, body: bytes) -> _Interface:
    if len(body) < 8:
        raise CaptureUnreadable("an interface without a link type; the file is damaged")
    link_type, _, snap_length = struct.unpack_from(f"{section.order}HHI", body)
    interface = _Interface(link_type, snap_length)
    at = 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(f"{section.order}HH", body, at)
        value = body[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4
        if code == 0:
            break
        if code == _NAME:
            interface = interface._replace(name=value.rstrip(b"\0").decode("utf-8", "replace"))
        elif code == _RESOLUTION and size == 1:
            power = value[0] & 0x7F
            if power > 63:
                raise CaptureUnreadable("an interface with a clock that cannot be; the file is damaged")
            interface = interface._replace(units=2**power if value[0] & 0x80 else 10**power)
        elif code == _OFFSET and size == 8:
            interface = interface._replace(offset=struct.unpack(f"{section.order}q", value)[0])
    return interface


def _read_packet(section: _Section, kind: int, body: bytes) -> Frame:
    try:
        if kind == _SIMPLE_PACKET:
            interface = section.interface(0)
            (length,) = struct.unpack_from(f"{section.order}I", body)
            captured = min(length, interface.snap_length or length, len(body) - 4)
            return Frame(section.last, interface.link_type, body[4 : 4 + captured], length, interface.name)
        number, high, low, captured, length = section.packet.unpack_from(body)
    except struct.error:
        raise CaptureUnreadable("a packet's block is too short; the file is damaged") from None
    if kind == _OLD_PACKET:  # two octets of number, two of a count of drops
        number = struct.unpack_from(f"{section.order}H", body)[0]
    interface = section.interface(number)
    octets = body[20 : 20 + captured]
    if len(octets) < captured:
        raise CaptureUnreadable("a packet is longer than its block; the file is damaged")
    stamp = high << 32 | low
    section.last = stamp * 1_000_000_000 // interface.units + interface.offset * 1_000_000_000
    return Frame(section.last, interface.link_type, octets, length, interface.name)
