"""Counting events."""

from __future__ import annotations

from typing import get_args

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Decline, Defer, Device, Enrollment, Offer
from pnp_responder.events import (
    DatagramDropped,
    EnrollmentDeclined,
    EnrollmentDeferred,
    EnrollmentOffered,
    Event,
    NotifyAnswered,
    NotifyTimedOut,
    NotifyUndeliverable,
    ProbeHeard,
    RequestRefused,
    RequestRepeated,
)
from pnp_responder.service.counters import KINDS, MOST_REASONS, OTHER_REASONS, Counters

REMOTE = SocketAddress("192.0.2.9", 5060)
LOCAL = Local("eth0", SocketAddress("192.0.2.1", 5060))
PHONE, OFFER = Enrollment(Device()), Offer("http://x/", "rule")
ONE_OF_EACH: tuple[Event, ...] = (
    DatagramDropped("no SIP", REMOTE, LOCAL),
    RequestRefused("no SUBSCRIBE", 405, REMOTE, LOCAL),
    RequestRepeated(REMOTE, LOCAL),
    EnrollmentOffered.of(PHONE, OFFER),
    EnrollmentDeclined(PHONE, Decline("no rule matches, says 192.0.2.9"), None),
    EnrollmentDeferred(PHONE, Defer("not known yet, says 192.0.2.9", "rule")),
    NotifyAnswered(EnrollmentOffered.of(PHONE, OFFER), 200, 1),
    NotifyTimedOut(PHONE, OFFER, 7),
    NotifyUndeliverable(PHONE, OFFER, 1),
    ProbeHeard(REMOTE, LOCAL, None, None),
)


def test_every_kind_of_event_has_its_counter() -> None:
    assert set(KINDS) == set(get_args(Event)) == {type(event) for event in ONE_OF_EACH}
    names = [name for row in KINDS.values() for name in (row.name, row.detail_name) if name]
    assert len(names) == len(set(names))


def test_each_counts_once() -> None:
    counters = Counters()
    for event in ONE_OF_EACH:
        counters.events((event,))
    assert counters.by_name() == {
        "offered": 1,
        "answered": 1,
        "answered_with": {"200": 1},
        "timed_out": 1,
        "undeliverable": 1,
        "declined": 1,
        "declined_because": {"no rule matches": 1},
        "deferred": 1,
        "deferred_because": {"not known yet": 1},
        "refused": 1,
        "refused_because": {"no SUBSCRIBE": 1},
        "dropped": 1,
        "dropped_because": {"no SIP": 1},
        "repeated": 1,
        "probes": 1,
    }
    assert counters.of(EnrollmentOffered) == 1


def test_all_are_there_from_the_start() -> None:
    assert {count for count in Counters().by_name().values() if isinstance(count, int)} == {0}


def test_the_most_frequent_reason_comes_first() -> None:
    counters = Counters()
    for reason in ("rare", "frequent", "frequent"):
        counters.events((DatagramDropped(reason, REMOTE, LOCAL),))
    dropped = counters.by_name()["dropped_because"]
    assert isinstance(dropped, dict)
    assert list(dropped.items()) == [("frequent", 2), ("rare", 1)]


def test_reasons_are_bounded_and_nothing_is_lost() -> None:
    counters = Counters()
    for number in range(MOST_REASONS + 10):
        counters.events((DatagramDropped(f"reason {number}", REMOTE, LOCAL),))
    counters.events((DatagramDropped("reason 0", REMOTE, LOCAL),))
    dropped = counters.by_name()["dropped_because"]
    assert isinstance(dropped, dict)
    assert len(dropped) == MOST_REASONS + 1
    assert (dropped["reason 0"], dropped[OTHER_REASONS]) == (2, 10)
    assert sum(dropped.values()) == counters.by_name()["dropped"] == MOST_REASONS + 11
