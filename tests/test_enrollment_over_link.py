"""The real responder and a simulated phone on a wire that loses, delays and reorders."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from pnp_responder.datagram import Datagram
from pnp_responder.enrollment import Decline
from pnp_responder.events import (
    EnrollmentDeclined,
    EnrollmentOffered,
    NotifyAnswered,
    NotifyTimedOut,
    RequestRepeated,
)
from pnp_responder.responder import Responder
from tests.examples import LIFETIME, SUBSCRIBE, URL, responder
from tests.link import Link, Phone

T4 = 5.0


def wire(engine: Responder, *lost: int) -> Link:
    link = Link(engine, Phone(SUBSCRIBE), lost)
    link.run()
    return link


def check_provisioned(link: Link) -> None:
    """One URL, one offer, and nothing that still runs."""
    assert set(link.phone.urls) == {URL.encode()}
    assert len(link.phone.urls) == 1, "a repeated NOTIFY is no new one"
    assert [type(e) for e in link.events].count(EnrollmentOffered) == 1
    assert link.responder.handle_timeout(link.now).deadline is None, "the tables are empty"
    asked = [
        crossing.at
        for crossing in link.crossings
        if crossing.start.startswith("SUBSCRIBE") and not crossing.lost
    ]
    assert link.now <= asked[0] + 0.1 + LIFETIME + T4


def test_nothing_lost(engine: Responder) -> None:
    link = wire(engine)
    check_provisioned(link)
    assert [crossing.start for crossing in link.crossings] == [
        "SUBSCRIBE s",
        "SIP/2.0 200",
        "NOTIFY sip:",
        "SIP/2.0 200",
    ]
    assert [type(e) for e in link.events] == [EnrollmentOffered, NotifyAnswered]
    assert link.phone.statuses == [200]


@pytest.mark.parametrize("lost", range(1, 12))
def test_every_single_loss(engine: Responder, lost: int) -> None:
    check_provisioned(wire(engine, lost))


@pytest.mark.parametrize("lost", list(combinations(range(1, 12), 2)))
def test_every_double_loss(engine: Responder, lost: tuple[int, int]) -> None:
    check_provisioned(wire(engine, *lost))


@pytest.mark.parametrize(
    ("lost", "starts"),
    [
        # The SUBSCRIBE: it comes again 0.5 s later.
        ((1,), [(0.0, "SUBSCRIBE s"), (0.5, "SUBSCRIBE s"), (0.5, "SIP/2.0 200")]),
        # The NOTIFY: again 0.5 s later.
        ((3,), [(0.0, "SUBSCRIBE s"), (0.0, "SIP/2.0 200"), (0.0, "NOTIFY sip:"), (0.5, "NOTIFY sip:")]),
    ],
)
def test_who_repairs_what(engine: Responder, lost: tuple[int, ...], starts: list[tuple[float, str]]) -> None:
    link = wire(engine, *lost)
    seen = [(round(crossing.at, 1), crossing.start) for crossing in link.crossings]
    assert seen[: len(starts)] == starts


def test_the_200_is_lost(engine: Responder) -> None:
    """The phone asks again, and gets the same 200 and no second NOTIFY."""
    link = wire(engine, 2)
    check_provisioned(link)
    assert [type(e) for e in link.events].count(RequestRepeated) == 1
    assert link.phone.statuses == [200]


def test_all_notifies_are_lost(engine: Responder) -> None:
    class Deaf(Phone):
        def receive(self, octets: bytes) -> list[bytes]:
            return [] if octets.startswith(b"NOTIFY") else super().receive(octets)

    link = Link(engine, Deaf(SUBSCRIBE))
    link.run()
    assert [type(e) for e in link.events] == [EnrollmentOffered, NotifyTimedOut]
    assert link.responder.handle_timeout(link.now).deadline is None


def test_a_phone_that_nobody_answers() -> None:
    """Each of its 11 sendings is swallowed; the story is told once."""
    link = wire(responder(lambda _: Decline("no rule matches")))
    assert [crossing.start for crossing in link.crossings] == ["SUBSCRIBE s"] * 11
    kinds = [type(e) for e in link.events]
    assert kinds == [EnrollmentDeclined] + [RequestRepeated] * 10
    assert link.responder.handle_timeout(link.now).deadline is None


@pytest.mark.parametrize("seed", range(40))
def test_late_and_out_of_order(seed: int) -> None:
    """Delays up to 0.7 s: repeats cross answers, and the NOTIFY overtakes the 200."""
    random = Random(seed)
    link = Link(responder(), Phone(SUBSCRIBE), delay=lambda _: random.uniform(0.0, 0.7))
    link.run()
    assert set(link.phone.urls) == {URL.encode()}
    assert len(link.phone.urls) == 1
    assert [type(e) for e in link.events].count(EnrollmentOffered) == 1
    assert [type(e) for e in link.events].count(NotifyAnswered) == 1
    assert link.responder.handle_timeout(link.now).deadline is None


@pytest.mark.parametrize("seed", range(40))
def test_a_wire_that_loses_every_third(seed: int) -> None:
    random = Random(seed)
    lost = {number for number in range(1, 200) if random.random() < 0.33}
    link = Link(responder(), Phone(SUBSCRIBE), lost, delay=lambda _: random.uniform(0.0, 0.3))
    link.run()
    assert len(link.phone.urls) <= 1
    assert link.responder.handle_timeout(link.now).deadline is None
    if link.phone.urls:
        assert link.phone.urls == [URL.encode()]


def test_everything_twice(engine: Responder) -> None:
    """A switch that doubles each datagram."""

    class Doubled(Link):
        def _send(self, octets: bytes, what: Datagram | bytes) -> None:
            super()._send(octets, what)
            super()._send(octets, what)

    link = Doubled(engine, Phone(SUBSCRIBE))
    link.run()
    assert link.phone.urls == [URL.encode()]
    assert [type(e) for e in link.events].count(EnrollmentOffered) == 1
    assert [type(e) for e in link.events].count(NotifyAnswered) == 1
    assert link.responder.handle_timeout(link.now).deadline is None
