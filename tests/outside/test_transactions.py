"""Repeats, losses, phones that say nothing and phones that are gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.outside.conftest import PHONE, Lan
from tests.outside.phone import Phone, plain_subscribe, response_to
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server

ATTEMPTS = 3
SENDINGS = (0.0, 0.5, 1.5)
"""RFC 3261 17.1.2.2, timer E; the fourth, at 3.5 s, is one more than `notify_attempts` allows."""


@pytest.fixture(scope="module")
def server(lan: Lan) -> Iterator[Server]:
    with Server(
        lan.server, rules_text(service=f"{{notify_attempts: {ATTEMPTS}}}"), "--log-level", "debug"
    ) as running:
        yield running


@pytest.fixture
def phone(lan: Lan, server: Server) -> Iterator[Phone]:
    with Phone(lan.phones, PHONE) as made:
        yield made


def test_a_repeat_brings_the_same_octets_and_no_second_notify(phone: Phone) -> None:
    octets = plain_subscribe(PHONE, 5060, "020000000001", "repeat@phone")
    phone.send(octets)
    first, _ = phone.hear_exchange()
    for _ in range(5):
        phone.send(octets)
    heard = phone.hear_until_fence()
    assert [arrival.octets for arrival in heard] == [first.octets] * 5


def test_a_phone_that_lost_the_200_gets_it_again_while_the_notify_waits(phone: Phone) -> None:
    phone.answers = False
    octets = plain_subscribe(PHONE, 5060, "020000000002", "lost@phone")
    phone.send(octets)
    response, notify = phone.hear_exchange()
    phone.send(octets)
    again = phone.hear(5.0)
    assert again is not None
    assert again.octets == response.octets
    phone.send(response_to(notify.message), to=notify.source[0], to_port=notify.source[1])
    phone.answers = True
    assert phone.hear_for(0.8) == []


def test_the_same_call_with_a_higher_cseq_is_a_new_request(phone: Phone) -> None:
    octets = plain_subscribe(PHONE, 5060, "020000000003", "again@phone")
    phone.send(octets)
    first, _ = phone.hear_exchange()
    phone.send(octets.replace(b"CSeq: 1 ", b"CSeq: 2 ").replace(b"z9hG4bK", b"z9hG4bKsecond"))
    second, notify = phone.hear_exchange()
    assert second.message.tag("To") != first.message.tag("To")
    assert notify.message.tag("From") == second.message.tag("To")


def test_the_same_request_on_another_branch_is_not_served_twice(phone: Phone) -> None:
    octets = plain_subscribe(PHONE, 5060, "020000000004", "merged@phone")
    phone.send(octets)
    phone.hear_exchange()
    other = octets.replace(b"z9hG4bK", b"z9hG4bKother")
    phone.send(other)
    assert phone.hear_until_fence() == [], "RFC 3261 8.2.2.2 by multicast is silence"
    phone.send(other.replace(b"z9hG4bKother", b"z9hG4bKthird"), to="192.168.1.118")
    refused = phone.hear(5.0)
    assert refused is not None
    assert refused.message.status == 482


def test_a_silent_phone_is_asked_as_often_as_the_settings_say(lan: Lan, server: Server) -> None:
    with Phone(lan.phones, "192.168.1.50") as silent:
        silent.answers = False
        silent.send(plain_subscribe("192.168.1.50", 5060, "020000000005", "silent@phone"))
        response, first = silent.hear_exchange()
        heard = silent.hear_for(4.2)
    assert {arrival.octets for arrival in heard} == {first.octets}, "a repeat is the same octets"
    offsets = [arrival.at - first.at for arrival in (first, *heard)]
    assert offsets == pytest.approx(SENDINGS, abs=0.25)
    assert response.at <= first.at


def test_any_final_answer_ends_it(phone: Phone, server: Server) -> None:
    phone.answers = False
    macs = {}
    for status in ("200 OK", "202 Accepted", "481 Gone", "500 No", "302 Elsewhere", "603 Never"):
        code = int(status[:3])
        macs[code] = f"0200000{code:05x}"
        phone.send(plain_subscribe(PHONE, 5060, macs[code], f"final-{code}@phone"))
        _, notify = phone.hear_exchange()
        phone.send(response_to(notify.message, status), to=notify.source[0])
    assert phone.hear_for(0.7) == []
    for code, mac in macs.items():
        assert server.wait_for_event("notify_answered", mac=mac)["status"] == code


def test_a_provisional_answer_slows_the_repeats_down(lan: Lan, server: Server) -> None:
    with Phone(lan.phones, "192.168.1.51") as phone:
        phone.answers = False
        phone.send(plain_subscribe("192.168.1.51", 5060, "020000000006", "trying@phone"))
        _, notify = phone.hear_exchange()
        phone.send(response_to(notify.message, "100 Trying"), to=notify.source[0])
        # RFC 3261 17.1.2.2: the timer that runs already (0.5 s) still fires; from then on it is T2 (4 s).
        heard = phone.hear_for(2.0)
        assert len(heard) <= 1
        phone.send(response_to(notify.message), to=notify.source[0])


def test_an_answer_with_another_branch_does_not_end_it(lan: Lan, server: Server) -> None:
    with Phone(lan.phones, "192.168.1.52") as phone:
        phone.answers = False
        phone.send(plain_subscribe("192.168.1.52", 5060, "020000000007", "forged@phone"))
        _, notify = phone.hear_exchange()
        forged = response_to(notify.message).replace(b"branch=z9hG4bK", b"branch=z9hG4bKnot")
        phone.send(forged, to=notify.source[0])
        again = phone.hear(2.0)
        assert again is not None
        assert again.octets == notify.octets
        phone.send(response_to(notify.message), to=notify.source[0])


def test_a_phone_that_closed_its_port_is_given_up_at_once(lan: Lan, server: Server) -> None:
    address, mac = "192.168.1.53", "020000000008"
    with Phone(lan.phones, address) as phone:
        phone.send(plain_subscribe(address, 5060, mac, "gone@phone"))
    # The datagrams meet a closed port; the ICMP error comes back at once.
    server.wait_for_event("notify_undeliverable", seconds=3.0, mac=mac)
    with Phone(lan.phones, address) as phone:
        phone.answers = False
        assert phone.hear_for(0.8) == [], "the next one was due after 0.5 s"
