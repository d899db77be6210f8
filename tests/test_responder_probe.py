"""The engine and a probe for PnP servers: silence to our own, and never a phone."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from pnp_responder.admission import Admission
from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Decline, Offer
from pnp_responder.events import DatagramDropped, ProbeHeard
from pnp_responder.rehearsal import rehearse
from pnp_responder.responder import Responder
from pnp_responder.ua_profile.phones_probed import PROBED_AS
from pnp_responder.ua_profile.probe import probe_mac, probe_subscribe
from tests import strict
from tests.examples import LOCAL, SUBSCRIBE, URL, answer, heard, identifiers, offer, responder, run_out

DEVICE = PROBED_AS._replace(mac=probe_mac(b"\0\1"))
GROUP = SocketAddress("224.0.1.75", 5060)
OURS = SocketAddress(LOCAL.address.host, 40_000)
THEIRS = SocketAddress("192.0.2.77", 40_000)


def probe(source: SocketAddress) -> bytes:
    return probe_subscribe(DEVICE, source, GROUP, identifiers())


def test_our_own_probe_hears_nothing_from_us() -> None:
    output = responder().receive_datagram(heard(probe(OURS), remote=OURS), 0.0)
    assert output.datagrams == ()
    assert output.events == (ProbeHeard(OURS, LOCAL, None, None),)
    assert output.deadline is None


def test_nor_on_the_loopback() -> None:
    lo = Local("lo", SocketAddress("127.0.0.1", 5060))
    source = SocketAddress("127.0.0.1", 40_000)
    admission = Admission({"lo": [IPv4Network("127.0.0.0/8")]}, own_addresses=["127.0.0.1"])
    engine = Responder(offer, identifiers=identifiers(), admission=admission)
    assert engine.receive_datagram(heard(probe(source), remote=source, local=lo), 0.0).datagrams == ()
    # A phone on the loopback is served as ever.
    assert len(engine.receive_datagram(heard(SUBSCRIBE, remote=source, local=lo), 0.0).datagrams) == 2


def test_what_else_comes_from_our_own_address_is_dropped_as_ever() -> None:
    output = responder().receive_datagram(heard(SUBSCRIBE, remote=OURS), 0.0)
    assert [type(event) for event in output.events] == [DatagramDropped]


def test_the_probe_of_another_host_is_told_what_a_phone_is_told_and_is_no_phone() -> None:
    engine = responder()
    output = engine.receive_datagram(heard(probe(THEIRS), remote=THEIRS), 0.0)
    (event,) = output.events
    assert isinstance(event, ProbeHeard)
    assert event.enrollment is not None
    assert event.enrollment.device == DEVICE
    assert event.decision == Offer(URL, "everyone")
    ok, notify = output.datagrams
    assert strict.read(ok.payload).status == 200
    answered = engine.receive_datagram(heard(answer(notify.payload), multicast=False, remote=THEIRS), 0.5)
    assert answered.events == ()
    assert all(output.events == () for output in run_out(engine, answered)[1])


def test_its_repeat_brings_the_same_and_its_silence_is_told_of_no_phone() -> None:
    engine = responder()
    asked = heard(probe(THEIRS), remote=THEIRS)
    ok = engine.receive_datagram(asked, 0.0).datagrams[0]
    assert engine.receive_datagram(asked, 0.5).datagrams == (ok,)
    _, outputs = run_out(engine, engine.receive_datagram(asked, 1.0))
    assert [event for output in outputs for event in output.events] == []


@pytest.mark.parametrize("status", [None, 403])
def test_a_declined_probe_of_another_host(status: int | None) -> None:
    decline = Decline("no", "rule", status)
    output = responder(lambda _: decline).receive_datagram(heard(probe(THEIRS), remote=THEIRS), 0.0)
    (event,) = output.events
    assert isinstance(event, ProbeHeard)
    assert event.decision == decline
    assert len(output.datagrams) == (0 if status is None else 1)


def test_explain_shows_what_a_probe_would_be_told() -> None:
    rehearsal = rehearse(probe(THEIRS), offer, identifiers=identifiers())
    assert rehearsal.decision == Offer(URL, "everyone")
    assert len(rehearsal.datagrams) == 2
