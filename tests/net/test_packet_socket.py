"""The packet socket's filter and what it reads; on the wire it is tested in tests/outside."""

from __future__ import annotations

import socket
import struct

import pytest

from pnp_responder.datagram import SocketAddress
from pnp_responder.net.packet_socket import group_filter, read_packet

GROUP = "224.0.1.75"


def packet(
    payload: bytes = b"hello",
    *,
    to: str = GROUP,
    port: int = 5060,
    protocol: int = 17,
    fragment: int = 0,
    options: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    """An IP packet of UDP from 192.0.2.45:5062. Checksums are 0: nobody looks at them here."""
    udp = struct.pack("!HHHH", 5062, port, 8 + len(payload), 0) + payload
    length = 20 + len(options) + len(udp)
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, length, 1, fragment, 1, protocol, 0)
    return head + socket.inet_aton("192.0.2.45") + socket.inet_aton(to) + options + udp + trailer


def run(program: bytes, octets: bytes) -> int:
    """What the kernel's filter machine returns: the few instructions that are used, read anew from bpf(4)."""
    a = x = at = 0
    steps = list(struct.iter_unpack("=HBBI", program))
    while True:
        code, yes, no, value = steps[at]
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x15:
            at += yes if a == value else no
        elif code == 0x45:
            at += yes if a & value else no
        elif code == 0xB1:
            x = 4 * (octets[value] & 0x0F)
        else:
            size = {0x20: 4, 0x28: 2, 0x48: 2, 0x30: 1}[code]
            start = value + (x if code == 0x48 else 0)
            if start + size > len(octets):
                return 0
            a = int.from_bytes(octets[start : start + size], "big")


@pytest.mark.parametrize(
    ("octets", "taken"),
    [
        (packet(), True),
        (packet(options=bytes(8)), True),
        (packet(fragment=0x4000), True),
        (packet(port=5061), False),
        (packet(options=bytes(8), port=5061), False),
        (packet(to="224.0.1.76"), False),
        (packet(to="192.0.2.1"), False),
        (packet(protocol=6), False),
        (packet(fragment=0x2000), False),
        (packet(fragment=0x00B9), False),
        (packet()[:21], False),
    ],
    ids=[
        *("ours", "with options", "do not fragment", "another port", "options and another port"),
        *("another group", "unicast", "TCP", "first fragment", "later fragment", "cut short"),
    ],
)
def test_the_filter(octets: bytes, taken: bool) -> None:
    assert (run(group_filter(GROUP, 5060), octets) > 0) is taken


SOURCE = SocketAddress("192.0.2.45", 5062)


@pytest.mark.parametrize(
    ("octets", "read"),
    [
        (packet(), (b"hello", SOURCE)),
        (packet(b""), (b"", SOURCE)),
        (packet(options=bytes(40)), (b"hello", SOURCE)),
        (packet(trailer=b"padding of the frame"), (b"hello", SOURCE)),
        (packet()[:-1], None),
        (packet()[:27], None),
        (packet()[:19], None),
        (b"", None),
        (b"\x41" + packet()[1:], None),
        (packet()[:24] + b"\x00\x07" + packet()[26:], None),
    ],
    ids=[
        *("payload", "empty", "options", "padding", "cut short", "no UDP header", "no IP header", "nothing"),
        *("header length of 4", "UDP length of 7"),
    ],
)
def test_reads_payload_and_source(octets: bytes, read: tuple[bytes, SocketAddress] | None) -> None:
    assert read_packet(octets) == read
