from __future__ import annotations

import pytest

from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.enrollment import Device
from pnp_responder.events import EnrollmentOffered, ProbeHeard
from pnp_responder.phone.catalogue import CATALOGUE
from pnp_responder.phone.render import Asking, render
from pnp_responder.probe.prober import MAX_SERVERS, SENDINGS, Answer, Prober
from pnp_responder.sip import parse_message
from pnp_responder.ua_profile.phones_probed import PROBED_AS
from pnp_responder.ua_profile.probe import probe_mac, probe_subscribe
from tests.examples import LOCAL, URL, heard, identifiers, responder

GROUP = SocketAddress("224.0.1.75", 5060)
HERE = Local("eth0", SocketAddress("192.0.2.77", 40_000))
SUBSCRIBE = probe_subscribe(PROBED_AS._replace(mac=probe_mac(b"\0\1")), HERE.address, GROUP, identifiers())
CALL_ID = SUBSCRIBE.partition(b"Call-ID: ")[2].partition(b"\r\n")[0].decode()
BRANCH = SUBSCRIBE.partition(b"branch=")[2].partition(b";")[0].decode()
SERVER = SocketAddress("192.0.2.10", 5060)
PBX = SocketAddress("192.0.2.20", 5060)


def prober() -> Prober:
    made = Prober(SUBSCRIBE, HERE, GROUP, identifiers(), 100.0)
    assert made.handle_timeout(100.0).datagrams == (Datagram(SUBSCRIBE, GROUP, HERE),)
    return made


def response(status: int = 200, tag: str = "s", branch: str = BRANCH, method: str = "SUBSCRIBE") -> bytes:
    return (
        f"SIP/2.0 {status} x\r\nVia: SIP/2.0/UDP {HERE.address};branch={branch}\r\nFrom: <sip:a>;tag=p\r\n"
        f"To: <sip:a>;tag={tag}\r\nCall-ID: {CALL_ID}\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def notify(url: str = URL, tag: str = "s", call_id: str = CALL_ID, more: str = "") -> bytes:
    return (
        f"NOTIFY sip:{HERE.address} SIP/2.0\r\nVia: SIP/2.0/UDP {SERVER};branch=z9hG4bK{tag};rport\r\n"
        f"From: <sip:a>;tag={tag}\r\nTo: <sip:a>;tag=p\r\nCall-ID: {call_id}\r\nCSeq: 1 NOTIFY\r\n"
        f"Event: ua-profile\r\n{more}Content-Type: application/url\r\nContent-Length: {len(url)}\r\n\r\n{url}"
    ).encode()


def take(made: Prober, octets: bytes, remote: SocketAddress, now: float) -> tuple[Datagram, ...]:
    return made.receive_datagram(Datagram(octets, remote, HERE), now).datagrams


def test_asks_three_times_by_the_timers_of_a_phone() -> None:
    made = Prober(SUBSCRIBE, HERE, GROUP, identifiers(), 100.0)
    deadline: float | None = 100.0
    asked = []
    while deadline is not None:
        output = made.handle_timeout(deadline)
        asked += [deadline - 100.0] * len(output.datagrams)
        deadline = output.deadline
    assert asked == list(SENDINGS)


def test_a_late_wake_up_asks_once() -> None:
    made = Prober(SUBSCRIBE, HERE, GROUP, identifiers(), 100.0)
    assert len(made.handle_timeout(100.6).datagrams) == 1
    assert made.handle_timeout(100.6).deadline == 101.5


def test_our_responder_is_a_server_like_any_other() -> None:
    made, engine = prober(), responder()
    asked = heard(SUBSCRIBE, remote=HERE.address, local=LOCAL)
    for datagram in engine.receive_datagram(asked, 0.0).datagrams:
        for reply in take(made, datagram.payload, LOCAL.address, 100.25):
            assert reply.remote == LOCAL.address
            engine.receive_datagram(heard(reply.payload, multicast=False, remote=HERE.address), 0.1)
    assert made.answers == (Answer(LOCAL.address, 0.25, 200, URL),)
    assert engine.handle_timeout(40.0).datagrams == (), "the NOTIFY was confirmed"


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_phone_of_the_catalogue_can_be_played(name: str) -> None:
    wire = CATALOGUE[name].wire
    device = Device(probe_mac(b"\0\1"), wire.vendor or "", wire.model, wire.version)
    subscribe = render(wire, device, Asking(HERE.address), identifiers())
    made, engine = Prober(subscribe, HERE, GROUP, identifiers(), 100.0), responder()
    output = engine.receive_datagram(heard(subscribe, remote=HERE.address, local=LOCAL), 0.0)
    for datagram in output.datagrams:
        take(made, datagram.payload, LOCAL.address, 100.25)
    assert made.answers == (Answer(LOCAL.address, 0.25, 200, URL),)
    # But for those that tell their MAC nowhere.
    assert [type(event) for event in output.events] == [
        ProbeHeard if "mac" in wire.text.lower() else EnrollmentOffered
    ]


def test_every_server_is_listed_in_the_order_in_which_they_came() -> None:
    made = prober()
    take(made, response(tag="b"), PBX, 100.001)
    take(made, response(tag="a"), SERVER, 100.002)
    take(made, notify("http://a/", tag="a"), SERVER, 100.003)
    take(made, notify("http://b/", tag="b"), PBX, 100.004)
    assert [(a.address, a.status, a.url) for a in made.answers] == [
        (PBX, 200, "http://b/"),
        (SERVER, 200, "http://a/"),
    ]
    assert made.answers[0].delay == pytest.approx(0.001)


def test_repeats_change_nothing() -> None:
    made = prober()
    for now in (100.1, 100.6, 101.6):
        take(made, response(), SERVER, now)
        assert len(take(made, notify(), SERVER, now)) == 1
    assert made.answers == (Answer(SERVER, pytest.approx(0.1), 200, URL),)  # type: ignore[arg-type]


def test_a_notify_that_overtakes_the_response() -> None:
    made = prober()
    take(made, notify(), SERVER, 100.1)
    take(made, response(), SERVER, 100.2)
    assert [(a.status, a.url) for a in made.answers] == [(200, URL)]


def test_a_server_without_order_in_its_tags_and_ports_is_one() -> None:
    made = prober()
    take(made, response(tag="one"), SERVER, 100.1)
    take(made, notify(tag="two"), SERVER._replace(port=7777), 100.2)
    take(made, response(tag="three"), SERVER, 100.6)
    assert [(a.address, a.status, a.url) for a in made.answers] == [(SERVER, 200, URL)]


def test_a_server_with_a_new_port_for_each_answer_and_no_tags_is_one() -> None:
    made = prober()
    untagged = response().replace(b";tag=s", b"")
    for number, at in enumerate((100.1, 100.6, 101.6)):
        port = SocketAddress(SERVER.host, 40_001 + number)
        take(made, untagged, port, at)
        take(made, notify(tag="p"), port, at)
    (answer,) = made.answers
    assert (answer.address.port, answer.status, answer.url) == (40_001, 200, URL)


def test_two_servers_of_one_host_are_two() -> None:
    made = prober()
    other = SERVER._replace(port=5070)
    take(made, response(tag="a"), SERVER, 100.1)
    take(made, notify("http://b/", tag="b"), other, 100.2)
    take(made, response(tag="b"), other, 100.3)
    take(made, notify("http://a/", tag="a"), SERVER, 100.4)
    assert [(a.address, a.url) for a in made.answers] == [(SERVER, "http://a/"), (other, "http://b/")]


@pytest.mark.parametrize("status", [403, 489, 500])
def test_a_refusal_is_an_answer(status: int) -> None:
    made = prober()
    take(made, response(100), SERVER, 100.1)
    assert [(a.status, a.url) for a in made.answers] == [(None, None)]
    take(made, response(status), SERVER, 100.2)
    assert [(a.status, a.url) for a in made.answers] == [(status, None)]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"SIP/2.0 200 OK\r\n\r\n",
        response(branch="z9hG4bKanother"),
        response(method="NOTIFY"),
        response().replace(CALL_ID.encode(), b"another"),
        notify().replace(b"Call-ID: ", b"Call-ID: \x80"),
        notify(call_id="another").replace(b"ua-profile", b"presence"),
        notify().replace(b"NOTIFY", b"MESSAGE"),
        notify(more="Call-ID: again\r\n"),
        SUBSCRIBE,
    ],
)
def test_what_is_no_answer_to_it_is_none(octets: bytes) -> None:
    made = prober()
    assert take(made, octets, SERVER, 100.1) == ()
    assert made.answers == ()


