from __future__ import annotations

import pytest

from pnp_responder.datagram import SocketAddress
from pnp_responder.enrollment import Decision, Decline, Enrollment, Offer
from pnp_responder.rehearsal import STAND_IN_LOCAL, STAND_IN_REMOTE, Rehearsal, rehearse
from tests import strict
from tests.examples import LOCAL, PHONE, SUBSCRIBE, URL, altered, heard, identifiers, offer, responder


def run(payload: bytes) -> Rehearsal:
    return rehearse(payload, offer, identifiers=identifiers())


def test_says_what_the_service_would_say() -> None:
    found = rehearse(SUBSCRIBE, offer, identifiers=identifiers(), remote=PHONE, local=LOCAL)
    served = responder().receive_datagram(heard(SUBSCRIBE), 0.0)
    assert found.datagrams == served.datagrams
    assert found.decision == Offer(URL, "everyone")
    assert found.refusal is None
    assert found.enrollment is not None
    assert (found.enrollment.remote, found.enrollment.local) == (PHONE, LOCAL)


def test_what_nobody_knows_is_unknown_to_the_rules() -> None:
    asked: list[Enrollment] = []

    def decide(enrollment: Enrollment) -> Decision:
        asked.append(enrollment)
        return offer(enrollment)

    found = rehearse(SUBSCRIBE, decide, identifiers=identifiers())
    assert asked == [found.enrollment]
    assert (asked[0].remote, asked[0].local) == (None, None)


@pytest.mark.parametrize(
    ("contact", "via", "remote"),
    [
        ("<sip:192.0.2.45:5064>", "192.0.2.46:5066", ("192.0.2.45", 5064)),
        ("<sip:u@192.0.2.45>", "192.0.2.46:5066", ("192.0.2.45", 5060)),
        ("<sip:phone.example>", "192.0.2.46:5066", ("192.0.2.46", 5066)),
        ("<sip:phone.example>", "phone.example", STAND_IN_REMOTE),
        ("<sip:[2001:db8::1]>", "192.0.2.46", ("192.0.2.46", 5060)),
        (None, "192.0.2.46:5066", ("192.0.2.46", 5066)),
        (None, "phone.example", STAND_IN_REMOTE),
        (None, "192.0.2.46:x", ("192.0.2.46", 5060)),
    ],
)
def test_source_that_the_message_names(contact: str | None, via: str, remote: SocketAddress) -> None:
    found = run(altered(Contact=contact, Via=f"SIP/2.0/UDP {via};branch=z9hG4bKx;rport"))
    ok, notify = found.datagrams
    assert ok.remote == remote
    assert notify.remote == remote
    assert ok.local == STAND_IN_LOCAL
    strict.check_200(strict.read(ok.payload))
    strict.check_notify(strict.read(notify.payload), URL)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "127.0.0.1", "224.0.1.75", "255.255.255.255", "192.0.2.1", STAND_IN_LOCAL.address.host],
)
def test_an_odd_address_in_the_message_is_no_reason_to_refuse(host: str) -> None:
    """The message may be from a test client, or masked by whoever wrote it down."""
    found = run(altered(Contact=f"<sip:{host}:5060>", Via=f"SIP/2.0/UDP {host}:5060;branch=z9hG4bKx"))
    assert found.refusal is None
    assert len(found.datagrams) == 2


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b" ", "not SIP"),
        (b"GET / HTTP/1.1\r\n\r\n", "not SIP"),
        (b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a\r\nCSeq: 1 NOTIFY\r\n\r\n", "a response"),
        (altered(Event="presence"), "not the ua-profile event package"),
        (altered(Accept="text/plain"), "Accept"),
        (altered(To="<sip:a@b>;tag=x"), "dialog"),
        (altered(CSeq="x"), "CSeq"),
        (altered(Contact="*"), "Contact"),
        (altered(Contact="<tel:+1>"), "Contact"),
        (SUBSCRIBE.replace(b"SUBSCRIBE", b"OPTIONS"), "OPTIONS"),
        (SUBSCRIBE.replace(b"SUBSCRIBE", b"ACK"), "ACK"),
        (SUBSCRIBE.replace(b"SUBSCRIBE", b"CANCEL"), "CANCEL"),
        (SUBSCRIBE.replace(b"SUBSCRIBE", b"INVITE"), "not served"),
    ],
)
def test_refusals(payload: bytes, reason: str) -> None:
    found = run(payload)
    assert found.enrollment is None
    assert found.decision is None
    assert found.refusal is not None
    assert reason in found.refusal
    assert found.datagrams == ()


def test_no_rule() -> None:
    decline = Decline("no rule matches")
    found = rehearse(SUBSCRIBE, lambda _: decline, identifiers=identifiers())
    assert (found.decision, found.datagrams) == (decline, ())


def test_reject() -> None:
    decline = Decline("the rule rejects", "nobody", 403)
    found = rehearse(SUBSCRIBE, lambda _: decline, identifiers=identifiers())
    assert found.decision == decline
    (sent,) = found.datagrams
    assert strict.read(sent.payload).status == 403


def test_a_notify_that_is_too_long_is_no_offer() -> None:
    found = rehearse(SUBSCRIBE, lambda _: Offer("http://" + "x" * 1300, "long"), identifiers=identifiers())
    assert found.datagrams == ()
    assert isinstance(found.decision, Decline)
    assert "1300" in found.decision.reason
    assert found.decision.rule == "long"
