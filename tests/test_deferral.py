"""A request that cannot be decided yet: four octets to its source, and its repeat is as new."""

from __future__ import annotations

import pytest

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.enrollment import Decision, Defer, Enrollment
from pnp_responder.events import EnrollmentDeferred, EnrollmentOffered, ProbeHeard
from pnp_responder.rehearsal import rehearse
from pnp_responder.ua_profile.phones_probed import PROBED_AS
from pnp_responder.ua_profile.probe import probe_mac, probe_subscribe
from tests.examples import LOCAL, PHONE, SUBSCRIBE, heard, identifiers, offer, responder

DEFER = Defer("not known yet", "careful")
KEEP_ALIVE = Datagram(b"\r\n\r\n", PHONE, LOCAL)


def later(enrollment: Enrollment) -> Decision:
    return DEFER


@pytest.mark.parametrize("multicast", [True, False])
def test_a_keep_alive_goes_to_the_source_and_nothing_is_held(multicast: bool) -> None:
    output = responder(later).receive_datagram(heard(SUBSCRIBE, multicast=multicast), 0.0)
    # Neither to the Via's port, 5060, nor to the Contact's, 5064.
    assert output.datagrams == (KEEP_ALIVE,)
    (event,) = output.events
    assert isinstance(event, EnrollmentDeferred)
    assert event.defer == DEFER
    assert event.enrollment.device.mac == "00a859112233"
    assert output.deadline is None


def test_the_repeat_is_decided_anew() -> None:
    answers = [later, later, offer]
    engine = responder(lambda enrollment: answers.pop(0)(enrollment))
    for now in (0.0, 0.5):
        assert engine.receive_datagram(heard(SUBSCRIBE), now).datagrams == (KEEP_ALIVE,)
    served = engine.receive_datagram(heard(SUBSCRIBE), 1.5)
    assert [type(event) for event in served.events] == [EnrollmentOffered]
    assert [datagram.payload.split(b" ")[0] for datagram in served.datagrams] == [b"SIP/2.0", b"NOTIFY"]


def test_a_probe_that_is_deferred_is_no_phone() -> None:
    source = SocketAddress("192.0.2.77", 40_000)
    device = PROBED_AS._replace(mac=probe_mac(b"\0\1"))
    octets = probe_subscribe(device, source, SocketAddress("224.0.1.75", 5060), identifiers())
    output = responder(later).receive_datagram(heard(octets, remote=source), 0.0)
    (event,) = output.events
    assert isinstance(event, ProbeHeard)
    assert event.decision == DEFER


def test_a_rehearsal_says_so() -> None:
    rehearsal = rehearse(SUBSCRIBE, later, identifiers=identifiers())
    assert rehearsal.decision == DEFER
    assert [datagram.payload for datagram in rehearsal.datagrams] == [b"\r\n\r\n"]