def test_a_server_that_knows_of_no_dialogs_is_one() -> None:
    """It is told 481 (RFC 3261 12.2.2), and listed: some phones take what it says."""
    made = prober()
    (said,) = take(made, notify(call_id="another"), SERVER, 100.2)
    assert said.payload.startswith(b"SIP/2.0 481 ")
    assert [answer._replace(delay=0.2) for answer in made.answers] == [Answer(SERVER, 0.2, None, URL)]
    take(made, response(), SERVER, 100.3)
    assert [answer._replace(delay=0.2) for answer in made.answers] == [Answer(SERVER, 0.2, 200, URL)]


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (notify(""), b"SIP/2.0 200"),
        (notify().replace(b"application/url", b"text/html"), b"SIP/2.0 415"),
    ],
)
def test_a_notify_without_a_url(octets: bytes, status: bytes) -> None:
    made = prober()
    (reply,) = take(made, octets, SERVER, 100.1)
    assert reply.payload.startswith(status)
    assert [(a.status, a.url) for a in made.answers] == [(None, "")]


def test_a_response_whose_to_cannot_be_read_has_no_tag() -> None:
    made = prober()
    take(made, response().replace(b"To: <sip:a>", b"To: <sip:a"), SERVER, 100.1)
    take(made, notify(), SERVER, 100.2)
    assert [(a.status, a.url) for a in made.answers] == [(200, URL)]


def test_an_unreachable_server_changes_nothing() -> None:
    made = prober()
    assert made.receive_unreachable(SERVER, 100.1).deadline == 100.5
    assert made.answers == ()


def test_forged_servers_are_bounded() -> None:
    made = prober()
    for number in range(MAX_SERVERS + 10):
        take(made, response(), SocketAddress(f"198.51.100.{number}", 5060), 100.1)
    for number in range(1, 2_000):
        take(made, response(tag=f"t{number}"), SocketAddress("198.51.100.1", 5060), 100.1)
    assert len(made.answers) == MAX_SERVERS


def test_what_it_asks_with_has_to_be_a_request() -> None:
    for octets in (response(), b"SUBSCRIBE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n\r\n"):
        parse_message(octets)
        with pytest.raises(ValueError, match="not a request"):
            Prober(octets, HERE, GROUP, identifiers(), 0.0)
