"""The engine where the request came by TCP: one connection, nothing sent twice, no limit of a datagram."""

from __future__ import annotations

import pytest

from pnp_responder.datagram import TCP, Datagram
from pnp_responder.engine import Output
from pnp_responder.enrollment import Decline, Enrollment, Offer
from pnp_responder.events import (
    DatagramDropped,
    EnrollmentDeclined,
    EnrollmentOffered,
    Event,
    NotifyAnswered,
    NotifyTimedOut,
    NotifyUndeliverable,
    RequestRefused,
)
from tests import strict
from tests.examples import (
    ANOTHER_PHONE,
    LIFETIME,
    LOCAL,
    PHONE,
    SUBSCRIBE,
    altered,
    answer,
    heard,
    responder,
    run_out,
)

BY_TCP = LOCAL._replace(transport=TCP)
ASKED = SUBSCRIBE.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP")


def by_tcp(octets: bytes = ASKED) -> Datagram:
    return heard(octets, multicast=False, local=BY_TCP)


def told(output: Output[Event]) -> list[type[Event]]:
    return [type(event) for event in output.events]


def test_both_answers_go_back_on_the_connection_and_say_so() -> None:
    output = responder().receive_datagram(by_tcp(), 0.0)
    assert told(output) == [EnrollmentOffered]
    # Neither the Via's port nor the Contact's: the connection.
    assert [(d.remote, d.local) for d in output.datagrams] == [(PHONE, BY_TCP)] * 2
    ok, notify = (strict.read(datagram.payload) for datagram in output.datagrams)
    assert ok.one("Contact") == notify.one("Contact") == "<sip:192.0.2.1:5060;transport=tcp>"
    assert notify.one("Via").startswith("SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK")


def test_by_udp_nothing_is_said_of_tcp() -> None:
    for datagram in responder().receive_datagram(heard(SUBSCRIBE, multicast=False), 0.0).datagrams:
        assert b"tcp" not in datagram.payload.lower()


def test_an_unanswered_notify_is_sent_once_and_times_out_by_timer_f() -> None:
    engine = responder()
    end, outputs = run_out(engine, engine.receive_datagram(by_tcp(), 0.0))
    assert end == LIFETIME
    assert [datagram for output in outputs for datagram in output.datagrams] == []
    assert [event for output in outputs for event in output.events if isinstance(event, NotifyTimedOut)]


def test_nothing_is_kept_once_the_notify_is_answered() -> None:
    engine = responder()
    notify = engine.receive_datagram(by_tcp(), 0.0).datagrams[1]
    reply = by_tcp(answer(notify.payload))
    answered = engine.receive_datagram(reply, 0.25)
    assert told(answered) == [NotifyAnswered]
    # RFC 3261 17.1.2.2: timer K is zero. The deadline is that of timer E, which ran before.
    assert engine.handle_timeout(0.5).deadline is None
    assert told(engine.receive_datagram(reply, 0.25)) == [DatagramDropped]


def test_the_same_octets_again_are_a_new_request() -> None:
    """RFC 3261 17.2.2: timer J is zero where nothing needs to be repeated."""
    engine = responder()
    for _ in range(2):
        assert told(engine.receive_datagram(by_tcp(), 0.0)) == [EnrollmentOffered]


def test_silence_is_not_kept_either() -> None:
    engine = responder(lambda _: Decline("no", "rule"))
    for _ in range(2):
        output = engine.receive_datagram(by_tcp(), 0.0)
        assert told(output) == [EnrollmentDeclined]
        assert output.deadline is None


def test_a_closed_connection_ends_the_notify_that_waits_on_it_and_no_other() -> None:
    engine = responder()
    engine.receive_datagram(by_tcp(), 0.0)
    # The same address and port by UDP is another end.
    engine.receive_datagram(heard(altered(Contact=f"<sip:{PHONE}>", Call_ID="by-udp")), 0.0)
    assert told(engine.receive_closed(ANOTHER_PHONE, 1.0)) == []
    assert told(engine.receive_closed(PHONE, 1.0)) == [NotifyUndeliverable]
    assert told(engine.receive_closed(PHONE, 1.0)) == []
    assert told(engine.receive_unreachable(PHONE, 1.0)) == [NotifyUndeliverable]


def test_an_icmp_error_is_no_news_of_a_connection() -> None:
    engine = responder()
    engine.receive_datagram(by_tcp(), 0.0)
    assert told(engine.receive_unreachable(PHONE, 1.0)) == []


def test_an_offer_too_long_for_a_datagram_goes_by_tcp() -> None:
    url = "http://192.0.2.1/" + "x" * 1500

    def long_offer(_: Enrollment) -> Offer:
        return Offer(url, "long")

    output = responder(long_offer).receive_datagram(by_tcp(), 0.0)
    assert strict.read(output.datagrams[1].payload).body == url.encode()
    refused = responder(long_offer).receive_datagram(heard(SUBSCRIBE, multicast=False), 0.0)
    assert [strict.read(datagram.payload).status for datagram in refused.datagrams] == [500]


@pytest.mark.parametrize(
    ("length", "by_tcp_status"),
    [(None, 400), ("x", 400), ("7", 400), ("0", 200), ("-1", 400), ("0\r\nl: 0", 400)],
)
def test_content_length_is_needed(length: str | None, by_tcp_status: int) -> None:
    """RFC 3261 18.3: whoever cut the message out of the stream could not tell where it ends."""
    output = responder().receive_datagram(by_tcp(altered(Content_Length=length)), 0.0)
    assert strict.read(output.datagrams[0].payload).status == by_tcp_status
    assert output.datagrams[0].remote == PHONE
    if by_tcp_status == 400:
        assert told(output) == [RequestRefused]


def test_a_response_needs_no_content_length_to_be_known() -> None:
    engine = responder()
    notify = engine.receive_datagram(by_tcp(), 0.0).datagrams[1]
    without = answer(notify.payload).replace(b"Content-Length: 0\r\n", b"")
    assert told(engine.receive_datagram(by_tcp(without), 0.0)) == [NotifyAnswered]


def test_a_source_that_may_not_ask_is_dropped_as_by_udp() -> None:
    engine = responder()
    stranger = PHONE._replace(host="198.51.100.9")
    assert engine.refusal(PHONE, BY_TCP) is None
    assert engine.refusal(stranger, BY_TCP) == "source is neither on the link nor in service.allow"
    output = engine.receive_datagram(Datagram(ASKED, stranger, BY_TCP), 0.0)
    assert told(output) == [DatagramDropped]
