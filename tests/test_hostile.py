"""What means harm, through the whole engine without a socket: the right answer, and then a real phone."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from random import Random

import pytest

from pnp_responder.admission import Admission
from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.enrollment import Enrollment, Offer
from pnp_responder.events import Event
from pnp_responder.responder import Responder
from pnp_responder.sip.identifiers import Identifiers
from tests.corpus_reader import HOSTILE, PHONES, SERVED, SILENT, Hostile

LOCAL = Local("eth0", SocketAddress("192.168.1.118", 5060))
PHONE = SocketAddress("192.168.1.45", 5060)
SEED = next(phone for phone in PHONES if phone.mac == "000810a99948")
STATUS_LINE = re.compile(rb"SIP/2\.0 ([1-6][0-9][0-9]) [^\r\n]*\r\n")


def offer(enrollment: Enrollment) -> Offer:
    """Every device gets its MAC back in a URL."""
    return Offer(f"http://192.168.1.118/{enrollment.device.mac}.cfg", "everyone")


def responder() -> Responder:
    return Responder(
        offer,
        identifiers=Identifiers(Random(1).randbytes),
        admission=Admission({"eth0": [IPv4Network("192.168.1.0/24")]}, own_addresses=[LOCAL.address.host]),
    )


def outcome(output: Output[Event]) -> str:
    """`served`, `silent` or the status that went out, as the corpus says it."""
    for datagram in output.datagrams:
        assert datagram.remote.host == PHONE.host, "a third party would be sent to"
        assert datagram.local == LOCAL
        assert not datagram.multicast
    if not output.datagrams:
        return SILENT
    first, *rest = (datagram.payload for datagram in output.datagrams)
    status = STATUS_LINE.match(first)
    assert status is not None, first
    if rest:
        assert status.group(1) == b"200"
        assert [octets.split(b" ")[0] for octets in rest] == [b"NOTIFY"]
        return SERVED
    return status.group(1).decode()


@pytest.mark.parametrize("message", HOSTILE, ids=lambda message: message.name)
class TestOneMessage:
    def test_by_unicast(self, message: Hostile) -> None:
        engine = responder()
        output = engine.receive_datagram(Datagram(message.octets, PHONE, LOCAL), 0.0)
        assert outcome(output) in message.unicast, message.why

    def test_by_multicast(self, message: Hostile) -> None:
        engine = responder()
        output = engine.receive_datagram(Datagram(message.octets, PHONE, LOCAL, multicast=True), 0.0)
        assert outcome(output) in message.multicast, message.why

    def test_does_no_harm_to_the_next_phone(self, message: Hostile) -> None:
        engine = responder()
        engine.receive_datagram(Datagram(message.octets, PHONE, LOCAL, multicast=True), 0.0)
        output = engine.receive_datagram(Datagram(SEED.octets, PHONE, LOCAL, multicast=True), 0.1)
        assert outcome(output) == SERVED


def test_all_of_them_one_after_another() -> None:
    engine = responder()
    for second, message in enumerate(HOSTILE):
        engine.receive_datagram(Datagram(message.octets, PHONE, LOCAL, multicast=True), float(second))
        engine.handle_timeout(float(second))
    output = engine.receive_datagram(Datagram(SEED.octets, PHONE, LOCAL, multicast=True), 1000.0)
    assert outcome(output) == SERVED


def test_nothing_is_kept_when_all_is_over() -> None:
    engine = responder()
    for message in HOSTILE:
        engine.receive_datagram(Datagram(message.octets, PHONE, LOCAL, multicast=True), 0.0)
    now, last = 0.0, engine.handle_timeout(0.0)
    for _ in range(100_000):
        if last.deadline is None:
            break
        assert last.deadline >= now
        now = last.deadline
        last = engine.handle_timeout(now)
    assert last.deadline is None
    assert now < 40.0


@pytest.mark.parametrize("multicast", [False, True], ids=["unicast", "multicast"])
def test_every_prefix_of_a_real_message(multicast: bool) -> None:
    """Cut anywhere, a message is refused, left alone, or served once all that is needed is there."""
    engine = responder()
    for end in range(len(SEED.octets)):
        # Another branch each time, so that none is a repeat of the one before.
        octets = SEED.octets.replace(b"z9hG4bK3102710241234624733", b"z9hG4bK%026d" % end)[:end]
        told = outcome(engine.receive_datagram(Datagram(octets, PHONE, LOCAL, multicast), end * 40.0))
        assert told in (
            {SILENT, SERVED} if multicast else {SILENT, SERVED, "400", "406", "481", "489", "505"}
        ), end
        engine.handle_timeout(end * 40.0 + 39.0)


@pytest.mark.parametrize(
    "source",
    [
        "203.0.113.9",
        "192.168.1.255",
        "192.168.1.0",
        "192.168.1.118",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.1.75",
        "127.0.0.1",
    ],
)
def test_a_source_that_cannot_be_a_phone_gets_nothing(source: str) -> None:
    engine = responder()
    for multicast in (False, True):
        output = engine.receive_datagram(
            Datagram(SEED.octets, SocketAddress(source, 5060), LOCAL, multicast), 0.0
        )
        assert output.datagrams == ()


def test_a_source_port_of_0_gets_nothing() -> None:
    output = responder().receive_datagram(
        Datagram(SEED.octets, SocketAddress(PHONE.host, 0), LOCAL, True), 0.0
    )
    assert all(datagram.remote.port != 0 for datagram in output.datagrams)
