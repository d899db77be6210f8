"""The subscriber by scripts: at this time that datagram, and what comes of it."""

from __future__ import annotations

import pytest

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.phone.events import (
    Answered,
    DatagramDropped,
    Ended,
    NotifyRepeated,
    NotifyTaken,
    Outcome,
    PhoneEvent,
    RequestRefused,
)
from pnp_responder.phone.subscriber import Subscriber

from .wire import GROUP, PHONES, SERVER, subscribe, subscriber

CALL_ID = "1@10.0.0.2"
URL = "http://10.0.0.1/1.cfg"
OK = f"""\
SIP/2.0 200 OK
Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKphone1;rport=5060;received=10.0.0.2
From: <sip:MAC=020000000001@224.0.1.75>;tag=phone1
To: <sip:MAC=020000000001@224.0.1.75>;tag=server
Call-ID: {CALL_ID}
CSeq: 1 SUBSCRIBE
Contact: <sip:10.0.0.1:5060>
Expires: 0
Content-Length: 0

"""
NOTIFY = f"""\
NOTIFY sip:10.0.0.2:5060 SIP/2.0
Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKserver;rport
Max-Forwards: 70
From: <sip:MAC=020000000001@224.0.1.75>;tag=server
To: <sip:MAC=020000000001@224.0.1.75>;tag=phone1
Call-ID: {CALL_ID}
CSeq: 1 NOTIFY
Contact: <sip:10.0.0.1:5060>
Event: ua-profile
Subscription-State: terminated;reason=timeout
Content-Type: application/url
Content-Length: {len(URL)}

{URL}"""

SERVED = Ended(CALL_ID, Outcome.SERVED, URL, 1, None)


def heard(text: str, remote: SocketAddress = SERVER.address) -> Datagram:
    return Datagram(text.replace("\n", "\r\n").encode(), remote, PHONES)


@pytest.fixture
def phone() -> Subscriber:
    """One that has asked at 0.0."""
    engine = subscriber()
    output = engine.subscribe(subscribe(1), GROUP, PHONES, 0.0)
    assert output.datagrams == (Datagram(subscribe(1), GROUP, PHONES),)
    return engine


def status_of(output: Output[PhoneEvent]) -> bytes:
    (sent,) = output.datagrams
    assert (sent.remote, sent.local) == (SERVER.address, PHONES)
    return sent.payload.partition(b"\r\n")[0]


def run_out(engine: Subscriber, deadline: float | None) -> list[tuple[float, Output[PhoneEvent]]]:
    outputs = []
    while deadline is not None:
        output = engine.handle_timeout(deadline)
        outputs.append((deadline, output))
        deadline = output.deadline
        assert len(outputs) < 100
    return outputs


def test_asks_again_by_timer_e_until_timer_f(phone: Subscriber) -> None:
    outputs = run_out(phone, phone.handle_timeout(0.0).deadline)
    sendings = [at for at, output in outputs for _ in output.datagrams]
    assert sendings == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert {d.payload for _, output in outputs for d in output.datagrams} == {subscribe(1)}
    ends = [(at, event) for at, output in outputs for event in output.events]
    assert ends == [(32.0, Ended(CALL_ID, Outcome.SILENCE, "", 11, None))]
    assert len(phone) == 0


def test_a_phone_of_little_patience() -> None:
    engine = subscriber(attempts=4, patience=5.0)
    outputs = run_out(engine, engine.subscribe(subscribe(1), GROUP, PHONES, 0.0).deadline)
    assert [at for at, output in outputs for _ in output.datagrams] == [0.5, 1.5, 3.5]
    ends = [(at, event) for at, output in outputs for event in output.events]
    assert ends == [(5.0, Ended(CALL_ID, Outcome.SILENCE, "", 4, None))]


def test_200_then_notify(phone: Subscriber) -> None:
    assert phone.receive_datagram(heard(OK), 0.1).events == (Answered(CALL_ID, 200, 1),)
    output = phone.receive_datagram(heard(NOTIFY), 0.2)
    assert output.events == (NotifyTaken(CALL_ID, URL, SERVER.address), SERVED._replace(status=200))
    assert status_of(output) == b"SIP/2.0 200 OK"
    assert all(not output.datagrams for _, output in run_out(phone, output.deadline))
    assert len(phone) == 0


