"""What was offered lately: counted from the offer, forgotten when the NOTIFY failed, and bounded."""

from __future__ import annotations

from math import inf

import pytest

from pnp_responder.datagram import SocketAddress
from pnp_responder.enrollment import Device, Enrollment, Offer
from pnp_responder.events import (
    EnrollmentOffered,
    Event,
    NotifyAnswered,
    NotifyTimedOut,
    NotifyUndeliverable,
)
from pnp_responder.mac import Mac
from pnp_responder.service.offers import OffersMade

OFFER = Offer("http://h/", "once")


def phone(number: int) -> Enrollment:
    return Enrollment(Device(Mac.parse(f"02aa{number:08x}")), remote=SocketAddress("192.0.2.45", 5060))


class Rig:
    def __init__(self, capacity: int = 100) -> None:
        self.now = 1000.0
        self.offers = OffersMade(lambda: self.now, capacity)
        self.offers.watch({"once": 600})

    def at(self, now: float, *events: Event) -> None:
        self.now = now
        for event in events:
            self.offers.event(event)


def test_an_offer_counts_from_when_it_is_made() -> None:
    rig = Rig()
    assert rig.offers.since(phone(1), "once") == inf
    rig.at(1010.0, EnrollmentOffered.of(phone(1), OFFER))
    rig.at(1011.0, NotifyAnswered(EnrollmentOffered.of(phone(1), OFFER), 200, 1))
    rig.now = 1030.0
    assert rig.offers.since(phone(1), "once") == 20.0
    assert rig.offers.since(phone(1), "another") == inf
    assert rig.offers.since(phone(2), "once") == inf


@pytest.mark.parametrize(
    "failed", [NotifyTimedOut(phone(1), OFFER, 7), NotifyUndeliverable(phone(1), OFFER, 1)]
)
def test_an_offer_that_nobody_is_known_to_have_read_counts_no_more(failed: Event) -> None:
    rig = Rig()
    rig.at(1000.0, EnrollmentOffered.of(phone(1), OFFER))
    rig.now = 1032.0
    assert rig.offers.since(phone(1), "once") == 32.0
    rig.at(1032.0, failed)
    assert rig.offers.since(phone(1), "once") == inf
    # Not so one that was answered before.
    rig.at(
        1040.0,
        EnrollmentOffered.of(phone(1), OFFER),
        NotifyAnswered(EnrollmentOffered.of(phone(1), OFFER), 200, 1),
    )
    rig.at(1050.0, EnrollmentOffered.of(phone(1), OFFER), failed)
    assert rig.offers.since(phone(1), "once") == 10.0


def test_a_device_without_a_mac_is_its_address() -> None:
    rig = Rig()
    nameless = Enrollment(Device(), remote=SocketAddress("192.0.2.45", 5060))
    rig.at(1000.0, EnrollmentOffered.of(nameless, OFFER))
    again = nameless._replace(remote=SocketAddress("192.0.2.45", 5062))
    assert rig.offers.since(again, "once") == 0.0
    assert rig.offers.since(nameless._replace(remote=SocketAddress("192.0.2.46", 5060)), "once") == inf


def test_other_rules_are_not_remembered() -> None:
    rig = Rig()
    rig.at(1000.0, EnrollmentOffered.of(phone(1), Offer("http://h/", "often")))
    assert rig.offers.since(phone(1), "often") == inf


def test_a_flood_of_devices_that_answer_nothing_pushes_out_none_that_did() -> None:
    rig = Rig(capacity=10)
    rig.at(
        1000.0,
        EnrollmentOffered.of(phone(1), OFFER),
        NotifyAnswered(EnrollmentOffered.of(phone(1), OFFER), 200, 1),
    )
    rig.at(1001.0, *(EnrollmentOffered.of(phone(number), OFFER) for number in range(2, 1002)))
    assert rig.offers.since(phone(1), "once") == 1.0
    known = [number for number in range(2, 1002) if rig.offers.since(phone(number), "once") < inf]
    assert known == list(range(992, 1002))


def test_of_those_that_answered_the_oldest_goes() -> None:
    rig = Rig(capacity=10)
    for number in range(20):
        asked = phone(number)
        rig.at(
            1000.0 + number,
            EnrollmentOffered.of(asked, OFFER),
            NotifyAnswered(EnrollmentOffered.of(asked, OFFER), 200, 1),
        )
    known = [number for number in range(20) if rig.offers.since(phone(number), "once") < inf]
    assert known == list(range(10, 20))
