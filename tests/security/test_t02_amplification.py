"""T2: to a peer that never answers go at most ten octets for each octet that came from it."""

from __future__ import annotations

import pytest

from pnp_responder.enrollment import Enrollment, Offer
from pnp_responder.events import EnrollmentDeclined, EnrollmentOffered, Event
from pnp_responder.limits import AMPLIFICATION
from pnp_responder.responder import Responder
from tests.corpus_reader import HOSTILE, PHONES
from tests.examples import altered, heard, responder, run_out
from tests.security.ceilings import MOST_OCTETS_OUT

MESSAGES = {phone.name: phone.octets for phone in PHONES} | {m.name: m.octets for m in HOSTILE if m.octets}

SMALLEST = b"SUBSCRIBE sip:b SIP/2.0\nv:SIP/2.0/UDP a\nf:a:b\nt:a:b\ni:1\nCSeq:1 SUBSCRIBE\no:ua-profile\n"
"""86 octets; see below that no row of it can be left out."""


def answers(octets: bytes, *, multicast: bool, url: str = "http://192.0.2.1/x") -> tuple[int, list[Event]]:
    """Octets out till the last timer has fired, nobody ever answering, and what was told."""

    def decide(_: Enrollment) -> Offer:
        return Offer(url, "everyone")

    engine = responder(decide)
    first = engine.receive_datagram(heard(octets, multicast=multicast), 0.0)
    _, later = run_out(engine, first)
    outputs = [first, *later]
    sent = sum(len(datagram.payload) for output in outputs for datagram in output.datagrams)
    return sent, [event for output in outputs for event in output.events]


def test_the_ceiling_is_the_one_that_is_promised() -> None:
    assert AMPLIFICATION == MOST_OCTETS_OUT


@pytest.mark.parametrize("way", ["unicast", "multicast"])
@pytest.mark.parametrize("octets", MESSAGES.values(), ids=MESSAGES)
def test_every_message_of_the_corpus(octets: bytes, way: str) -> None:
    sent, _ = answers(octets, multicast=way == "multicast")
    assert sent <= MOST_OCTETS_OUT * len(octets)


@pytest.mark.parametrize("way", ["unicast", "multicast"])
@pytest.mark.parametrize("length", [*range(18, 1_100, 40)])
def test_the_smallest_request_that_is_served(length: int, way: str) -> None:
    """With URLs of every length; where one NOTIFY would be too much, it is not served, and that is told."""
    url = "http://192.0.2.1/".ljust(length, "x")
    sent, events = answers(SMALLEST, multicast=way == "multicast", url=url)
    assert sent <= MOST_OCTETS_OUT * len(SMALLEST)
    if not isinstance(events[0], EnrollmentOffered):
        assert isinstance(events[0], EnrollmentDeclined)
        reason = events[0].decline.reason
        assert f"{MOST_OCTETS_OUT} times the octets" in reason or "by UDP it may have" in reason
        assert sent < 2 * len(SMALLEST)


def test_no_row_of_the_smallest_request_can_be_left_out() -> None:
    rows = SMALLEST.removesuffix(b"\n").split(b"\n")
    assert any(isinstance(event, EnrollmentOffered) for event in answers(SMALLEST, multicast=True)[1])
    for row in rows:
        shorter = b"".join(kept + b"\n" for kept in rows if kept != row)
        _, events = answers(shorter, multicast=True)
        assert not any(isinstance(event, EnrollmentOffered) for event in events), row


def test_a_phone_that_is_silent_gets_what_a_usual_request_pays_for() -> None:
    """A real phone's request pays for all seven sendings, or nearly."""
    seed = next(phone.octets for phone in PHONES if phone.mac == "000810a99948")
    engine = responder()
    first = engine.receive_datagram(heard(seed), 0.0)
    _, later = run_out(engine, first)
    notifies = [d for output in [first, *later] for d in output.datagrams if d.payload[:6] == b"NOTIFY"]
    assert len(notifies) == 7


class TestARepeat:
    """It is free of the limits, for phones repeat; so it may be no lever either."""

    LONG = altered(
        Via="SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK-one;x=" + "y" * 3_900,
        From="<a:b>;tag=x",
        Call_ID="1",
        CSeq="1 SUBSCRIBE",
    )
    SHORT = (
        b"SUBSCRIBE sip:b SIP/2.0\nv:SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK-one\n"
        b"f:<a:b>;tag=x\nt:a:b\ni:1\nCSeq:1 SUBSCRIBE\no:ua-profile\n"
    )

    def octets_back(self, engine: Responder, octets: bytes) -> int:
        output = engine.receive_datagram(heard(octets), 0.1)
        return sum(len(datagram.payload) for datagram in output.datagrams)

    def test_that_is_the_same_is_answered(self) -> None:
        engine = responder()
        assert self.octets_back(engine, self.LONG) > 4_000
        assert self.octets_back(engine, self.LONG) > 4_000

    def test_that_is_far_shorter_gets_an_answer_of_its_own_length(self) -> None:
        engine = responder()
        self.octets_back(engine, self.LONG)
        for _ in range(10):
            assert 0 < self.octets_back(engine, self.SHORT) < 3 * len(self.SHORT)

    def test_of_any_length_stays_below_the_ceiling(self) -> None:
        for padding in range(0, 4_000, 100):
            engine = responder()
            self.octets_back(engine, self.LONG)
            shorter = self.SHORT + b"X: " + b"x" * padding + b"\n"
            assert self.octets_back(engine, shorter) <= MOST_OCTETS_OUT * len(shorter)