def test_notify_before_the_200(phone: Subscriber) -> None:
    assert SERVED in phone.receive_datagram(heard(NOTIFY), 0.1).events
    assert phone.receive_datagram(heard(OK), 0.2).events == (Answered(CALL_ID, 200, 1),)


def test_asks_on_for_the_200_after_the_notify(phone: Subscriber) -> None:
    phone.receive_datagram(heard(NOTIFY), 0.1)
    assert phone.handle_timeout(0.5).datagrams == (Datagram(subscribe(1), GROUP, PHONES),)


def test_a_repeated_notify_gets_the_same_octets(phone: Subscriber) -> None:
    first = phone.receive_datagram(heard(NOTIFY), 0.1)
    again = phone.receive_datagram(heard(NOTIFY), 10.0)
    assert again.datagrams == first.datagrams
    assert again.events == (NotifyRepeated(CALL_ID),)


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (CALL_ID, "2@10.0.0.2", 481),
        ("tag=phone1", "tag=phone2", 481),
        ("Event: ua-profile", "Event: presence", 489),
        ("application/url", "text/html", 415),
        (f"Call-ID: {CALL_ID}\n", "", 400),
        ("CSeq: 1 NOTIFY", "CSeq: 1 SUBSCRIBE", 400),
        ("NOTIFY", "INVITE", 405),
        ("NOTIFY", "FROBNICATE", 501),
        (URL, "\x80" * len(URL), 400),
    ],
)
def test_refuses_what_is_not_its_notify(phone: Subscriber, old: str, new: str, status: int) -> None:
    datagram = heard(NOTIFY.replace(old, new))
    datagram = datagram._replace(payload=datagram.payload.replace("\x80".encode(), b"\x80"))
    output = phone.receive_datagram(datagram, 0.1)
    assert int(status_of(output).split()[1]) == status
    (event,) = output.events
    assert isinstance(event, RequestRefused)
    assert event.status == status
    assert phone.receive_datagram(datagram, 0.2).datagrams == output.datagrams
    assert SERVED in phone.receive_datagram(heard(NOTIFY), 0.3).events


def test_a_second_server_is_told_481(phone: Subscriber) -> None:
    phone.receive_datagram(heard(NOTIFY), 0.1)
    other = NOTIFY.replace("tag=server", "tag=other").replace("bKserver", "bKother")
    output = phone.receive_datagram(heard(other, SocketAddress("10.0.0.3", 5060)), 0.2)
    assert output.datagrams[0].payload.startswith(b"SIP/2.0 481 ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Subscription-State: terminated;reason=timeout\n", ""),
        ("Content-Type: application/url\n", ""),
        (URL, f"{URL}\n"),
        ("Event: ua-profile", "Event:UA-Profile;vendor=x"),
        # Not swapped: the phone's own tag stands in From.
        ("tag=phone1", "tag=x;y=1"),
        (";tag=phone1", ""),
    ],
)
def test_takes_what_phones_take(phone: Subscriber, old: str, new: str) -> None:
    text = NOTIFY.replace(old, new)
    if "y=1" in new:
        text = text.replace("tag=server", "tag=phone1")
    text = text.replace(f"Content-Length: {len(URL)}\n", "")
    assert SERVED in phone.receive_datagram(heard(text), 0.1).events


def test_no_url(phone: Subscriber) -> None:
    text = NOTIFY.replace(URL, "").replace(f"Content-Length: {len(URL)}", "Content-Length: 0")
    assert phone.receive_datagram(heard(text), 0.1).events == (
        NotifyTaken(CALL_ID, "", SERVER.address),
        Ended(CALL_ID, Outcome.NO_URL, "", 1, None),
    )


def test_a_pending_subscription_is_waited_for(phone: Subscriber) -> None:
    text = NOTIFY.replace(URL, "").replace(f"Content-Length: {len(URL)}", "Content-Length: 0")
    text = text.replace("terminated;reason=timeout", "pending;expires=60").replace("bKserver", "bKearlier")
    assert phone.receive_datagram(heard(text), 0.1).events == (NotifyTaken(CALL_ID, "", SERVER.address),)
    assert SERVED in phone.receive_datagram(heard(NOTIFY), 1.0).events


