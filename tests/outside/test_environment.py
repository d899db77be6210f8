"""Networks that are not as tidy as a test's: links that are down, no routes, a firewall, IPv6, a rival."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.outside.conftest import Lan
from tests.outside.namespaces import GROUP
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server
from tests.outside.site import BACK_WITHIN, Site, ask_until_served, is_unserved, site

OURS, THEIRS = "192.0.2.1/24", "192.0.2.45/24"


@pytest.fixture
def place(lan: Lan) -> Iterator[Site]:
    with site() as made:
        yield made


def test_one_that_is_down_is_waited_for_beside_one_that_is_served(place: Site) -> None:
    phones = place.link("eth1", OURS, phone=THEIRS, up=False)
    place.link("eth2", "198.51.100.1/24", phone="198.51.100.45/24")
    with Server(place.server, rules_text(service="{interfaces: [eth1, eth2, eth3]}"), wait=False) as server:
        server.wait_for_notice("STATUS=serving eth2 (198.51.100.1), waiting for eth1, eth3;")
        down = server.wait_for_event("interface_unusable", interface="eth1")
        assert down["reason"] == "is down (ip link set eth1 up); served when that changes"
        absent = server.wait_for_event("interface_unusable", interface="eth3")
        assert absent["reason"] == "there is no such interface; served when that changes"
        place.run("link set eth1 up")
        with Phone(phones, "192.0.2.45") as phone:
            ask_until_served(phone)
        server.wait_for_notice("STATUS=serving eth2 (198.51.100.1), eth1 (192.0.2.1), waiting for eth3;")


def test_a_name_that_was_asked_for_is_the_name_that_is_served(place: Site) -> None:
    """Renamed away it is left; whoever gets the name is served under it."""
    phones = place.link("eth1", OURS, phone=THEIRS)
    with (
        Server(place.server, rules_text(), "--interface", "eth1") as server,
        Phone(phones, "192.0.2.45") as phone,
    ):
        ask_until_served(phone)
        for words in ("set eth1 down", "set eth1 name other0", "set other0 up"):
            place.run(f"link {words}")
        server.wait_for_notice("STATUS=waiting for eth1;")
        assert is_unserved(phone)
        assert GROUP not in place.server.run("ip", "maddress", "show", "dev", "other0")
        for words in ("set other0 down", "set other0 name eth1", "set eth1 up"):
            place.run(f"link {words}")
        ask_until_served(phone)


def test_a_renewal_of_the_same_address_changes_nothing(place: Site) -> None:
    """What a DHCP client does at half of the lease, and some at each renewal: away and back at once."""
    phones = place.link("eth1", OURS, phone=THEIRS)
    with Server(place.server, rules_text()) as server, Phone(phones, "192.0.2.45") as phone:
        for seconds in (600, 1200):
            place.run(f"address change {OURS} dev eth1 valid_lft {seconds} preferred_lft {seconds}")
            _, _, after = ask_until_served(phone)
            assert after < 0.2
        (server.folder / "batch").write_text(f"address del {OURS} dev eth1\naddress add {OURS} dev eth1\n")
        place.run(f"-batch {server.folder / 'batch'}")
        ask_until_served(phone)
        names = {"interface_changed", "interface_left", "interface_unusable"}
        assert not [name for name in names if list(server.events(name))]


def test_without_any_route_but_that_of_the_link(place: Site) -> None:
    phones = place.link("eth1", OURS, phone=THEIRS)
    assert place.server.run("ip", "route", "show", "default") == ""
    with pytest.raises(subprocess.CalledProcessError):
        place.server.run("ip", "route", "get", GROUP)
    with Server(place.server, rules_text()), Phone(phones, "192.0.2.45") as phone:
        ask_until_served(phone)


DROP = (
    "add table ip wall; add chain ip wall out { type filter hook output priority 0; }; "
    "add rule ip wall out udp sport 5060 drop"
)


def test_a_firewall_that_keeps_our_answers_in(place: Site) -> None:
    """The kernel refuses to send (EPERM). That is told once with its count, not for each."""
    phones = place.link("eth1", OURS, phone=THEIRS)
    with Server(place.server, rules_text()) as server, Phone(phones, "192.0.2.45") as phone:
        place.server.run("nft", DROP)
        for _ in range(3):
            assert is_unserved(phone)
        failed = server.wait_for_event("send_failed")
        assert failed["interface"] == "eth1"
        assert "not permitted" in failed["reason"]
        assert len(list(server.events("send_failed"))) == 1
        place.server.run("nft", "delete", "table", "ip", "wall")
        ask_until_served(phone)
        assert not list(server.events("internal_error"))


def test_a_link_with_ipv6_alone_is_waited_for(place: Site) -> None:
    """IPv6 is not served, and does no harm."""
    phones = place.link("eth1", "2001:db8::1/64", phone="2001:db8::45/64")
    with Server(place.server, rules_text(), "--interface", "eth1", wait=False) as server:
        server.wait_for_notice("STATUS=waiting for eth1;")
        listed = place.server.run(*server.PROGRAM, "interfaces", "--interface", "eth1")
        assert "no: has no IPv4 address" in listed
        began = time.monotonic()
        place.run(f"address add {OURS} dev eth1")
        phones.run("ip", "address", "add", THEIRS, "dev", "eth0")
        with Phone(phones, "192.0.2.45") as phone:
            ask_until_served(phone)
        assert time.monotonic() - began < BACK_WITHIN
        assert server.wait_for_event("interface_joined")["also"] == []
        # Nobody listens for what a phone of IPv6 could send.
        assert "[" not in place.server.run("ss", "-H", "-u", "-l", "-n", "sport = :5060")


def test_two_responders_on_one_lan_come_to_an_end(place: Site) -> None:
    """The phone gets one answer of each, exactly; neither hears the other."""
    phones = place.link("eth1", OURS, phone="198.51.100.9/32")
    with site() as neighbour, ExitStack() as stack:
        neighbour.run(f"link add eth1 type veth peer name eth9 netns {phones.name}")
        neighbour.run("address add 192.0.2.2/24 dev eth1")
        neighbour.run("link set eth1 up")
        for words in (
            "link add br0 type bridge mcast_snooping 0",
            *(f"link set {name} master br0" for name in ("eth0", "eth9")),
            *(f"link set {name} up" for name in ("eth9", "br0")),
            f"address add {THEIRS} dev br0",
        ):
            phones.run("ip", *words.split())
        arguments = rules_text(), "--log-level", "debug"
        servers = [stack.enter_context(Server(host.server, *arguments)) for host in (place, neighbour)]
        phone = stack.enter_context(Phone(phones, "192.0.2.45"))
        phone.send(plain_subscribe("192.0.2.45", 5060, "02000000e001", "two@phone"))
        heard = phone.hear_for(1.2)  # repeats of a NOTIFY would come after 0.5 s
        assert len(heard) == 4
        for ours in ("192.0.2.1", "192.0.2.2"):
            told = [a.message.status or a.message.method for a in heard if a.source[0] == ours]
            assert told == [200, "NOTIFY"]
        for server in servers:
            server.wait_for_event("notify_answered", status=200)
            assert not list(server.events("datagram_dropped"))
            assert not list(server.events("request_refused"))
