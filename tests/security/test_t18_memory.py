"""T18: what strangers can make us remember has an end; phones that have answered are not forgotten for it.

A million of them are sent by `make flood`; here are a few thousand, and tables that are as much smaller.
"""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Sized
from ipaddress import IPv4Network
from random import Random
from types import FunctionType, ModuleType

import pytest

from pnp_responder.admission import Admission
from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.enrollment import Decline
from pnp_responder.limits import MOST_SOURCES, Limits, SourceRates
from pnp_responder.responder import Responder
from pnp_responder.service.repeats import MOST_SOURCES as MOST_TOLD
from pnp_responder.service.repeats import RecentlySeen, Repeats
from pnp_responder.sip import Identifiers
from pnp_responder.ua_profile.kinds import MOST_KINDS as MOST_KINDS_LEARNED
from tests import examples
from tests.outside.phone import plain_subscribe
from tests.security.test_t02_amplification import SMALLEST

LOCAL = Local("eth0", SocketAddress("10.0.0.1", 5060))
CAP = 200
FLOOD = 3 * CAP
A_PHONE = 6_000
"""Octets that one SUBSCRIBE may cost, at most; 10,000 usual ones cost about 20 MiB."""
A_SOURCE = 300
"""Octets that a source may cost whose rate is known; those are MOST_SOURCES, twice, at most."""


def engine(limits: Limits = Limits(transactions=CAP)) -> Responder:  # noqa: B008 (it is immutable)
    admission = Admission({"eth0": [IPv4Network("10.0.0.0/8")]}, own_addresses=[LOCAL.address.host])
    return Responder(
        examples.offer,
        identifiers=Identifiers(Random(18).randbytes),
        admission=admission,
        limits=limits,
    )


def stranger(number: int, extra: tuple[str, ...] = ()) -> Datagram:
    """One that is like no other: its address, MAC, Call-ID, branch and tag."""
    address = f"10.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
    octets = plain_subscribe(address, 5060, f"02{number:010x}", f"t18-{number}@stranger", extra)
    return Datagram(octets, SocketAddress(address, 5060), LOCAL, True)


def weight(root: object) -> int:
    """Octets of all that can be reached from there and is data."""
    seen: set[int] = set()
    waiting, total = [root], 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | ModuleType | FunctionType):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        waiting += gc.get_referents(one)
    return total


def flood(made: Responder, first: int, count: int, *, now: float, extra: tuple[str, ...] = ()) -> None:
    for number in range(first, first + count):
        made.receive_datagram(stranger(number, extra), now + (number - first) * 1e-4)


@pytest.mark.parametrize(
    "extra",
    [(), ("User-Agent: " + "u" * 4_000,), ("Via: SIP/2.0/UDP 10.0.0.9;x=" + "v" * 3_900,)],
    ids=["usual", "long-user-agent", "long-via"],
)
def test_a_flood_of_new_phones_ends_at_the_cap(extra: tuple[str, ...]) -> None:
    made = engine()
    empty = weight(made)
    for times in range(3):
        flood(made, times * FLOOD, FLOOD, now=float(times), extra=extra)
        assert weight(made) - empty < CAP * A_PHONE + (times + 1) * FLOOD * A_SOURCE
    made.handle_timeout(100.0)
    assert weight(made) - empty < 3 * FLOOD * A_SOURCE


def test_timers_of_what_was_evicted_are_not_kept() -> None:
    """So short a question pays for one NOTIFY: then timer F alone runs, 32 s, and thousands are evicted."""
    limits = Limits(transactions=CAP, rate=1_000_000, burst=1_000_000)
    made = engine(limits)
    empty = weight(made)
    for number in range(50 * CAP):
        octets = SMALLEST.replace(b"i:1", b"i:%d" % number)
        source = SocketAddress(f"10.1.0.{number % 250}", 5060)
        assert len(made.receive_datagram(Datagram(octets, source, LOCAL, True), number * 1e-4).datagrams) == 2
    assert weight(made) - empty < CAP * A_PHONE