def test_200_without_notify(phone: Subscriber) -> None:
    deadline = phone.receive_datagram(heard(OK), 0.1).deadline
    events = [(at, event) for at, output in run_out(phone, deadline) for event in output.events]
    assert events == [(32.0, Ended(CALL_ID, Outcome.NO_NOTIFY, "", 1, 200))]


@pytest.mark.parametrize("status", ["404 Not Found", "302 Moved Temporarily", "603 Decline"])
def test_refused(phone: Subscriber, status: str) -> None:
    output = phone.receive_datagram(heard(OK.replace("200 OK", status)), 0.1)
    code = int(status[:3])
    assert output.events == (
        Answered(CALL_ID, code, 1),
        Ended(CALL_ID, Outcome.REFUSED, "", 1, code),
    )


def test_a_url_without_end(phone: Subscriber) -> None:
    long = URL + "x" * 5000
    text = NOTIFY.replace(URL, long).replace(f"Content-Length: {len(URL)}", f"Content-Length: {len(long)}")
    assert status_of(phone.receive_datagram(heard(text), 0.1)).startswith(b"SIP/2.0 400")


def test_unreachable() -> None:
    engine = subscriber()
    engine.subscribe(subscribe(1), SERVER.address, PHONES, 0.0)
    assert engine.receive_unreachable(SERVER.address, 0.1).events == (
        Ended(CALL_ID, Outcome.UNREACHABLE, "", 1, None),
    )


def test_a_phone_that_writes_no_branch() -> None:
    engine = subscriber()
    engine.subscribe(subscribe(1).replace(b";branch=z9hG4bKphone1", b""), GROUP, PHONES, 0.0)
    assert engine.receive_datagram(heard(OK.replace(";branch=z9hG4bKphone1", "")), 0.1).events == (
        Answered(CALL_ID, 200, 1),
    )


def test_a_phone_without_a_tag() -> None:
    engine = subscriber()
    engine.subscribe(subscribe(1).replace(b";tag=phone1", b""), GROUP, PHONES, 0.0)
    output = engine.receive_datagram(heard(NOTIFY.replace(";tag=phone1", "")), 0.1)
    assert SERVED in output.events
    to = next(row for row in output.datagrams[0].payload.split(b"\r\n") if row.startswith(b"To:"))
    assert b";tag=" in to, "RFC 3261 8.2.6.2"


@pytest.mark.parametrize(
    "text",
    [
        OK.replace("bKphone1", "bKphone2"),
        OK.replace("SUBSCRIBE", "NOTIFY"),
        OK.replace(CALL_ID, "other"),
        NOTIFY.replace("NOTIFY", "ACK"),
        NOTIFY.replace("NOTIFY", "ACK").replace(f"Call-ID: {CALL_ID}\n", ""),
        "\n\n",
        "GET / HTTP/1.1\n\n",
    ],
)
def test_drops(phone: Subscriber, text: str) -> None:
    output = phone.receive_datagram(heard(text), 0.1)
    (event,) = output.events
    assert isinstance(event, DatagramDropped)
    assert output.datagrams == ()


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        OK.encode(),
        subscribe(1).replace(b"SUBSCRIBE", b"OPTIONS"),
        subscribe(1).replace(b"Call-ID", b"X"),
        subscribe(1).replace(b"From: <", b"From: "),
    ],
)
def test_wrong_use(octets: bytes) -> None:
    with pytest.raises(ValueError, match="not a SUBSCRIBE"):
        subscriber().subscribe(octets, GROUP, PHONES, 0.0)


def test_a_call_id_is_one_phones(phone: Subscriber) -> None:
    with pytest.raises(ValueError, match="in use"):
        phone.subscribe(subscribe(1), GROUP, PHONES, 0.1)
    full = subscriber(capacity=1)
    full.subscribe(subscribe(1), GROUP, PHONES, 0.0)
    with pytest.raises(ValueError, match="too many"):
        full.subscribe(subscribe(2), GROUP, PHONES, 0.0)


FOREIGN = NOTIFY.replace(CALL_ID, "9@10.0.0.9").replace("tag=phone1", "tag=nobodys")


