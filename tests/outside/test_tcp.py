"""TCP as phones would use it: `service.tcp: true`, the real program, clients of plain sockets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.outside.conftest import OTHER_PHONE, OTHER_SERVER, PHONE, SERVER, Lan
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server
from tests.outside.tcp_client import Client


@pytest.fixture(scope="module")
def server(lan: Lan) -> Iterator[Server]:
    with Server(lan.server, rules_text(service="{tcp: true}"), "--log-level", "debug") as running:
        yield running


def test_a_phone_is_answered_on_its_connection_and_the_answer_is_taken(lan: Lan, server: Server) -> None:
    with Client(lan.phones) as phone:
        phone.send(phone.subscribe("plain@tcp"))
        response, notify = phone.hear_exchange()
        assert response.one("Contact") == f"<sip:{SERVER}:5060;transport=tcp>"
        assert notify.one("Via").startswith(f"SIP/2.0/TCP {SERVER}:5060;branch=z9hG4bK")
        assert notify.body.startswith(f"http://{SERVER}/own?mac=020000007c70".encode())
        source = f"{PHONE}:{phone.port}"
        answered = server.wait_for_event("notify_answered", source=source)
        assert answered["transport"] == "TCP"
        assert answered["attempts"] == 1


def test_each_link_has_its_own(lan: Lan, server: Server) -> None:
    with Client(lan.others, OTHER_PHONE, OTHER_SERVER) as there, Client(lan.phones) as here:
        for phone, address in ((there, OTHER_SERVER), (here, SERVER)):
            phone.send(phone.subscribe(f"link@{address}"))
        for phone, address in ((here, SERVER), (there, OTHER_SERVER)):
            _, notify = phone.hear_exchange()
            assert notify.body.startswith(f"http://{address}/".encode())


def test_pieces_and_pipelined_requests(lan: Lan, server: Server) -> None:
    with Client(lan.phones) as phone:
        stream = b"\r\n\r\n".join(phone.subscribe(f"piece-{number}@tcp") for number in range(3))
        for start in range(0, len(stream), 13):
            phone.send(stream[start : start + 13])
        for number in range(3):
            _, notify = phone.hear_exchange()
            assert notify.one("Call-ID") == f"piece-{number}@tcp"


def test_the_notify_does_not_wait_until_the_200_is_acknowledged(lan: Lan, server: Server) -> None:
    """A phone that has nothing to say to it does so after 40 ms."""
    rounds = 25
    with Client(lan.phones) as phone:
        began = time.monotonic()
        for number in range(rounds):
            phone.send(phone.subscribe(f"quick-{number}@tcp"))
            phone.hear_exchange()
        assert time.monotonic() - began < rounds * 0.040 / 2


def test_nothing_is_sent_again(lan: Lan, server: Server) -> None:
    with Client(lan.phones) as phone:
        phone.send(phone.subscribe("once@tcp"))
        assert phone.hear() is not None
        assert phone.hear() is not None  # a NOTIFY, which gets no answer
        began = time.monotonic()
        phone.end()
        assert phone.hear() is None
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("length", ["", "Content-Length: x\r\n", "Content-Length: -1\r\n"])
def test_what_cannot_be_framed_is_told_400_and_closed(lan: Lan, server: Server, length: str) -> None:
    with Client(lan.phones) as phone:
        octets = phone.subscribe("first@tcp")
        broken = phone.subscribe("broken@tcp", without_length=True)[:-2] + f"{length}\r\n".encode()
        phone.send(octets + broken + b"and whatever follows")
        phone.hear_exchange()
        refused = phone.hear()
        assert refused is not None
        assert (refused.status, refused.one("Call-ID")) == (400, "broken@tcp")
        assert phone.hear() is None


def test_another_protocol_is_closed_without_an_answer(lan: Lan, server: Server) -> None:
    with Client(lan.phones) as browser:
        browser.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert browser.hear() is None
        source = f"{PHONE}:{browser.port}"
        dropped = server.wait_for_event("datagram_dropped", source=source)
        assert dropped["reason"] == "start line: not SIP"


def test_a_connection_that_ends_before_the_notify_is_answered_is_told(lan: Lan, server: Server) -> None:
    with Client(lan.phones) as phone:
        source = f"{PHONE}:{phone.port}"
        phone.send(phone.subscribe("gone@tcp"))
        phone.hear()
        phone.hear()
    undelivered = server.wait_for_event("notify_undeliverable", source=source)
    assert undelivered["attempts"] == 1


def test_crowds_and_drips_leave_everybody_else_served(lan: Lan, server: Server) -> None:
    """More connections than there may be, each with the beginning of a message, in drops."""
    crowd = []
    try:
        for number in range(300):
            one = Client(lan.phones, f"192.168.1.{46 + number // 8}")
            one.send(b"SUBSCRIBE sip:a SIP/2.0\r\nX: ")
            crowd.append(one)
        for number in range(10):
            for one in crowd:
                with suppress(ConnectionError):
                    one.send(b"x")
            with Client(lan.phones, "192.168.1.98") as phone, Phone(lan.phones, "192.168.1.99") as other:
                phone.send(phone.subscribe(f"crowd-{number}@tcp"))
                phone.hear_exchange()
                other.send(plain_subscribe("192.168.1.99", 5060, "020000007c73", f"crowd-{number}@udp"))
                other.hear_exchange()
        descriptors = len(lan.server.run("ls", f"/proc/{server.process.pid}/fd").split())
        assert descriptors < 256 + 40
        server.wait_for_event("connection_dropped", reason="more than 256 connections")
    finally:
        for one in crowd:
            one.close()


def test_one_source_has_eight(lan: Lan, server: Server) -> None:
    clients = [Client(lan.phones, "192.168.1.97") for _ in range(9)]
    try:
        assert clients[0].hear() is None
        for client in clients[1:]:
            client.send(client.subscribe(f"eight-{client.port}@tcp"))
            client.hear_exchange()
    finally:
        for client in clients:
            client.close()


def test_a_deaf_client_that_asks_without_end_is_held_off(lan: Lan, server: Server) -> None:
    with Client(lan.phones, "192.168.1.96") as deaf, Phone(lan.phones, PHONE) as phone:
        deaf.settimeout(1)
        sent = 0
        with suppress(TimeoutError):
            for sent in range(100_000):
                deaf.send(deaf.subscribe(f"deaf-{sent}@tcp"))
        assert sent < 20_000
        phone.send(plain_subscribe(PHONE, 5060, "020000007c74", "beside-the-deaf@udp"))
        phone.hear_exchange()
        # What it sent stays in the kernel: two buffers of 64 KiB here, some MiB on its own side.
        asked = list(server.events("enrollment_offered"))
        assert len([entry for entry in asked if entry["source"] == f"192.168.1.96:{deaf.port}"]) < 5_000
