from __future__ import annotations

import pytest

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.enrollment import Device, Enrollment
from pnp_responder.mac import Mac
from pnp_responder.sip import Request, parse_message
from pnp_responder.ua_profile import is_probe, looks_like_a_probe, read_enrollment
from pnp_responder.ua_profile.phones_probed import PROBED_AS
from pnp_responder.ua_profile.probe import PROBE_AGENT, probe_mac, probe_subscribe
from tests.examples import LOCAL, SUBSCRIBE, identifiers

GROUP = SocketAddress("224.0.1.75", 5060)
PROBE = SocketAddress("192.0.2.77", 40_000)
DEVICE = PROBED_AS._replace(mac=probe_mac(b"\x0a\xff"))


def test_the_mac_is_locally_administered_and_no_group_address() -> None:
    mac = probe_mac(b"\x0a\xff\x00")
    assert mac == "02504e500aff"
    first = int(mac[:2], 16)
    assert first & 2
    assert not first & 1


def test_a_responder_reads_it_as_the_phone_that_it_plays() -> None:
    octets = probe_subscribe(DEVICE, PROBE, GROUP, identifiers())
    request = parse_message(octets)
    assert isinstance(request, Request)
    assert request.fault is None
    enrollment = read_enrollment(request, Datagram(octets, PROBE, LOCAL, True))
    assert enrollment == Enrollment(DEVICE, "device", PROBE_AGENT, PROBE, LOCAL)
    assert is_probe(enrollment)
    assert looks_like_a_probe(octets)


def test_two_probes_are_two_phones() -> None:
    source = identifiers()
    first, second = (parse_message(probe_subscribe(DEVICE, PROBE, GROUP, source)) for _ in range(2))
    assert isinstance(first, Request)
    assert isinstance(second, Request)
    assert first.text("call-id") != second.text("call-id")
    assert first.via.branch != second.via.branch


def test_a_device_may_say_of_itself_what_it_likes() -> None:
    odd = DEVICE._replace(vendor='A "quoted" \\ one', model="", version="1;2")
    request = parse_message(probe_subscribe(odd, PROBE, GROUP, identifiers()))
    assert isinstance(request, Request)
    assert read_enrollment(request, Datagram(b"", PROBE, LOCAL, True)).device == odd


def test_without_a_mac_it_is_no_probe() -> None:
    with pytest.raises(ValueError, match="no MAC"):
        probe_subscribe(PROBED_AS, PROBE, GROUP, identifiers())


@pytest.mark.parametrize("spelling", ["02504e500001", "02504E500001", "02:50:4E:50:00:01", "0250.4e50.0001"])
def test_it_is_known_however_the_phone_that_it_plays_spells_its_mac(spelling: str) -> None:
    assert looks_like_a_probe(f"SUBSCRIBE sip:{spelling}@224.0.1.75 SIP/2.0".encode())


def test_phones_are_no_probes() -> None:
    assert not looks_like_a_probe(SUBSCRIBE)
    assert not is_probe(Enrollment(Device(mac=Mac.parse("02504f500aff"))))
    assert not is_probe(Enrollment(Device()))
