"""pcap files, of tcpdump and everybody else: micro- and nanoseconds, both octet orders, as a stream."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from pnp_responder.capture.frame import MAX_FRAME, CaptureCut, CaptureUnreadable, Frame

# The first four octets: octet order, nanoseconds for each unit of the fraction, layout of a record's head.
_FORMS = {
    bytes.fromhex("a1b2c3d4"): (">", 1_000, "IIII"),
    bytes.fromhex("d4c3b2a1"): ("<", 1_000, "IIII"),
    bytes.fromhex("a1b23c4d"): (">", 1, "IIII"),
    bytes.fromhex("4d3cb2a1"): ("<", 1, "IIII"),
    # "Modified" pcap of old Red Hats: a record's head has eight octets more.
    bytes.fromhex("a1b2cd34"): (">", 1_000, "IIIIIHBB"),
    bytes.fromhex("34cdb2a1"): ("<", 1_000, "IIIIIHBB"),
}
PCAP_BEGINNINGS = frozenset(_FORMS)

# The upper four bits tell of a frame check sequence.
_LINK_TYPE = 0x0FFFFFFF


def read_pcap(file: BinaryIO, beginning: bytes) -> Iterator[Frame]:
    """The frames of `file`, whose first four octets, `beginning`, are read already.

    Raises CaptureUnreadable.
    """
    order, unit, layout = _FORMS[beginning]
    head = file.read(20)
    if len(head) < 20:
        raise CaptureCut("the file ends inside of its own head")
    link_type = struct.unpack(f"{order}HHIIII", head)[5] & _LINK_TYPE
    record = struct.Struct(order + layout)
    size = record.size
    unpack = record.unpack
    read = file.read
    while head := read(size):
        if len(head) < size:
            raise CaptureCut("the file ends inside of a packet")
        seconds, fraction, captured, length = unpack(head)[:4]
        if captured > MAX_FRAME:
            raise CaptureUnreadable(f"a packet of {captured:,} octets cannot be; the file is damaged")
        octets = read(captured)
        if len(octets) < captured:
            raise CaptureCut("the file ends inside of a packet")
        yield Frame(seconds * 1_000_000_000 + fraction * unit, link_type, octets, length)
