"""T6: another server on the link cannot be prevented, but it can be seen: a probe lists each that answers."""

from __future__ import annotations

from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.enrollment import Enrollment, Offer
from pnp_responder.probe.prober import Prober
from pnp_responder.responder import Responder
from pnp_responder.ua_profile.phones_probed import PROBED_AS
from pnp_responder.ua_profile.probe import probe_mac, probe_subscribe
from tests.examples import LOCAL, admission, identifiers

GROUP = SocketAddress("224.0.1.75", 5060)
HERE = Local("eth0", SocketAddress("192.0.2.77", 40_000))
SERVERS = ("192.0.2.1", "192.0.2.66", "192.0.2.67")


def server(address: str) -> tuple[Responder, Local]:
    def decide(enrollment: Enrollment) -> Offer:
        return Offer(f"http://{address}/take-me", "everyone")

    engine = Responder(decide, identifiers=identifiers(), admission=admission())
    return engine, Local("eth0", SocketAddress(address, 5060))


def test_a_probe_lists_each_server_with_its_url() -> None:
    octets = probe_subscribe(PROBED_AS._replace(mac=probe_mac(b"\0\1")), HERE.address, GROUP, identifiers())
    prober = Prober(octets, HERE, GROUP, identifiers(), 0.0)
    prober.handle_timeout(0.0)
    for number, (engine, local) in enumerate(map(server, SERVERS), start=1):
        asked = Datagram(octets, HERE.address, local, multicast=True)
        for datagram in engine.receive_datagram(asked, 0.0).datagrams:
            prober.receive_datagram(Datagram(datagram.payload, local.address, HERE), number * 0.01)
    assert [(answer.address.host, answer.url) for answer in prober.answers] == [
        (address, f"http://{address}/take-me") for address in SERVERS
    ]
    assert LOCAL.address.host in SERVERS
