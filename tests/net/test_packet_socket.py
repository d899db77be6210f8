"""The packet socket's filter and what it reads; on the wire it is tested in tests/outside."""

from __future__ import annotations

import socket
import struct

import pytest

from pnp_responder.datagram import SocketAddress
from pnp_responder.net.packet_socket import CUT_SHORT, FRAGMENT, WRONG_CHECKSUM, group_filter, read_packet

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
    checksum: bool = False,
    damage: int = 0,
) -> bytes:
    """An IP packet of UDP from 192.0.2.45:5062. Without `checksum` there is none; `damage` is added to it."""
    udp = struct.pack("!HHHH", 5062, port, 8 + len(payload), 0) + payload
    if checksum:
        number = (udp_checksum(socket.inet_aton("192.0.2.45") + socket.inet_aton(to), udp) + damage) & 0xFFFF
        udp = udp[:6] + struct.pack("!H", number) + udp[8:]
    length = 20 + len(options) + len(udp)
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, length, 1, fragment, 1, protocol, 0)
    return head + socket.inet_aton("192.0.2.45") + socket.inet_aton(to) + options + udp + trailer


def udp_checksum(addresses: bytes, udp: bytes) -> int:
    """RFC 768, the plain way: words added with the carry brought round."""
    octets = addresses + struct.pack("!HH", 17, len(udp)) + udp + bytes(len(udp) % 2)
    total = 0
    for (word,) in struct.iter_unpack("!H", octets):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF) or 0xFFFF


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
        (packet(fragment=0x2000), True),
        (packet(fragment=0x2000, port=5061), False),
        (packet(fragment=0x00B9), False),
        (packet()[:21], False),
    ],
    ids=[
        *("ours", "with options", "do not fragment", "another port", "options and another port"),
        *("another group", "unicast", "TCP", "first fragment"),
        *("first fragment of another port", "later fragment", "cut short"),
    ],
)
def test_the_filter(octets: bytes, taken: bool) -> None:
    assert (run(group_filter(GROUP, 5060), octets) > 0) is taken


SOURCE = SocketAddress("192.0.2.45", 5062)


@pytest.mark.parametrize(
    ("octets", "payload"),
    [
        (packet(), b"hello"),
        (packet(b""), b""),
        (packet(options=bytes(40)), b"hello"),
        (packet(fragment=0x4000), b"hello"),
        (packet(trailer=b"padding of the frame"), b"hello"),
        (packet(checksum=True), b"hello"),
        (packet(b"evened", checksum=True), b"evened"),
        (packet(b"", checksum=True), b""),
        (packet(options=bytes(8), trailer=b"padding", checksum=True), b"hello"),
    ],
    ids=[
        *(
            "payload",
            "empty",
            "options",
            "do not fragment",
            "padding",
            "checksum",
            "checksum over even octets",
        ),
        *("checksum of nothing", "checksum between options and padding"),
    ],
)
def test_reads_payload_and_source(octets: bytes, payload: bytes) -> None:
    assert read_packet(octets) == (payload, SOURCE)


@pytest.mark.parametrize("payload", [bytes([n, 255 - n, n // 2]) * n for n in range(0, 256, 5)])
def test_a_checksum_holds_for_its_own_octets_only(payload: bytes) -> None:
    good = packet(payload, checksum=True)
    assert read_packet(good) == (payload, SOURCE)
    for at in (12, 19, 20, 26, len(good) - 1):  # addresses, source port, the checksum, the last octet
        damaged = good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :]
        with pytest.raises(ValueError, match="checksum is wrong"):
            read_packet(damaged)
        read_packet(damaged, checked=True)  # the kernel says that it is not there yet, or good


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (packet()[:-1], CUT_SHORT),
        (packet()[:27], CUT_SHORT),
        (packet()[:19], CUT_SHORT),
        (b"", CUT_SHORT),
        (b"\x41" + packet()[1:], CUT_SHORT),
        (packet()[:24] + b"\x00\x07" + packet()[26:], CUT_SHORT),
        # The IP length ends before the UDP length does; what follows is padding of the frame.
        (packet()[:2] + b"\x00\x20" + packet()[4:], CUT_SHORT),
        (packet()[:24] + b"\x00\x0e" + packet(trailer=b"x")[26:], CUT_SHORT),
        (packet(fragment=0x2000), FRAGMENT),
        (packet(fragment=0x00B9), FRAGMENT),
        (packet(checksum=True, damage=1), WRONG_CHECKSUM),
    ],
    ids=[
        *("cut short", "no UDP header", "no IP header", "nothing", "header length of 4", "UDP length of 7"),
        *("IP length too small", "UDP length too large", "first fragment", "later fragment", "checksum"),
    ],
)
def test_what_is_no_datagram(octets: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match="dropped") as caught:
        read_packet(octets)
    assert str(caught.value) == reason