def test_long_requests_take_the_room_of_several() -> None:
    """16 KB each, and each refused with 404, an answer that is as long and is held for repeats."""
    made = engine()
    made.replace_rules(lambda _: Decline("no rule matches"))
    empty = weight(made)
    for number in range(3 * CAP):
        host = f"10.1.{number >> 8}.{number & 255}"
        octets = examples.altered(
            Via=f"SIP/2.0/UDP {host};branch=z9hG4bK{number}{'b' * 3_900}",
            From=f"<sip:{'f' * 3_900}@b>;tag=x",
            To=f"<sip:{'t' * 3_900}@b>",
            Call_ID=f"{number}{'c' * 3_900}",
        )
        (refused,) = made.receive_datagram(Datagram(octets, SocketAddress(host, 5060), LOCAL), 0.0).datagrams
        assert len(refused.payload) > 15_000
    assert weight(made) - empty < CAP * A_PHONE


def test_whoever_invents_kinds_of_devices_fills_nothing() -> None:
    """Those that ask often are learned; they are few, and so is what module re keeps of them."""
    made = engine()
    re.purge()
    empty, kept = weight(made), len(_compiled())
    now = 0.0
    for kind in range(4 * MOST_KINDS_LEARNED):
        for _ in range(2):
            now += 0.06
            number = int(now * 1_000)
            asked = stranger(number, (f"X-Kind: {'k' * 300}",))
            octets = asked.payload.replace(b'model="Desk"', b'model="Desk %d"' % kind)
            # Before the last text of the device's own: what stands behind it is in no expression.
            octets = octets.replace(b";branch=", b";shape=%d;branch=" % kind)
            assert len(made.receive_datagram(asked._replace(payload=octets), now).datagrams) == 2
            made.handle_timeout(now)
    assert len(_compiled()) <= kept + 2 * MOST_KINDS_LEARNED
    assert weight(made) - empty < CAP * A_PHONE + MOST_KINDS_LEARNED * 20_000


def test_nor_does_one_kind_that_looks_otherwise_each_time() -> None:
    made = engine()
    re.purge()
    kept = len(_compiled())
    now = 0.0
    for number in range(5 * MOST_KINDS_LEARNED):
        now += 0.06
        asked = stranger(number)
        octets = asked.payload.replace(b";branch=", b";shape=%d;branch=" % number)
        assert len(made.receive_datagram(asked._replace(payload=octets), now).datagrams) == 2
        made.handle_timeout(now)
        # One more is that which cuts a NOTIFY.
        assert len(_compiled()) <= kept + 2 * MOST_KINDS_LEARNED + 1


def _compiled() -> Sized:
    cache: Sized = getattr(re, "_cache")  # noqa: B009 -- not part of what module re shows
    return cache


def test_a_phone_that_has_answered_is_not_forgotten() -> None:
    """Its SUBSCRIBE is still known amid three times as many new ones as there is room for."""
    made = engine()
    phone = stranger(77_777)
    ok, notify = made.receive_datagram(phone, 0.0).datagrams
    answered = Datagram(examples.answer(notify.payload), phone.remote, LOCAL)
    made.receive_datagram(answered, 0.1)
    flood(made, 0, FLOOD, now=1.0)
    assert made.receive_datagram(phone, 2.0).datagrams == (ok,)


def test_a_new_phone_is_served_amid_the_flood() -> None:
    made = engine()
    flood(made, 0, FLOOD, now=0.0)
    assert len(made.receive_datagram(stranger(77_777), 0.5).datagrams) == 2


def test_the_sources_whose_rate_is_known_are_so_many_at_most() -> None:
    rates = SourceRates(50, 200)
    for number in range(5 * MOST_SOURCES):
        assert rates.admits(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", number * 1e-5)
        assert len(rates) <= 2 * MOST_SOURCES


def test_what_the_journal_remembers_ends_too() -> None:
    repeats = Repeats(burst=1, seconds=60.0)
    for number in range(10 * MOST_KINDS_LEARNED):
        repeats.tell(("datagram_dropped", f"reason {number}"), "10.0.0.1", 0.0)
    for number in range(2 * MOST_TOLD):
        repeats.tell(("datagram_dropped", "one reason"), f"source {number}", 0.0)
    summaries = repeats.ended(100.0)
    assert len(summaries) <= MOST_KINDS_LEARNED + 1
    assert sum(summary.times for summary in summaries) > 2 * MOST_TOLD
    assert all(summary.sources <= MOST_TOLD for summary in summaries)
    seen = RecentlySeen(most=100, seconds=600.0)
    before = weight(seen)
    for number in range(1_000):
        seen.is_new(f"02{number:010x}", 0.0)
    assert weight(seen) - before < 100 * 1_000
