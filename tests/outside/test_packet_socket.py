"""`receive: packet` on the wire: what a damaged or cut packet does, and what a good one does."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from tests.net.test_packet_socket import udp_checksum
from tests.outside.conftest import PHONE, Lan
from tests.outside.namespaces import GROUP
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server


@pytest.fixture(scope="module")
def server(lan: Lan) -> Iterator[Server]:
    rules = rules_text(service="{interfaces: eth1, receive: packet}")
    with Server(lan.server, rules, confined=False) as running:
        yield running


@pytest.fixture
def raw(lan: Lan) -> Iterator[socket.socket]:
    """Sends packets with the IP header that it is given; the kernel fills in lengths and its checksum."""

    def opened() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(PHONE))
        return made

    with lan.phones.inside(opened) as made:
        yield made


ADDRESSES = socket.inet_aton(PHONE) + socket.inet_aton(GROUP)
PORT = 5062


def udp(payload: bytes, checksum: int | None = None, length: int | None = None) -> bytes:
    head = struct.pack("!HHH", PORT, 5060, 8 + len(payload) if length is None else length)
    if checksum is None:
        checksum = udp_checksum(ADDRESSES, head + bytes(2) + payload)
    return head + struct.pack("!H", checksum) + payload


def send(raw: socket.socket, octets: bytes, fragment: int = 0, number: int = 0) -> None:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(octets), number, fragment, 1, socket.IPPROTO_UDP, 0)
    raw.sendto(head + ADDRESSES + octets, (GROUP, 0))


def subscribe(mac: str) -> bytes:
    return plain_subscribe(PHONE, PORT, mac, f"{mac}@raw")


def test_checksums_that_are_right_or_absent_are_served(lan: Lan, server: Server, raw: socket.socket) -> None:
    with Phone(lan.phones, PHONE, (PORT,)) as phone:
        send(raw, udp(subscribe("020000006001")))
        phone.hear_exchange()
        send(raw, udp(subscribe("020000006002"), checksum=0))
        phone.hear_exchange()
        # A plain socket leaves the checksum to a network card, which a veth has not.
        phone.send(subscribe("020000006003"), PORT)
        phone.hear_exchange()


def test_what_is_damaged_or_cut_is_dropped_and_counted(lan: Lan, server: Server, raw: socket.socket) -> None:
    whole = udp(subscribe("020000006010"))
    right = struct.unpack_from("!H", whole, 6)[0]
    with Phone(lan.phones, PHONE, (5060, PORT)) as phone:
        send(raw, udp(subscribe("020000006010"), checksum=right ^ 1))
        send(raw, udp(subscribe("020000006010"), length=7))
        send(raw, udp(subscribe("020000006010"), length=len(whole) + 1))
        send(raw, whole[:296], fragment=0x2000, number=77)
        send(raw, whole[296:], fragment=296 // 8, number=77)
        # Of another port, so nobody's business here.
        send(raw, whole[:2] + struct.pack("!H", 5061) + whole[4:296], fragment=0x2000, number=78)
        assert phone.hear_until_fence() == []
        for reason, times in (
            ("dropped: its UDP checksum is wrong, so something damaged it on the way", 1),
            ("dropped: in IP fragments, which `receive: packet` does not put together", 1),
        ):
            told = server.wait_for_event("receive_failed", reason=reason)
            assert (told["interface"], told["level"], told["times"]) == ("eth1", "warning", times)
        (cut,) = [e for e in server.events("receive_failed") if e["reason"].startswith("dropped: shorter")]
        assert 1 <= cut["times"] <= 2
