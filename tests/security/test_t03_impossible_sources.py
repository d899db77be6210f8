"""T3: a source that cannot be a phone of this link gets silence, also where the kernel lets it through."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from pnp_responder.admission import Admission
from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.events import DatagramDropped
from pnp_responder.responder import Responder
from tests import examples
from tests.outside.namespaces import GROUP
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.server import Server
from tests.security.hostile_lan import ELSEWHERE, PHONE, SERVER, Capture, HostileLan, Injector

SOURCES = {
    "off-link": (ELSEWHERE, 5060),
    "private-of-another-lan": ("10.9.8.7", 5060),
    "broadcast-of-the-link": ("192.168.1.255", 5060),
    "network-of-the-link": ("192.168.1.0", 5060),
    "broadcast": ("255.255.255.255", 5060),
    "group": (GROUP, 5060),
    "multicast": ("239.255.0.1", 5060),
    "reserved": ("240.0.0.1", 5060),
    "loopback": ("127.0.0.1", 5060),
    "loopback-2": ("127.1.2.3", 5060),
    "own": (SERVER, 5060),
    "own-other-port": (SERVER, 40_000),
    "zero": ("0.0.0.0", 5060),
    "this-network": ("0.1.2.3", 5060),
    "port-0": (PHONE, 0),
}


@pytest.mark.parametrize("rp_filter", [0, 1, 2])
def test_nothing_is_sent_for_a_forged_source(
    lan: HostileLan, server: Server, phone: Phone, rp_filter: int
) -> None:
    for name in ("all", "eth1"):
        lan.server.run("sysctl", "-qw", f"net.ipv4.conf.{name}.rp_filter={rp_filter}")
    with Injector(lan) as injector, Capture(lan.victim) as by_victim, Capture(lan.phone) as by_phone:
        for number, (name, source) in enumerate(SOURCES.items()):
            for way, to in (("m", GROUP), ("u", SERVER)):
                call_id = f"t03-{rp_filter}-{name}-{way}"
                octets = plain_subscribe(source[0], source[1] or 5060, f"0203{number:04x}beef", call_id)
                injector.send(source, to, octets)
        assert phone.hear_until_fence() == []
        assert phone.hear_until_fence(to=SERVER) == []
        assert by_victim.from_the_server(lan) == []
        to_all = {frame.to for frame in by_phone.from_the_server(lan) if b"t03-" in frame.payload}
        assert to_all == set(), "an answer went somewhere"
    lan.server.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0")
    lan.server.run("sysctl", "-qw", "net.ipv4.conf.eth1.rp_filter=0")


def test_the_same_frame_with_a_phone_for_its_source_is_answered(
    lan: HostileLan, server: Server, phone: Phone
) -> None:
    with Injector(lan) as injector:
        octets = plain_subscribe(PHONE, 5060, "02030100beef", "t03-control")
        injector.send((PHONE, 5060), GROUP, octets)
        response, notify = phone.hear_exchange()
    assert response.message.one("Call-ID") == notify.message.one("Call-ID") == "t03-control"


LOCAL = Local("eth1", SocketAddress(SERVER, 5060))


@pytest.mark.parametrize(("host", "port"), SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("multicast", [False, True], ids=["unicast", "multicast"])
def test_the_engine_drops_it_with_a_reason(host: str, port: int, multicast: bool) -> None:
    """The kernel drops some of these itself; here each one comes through."""
    engine = Responder(
        examples.offer,
        identifiers=examples.identifiers(),
        admission=Admission({"eth1": [IPv4Network("192.168.1.0/24")]}, own_addresses=[SERVER]),
    )
    octets = plain_subscribe(host, port or 5060, "020300000000", "t03-engine")
    output = engine.receive_datagram(Datagram(octets, SocketAddress(host, port), LOCAL, multicast), 0.0)
    assert output.datagrams == ()
    assert [type(event) for event in output.events] == [DatagramDropped]
    assert output.deadline is None
