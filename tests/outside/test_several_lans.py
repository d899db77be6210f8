"""Several LANs at once: a phone is answered on its own link; one that is heard on two links, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.outside.conftest import OTHER_PHONE, OTHER_SERVER, PHONE, SERVER, Lan
from tests.outside.phone import Arrival, Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server
from tests.outside.site import Site, site

RULES = rules_text(base="http://{{ local_ip }}/{{ interface }}")
OF_EACH = 30


def test_overlapping_requests_are_answered_on_the_link_of_each(lan: Lan) -> None:
    """The same MAC, Call-ID, branch and tag on both links at once: two phones all the same."""
    with (
        Server(lan.server, RULES) as server,
        Phone(lan.phones, PHONE) as here,
        Phone(lan.others, OTHER_PHONE) as there,
    ):
        phones = ((here, SERVER, "eth1"), (there, OTHER_SERVER, "eth2"))
        for number in range(OF_EACH):
            for phone, _, _ in phones:
                octets = plain_subscribe(phone.address, 5060, f"0200000a{number:04x}", f"both-{number}")
                phone.send(octets)
        arrivals: dict[str, list[Arrival]] = {SERVER: [], OTHER_SERVER: []}
        for _ in range(10):
            for phone, ours, _ in phones:
                arrivals[ours] += phone.hear_for(0.03)
        for _, ours, interface in phones:
            heard = arrivals[ours]
            assert len(heard) == 2 * OF_EACH
            assert {arrival.source for arrival in heard} == {(ours, 5060)}
            responses = [arrival.message for arrival in heard if arrival.message.status == 200]
            notifies = [arrival.message for arrival in heard if arrival.message.method == "NOTIFY"]
            assert {response.one("Contact") for response in responses} == {f"<sip:{ours}:5060>"}
            assert all(n.one("Via").startswith(f"SIP/2.0/UDP {ours}:5060;") for n in notifies)
            macs = {f"0200000a{number:04x}" for number in range(OF_EACH)}
            urls = {n.body.decode().partition("&")[0] for n in notifies}
            assert urls == {f"http://{ours}/{interface}/own?mac={mac}" for mac in macs}
        assert not list(server.events("notify_timed_out"))


def test_the_same_network_on_two_links_that_do_not_meet() -> None:
    """The route to 192.0.2.0/24 leads to one of the two."""
    with site() as made:
        first = made.link("eth1", "192.0.2.1/24", phone="192.0.2.45/24")
        second = made.link("eth2", "192.0.2.2/24", phone="192.0.2.46/24")
        with (
            Server(made.server, RULES),
            Phone(first, "192.0.2.45") as here,
            Phone(second, "192.0.2.46") as there,
        ):
            for phone, ours in ((here, "192.0.2.1"), (there, "192.0.2.2")):
                phone.send(plain_subscribe(phone.address, 5060, "0200000c0001", f"to-{ours}"))
                assert {arrival.source for arrival in phone.hear_for(0.3)} == {(ours, 5060)}


@pytest.fixture
def bridged(lan: Lan) -> Iterator[tuple[Site, Phone]]:
    """Both links of the server lead to one switch, on which the phone is."""
    with site() as made:
        first = made.link("eth1", "192.0.2.1/24", phone="198.51.100.1/32")
        made.run(f"link add eth2 type veth peer name eth0b netns {first.name}")
        made.run("address add 192.0.2.2/24 dev eth2")
        for words in ("add br0 type bridge mcast_snooping 0", "set eth0 master br0", "set eth0b master br0"):
            first.run("ip", "link", *words.split())
        first.run("ip", "address", "add", "192.0.2.45/24", "dev", "br0")
        for name in ("eth0b", "br0"):
            first.run("ip", "link", "set", name, "up")
        made.run("link set eth2 up")
        with Phone(first, "192.0.2.45") as phone:
            yield made, phone


def test_heard_on_two_links_and_answered_once(bridged: tuple[Site, Phone]) -> None:
    place, phone = bridged
    with Server(place.server, RULES) as server:
        octets = plain_subscribe("192.0.2.45", 5060, "0200000b0001", "twice@phone")
        phone.send(octets)
        heard = phone.hear_for(0.4)
        assert [a.message.status or a.message.method for a in heard] == [200, "NOTIFY"]
        # And so is each repeat, which comes on both links as well.
        for _ in range(3):
            phone.send(octets)
            again = phone.hear_for(0.4)
            assert [arrival.octets for arrival in again] == [heard[0].octets]
        assert len({entry["interface"] for entry in server.events("interface_joined")}) == 2
        assert len(list(server.events("enrollment_offered"))) == 1