class TestOutsideTheDialog:
    def test_a_phone_that_refuses_it_says_so(self, phone: Subscriber) -> None:
        output = phone.receive_datagram(heard(FOREIGN), 0.1)
        assert status_of(output).startswith(b"SIP/2.0 481 ")
        events = [event for _, output in run_out(phone, output.deadline) for event in output.events]
        refusal = "481, a NOTIFY for no subscription of this phone"
        assert events == [Ended(CALL_ID, Outcome.NOTIFY_REFUSED, "", 11, None, refusal)]
        assert len(phone) == 0

    def test_after_a_200_as_well(self, phone: Subscriber) -> None:
        phone.receive_datagram(heard(OK), 0.1)
        output = phone.receive_datagram(heard(NOTIFY.replace("application/url", "text/html")), 0.1)
        (ended,) = (event for _, output in run_out(phone, output.deadline) for event in output.events)
        assert ended == Ended(
            CALL_ID, Outcome.NOTIFY_REFUSED, "", 1, 200, "415, a body that is no application/url"
        )

    @pytest.mark.parametrize("notify", [FOREIGN, NOTIFY.replace("tag=phone1", "tag=nobodys")])
    def test_a_phone_that_takes_it(self, notify: str) -> None:
        engine = subscriber(outside_dialog=True)
        engine.subscribe(subscribe(1), GROUP, PHONES, 0.0)
        output = engine.receive_datagram(heard(notify), 0.1)
        assert status_of(output) == b"SIP/2.0 200 OK"
        assert output.events == (NotifyTaken(CALL_ID, URL, SERVER.address), SERVED)

    def test_many_phones_that_are_not_named_have_all_refused_it(self) -> None:
        engine = subscriber()
        for number in (1, 2):
            engine.subscribe(subscribe(number), GROUP, PHONES, 0.0)
        nobodys = FOREIGN.replace("00001@", "00007@")
        output = engine.receive_datagram(heard(nobodys), 0.1)
        engine.subscribe(subscribe(3), GROUP, PHONES, 0.2)
        ends = [event for _, output in run_out(engine, output.deadline) for event in output.events]
        outcomes = [event.outcome for event in ends if isinstance(event, Ended)]
        assert outcomes == [Outcome.NOTIFY_REFUSED, Outcome.NOTIFY_REFUSED, Outcome.SILENCE]

    def test_another_server_was_faster_with_that_phone(self) -> None:
        engine = subscriber()
        for number in (1, 2, 3):
            engine.subscribe(subscribe(number), GROUP, PHONES, 0.0)
        assert SERVED in engine.receive_datagram(heard(NOTIFY), 0.1).events
        output = engine.receive_datagram(heard(NOTIFY.replace("bKserver", "bKother")), 0.2)
        ends = [event for _, output in run_out(engine, output.deadline) for event in output.events]
        assert {event.outcome for event in ends if isinstance(event, Ended)} == {Outcome.SILENCE}

    def test_the_same_branch_for_two_phones_is_no_repeat(self) -> None:
        engine = subscriber(outside_dialog=True)
        served: list[PhoneEvent] = []
        for number in (1, 2, 3):
            engine.subscribe(subscribe(number), GROUP, PHONES, 0.0)
        for name in ("00001@", "00002@", "00002@"):
            canned = FOREIGN.replace("00001@", name).replace("sip:10.0.0.2", f"sip:MAC=0200000{name}10.0.0.2")
            served += engine.receive_datagram(heard(canned), 0.1).events
        names = [type(event).__name__ for event in served]
        assert names == ["NotifyTaken", "Ended", "NotifyTaken", "Ended", "NotifyRepeated"]

    def test_many_phones_are_told_apart_by_name(self) -> None:
        engine = subscriber(outside_dialog=True)
        for number in (1, 2, 3):
            engine.subscribe(subscribe(number), GROUP, PHONES, 0.0)
        (_, ended) = engine.receive_datagram(heard(FOREIGN.replace("00001@", "00002@")), 0.1).events
        assert isinstance(ended, Ended)
        assert ended.call_id == "2@10.0.0.2"
        nobodys = FOREIGN.replace("00001@", "00007@").replace("bKserver", "bKother")
        (event,) = engine.receive_datagram(heard(nobodys), 0.2).events
        assert isinstance(event, RequestRefused)
        assert event.status == 481
