"""Two networks on one link: a phone is answered from our address in its own network."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.outside.conftest import Lan
from tests.outside.namespaces import Namespace
from tests.outside.phone import Arrival, Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import PATIENCE, Server
from tests.outside.site import BACK_WITHIN, Site, ask_until_served, site
from tests.outside.tcp_client import Client

RULES = rules_text("http://{{ local_ip }}", "{interfaces: eth1, tcp: true, allow: [203.0.113.0/24]}")
FIRST, SECOND = "192.0.2.1", "198.51.100.1"
# One of each network, and one behind a router, which `service.allow` lets in.
PHONES = {"192.0.2.45": FIRST, "198.51.100.45": SECOND, "203.0.113.45": FIRST}


@pytest.fixture
def place(lan: Lan) -> Iterator[tuple[Site, Namespace]]:
    with site() as made:
        phones = made.link("eth1", f"{FIRST}/24", f"{SECOND}/24", phone="192.0.2.45/24")
        phones.run("ip", "address", "add", "198.51.100.45/24", "dev", "eth0")
        phones.run("ip", "address", "add", "203.0.113.45/32", "dev", "eth0")
        made.run("route add 203.0.113.0/24 dev eth1")
        yield made, phones


def check_all_from(ours: str, response: Arrival, notify: Arrival) -> None:
    assert response.source == notify.source == (ours, 5060)
    assert response.message.one("Contact") == f"<sip:{ours}:5060>"
    assert notify.message.one("Via").startswith(f"SIP/2.0/UDP {ours}:5060;")
    assert notify.message.body.startswith(f"http://{ours}/own".encode())


def test_each_network_is_answered_from_its_own_address(place: tuple[Site, Namespace]) -> None:
    host, phones = place
    with Server(host.server, RULES, "--log-level", "debug", wait=False) as server:
        joined = server.wait_for_event("interface_joined")
        assert (joined["address"], joined["also"]) == (f"{FIRST}:5060", [f"{SECOND}:5060"])
        server.wait_for_notice(f"STATUS=serving eth1 ({FIRST}, {SECOND});")
        for number, (address, ours) in enumerate(PHONES.items()):
            with Phone(phones, address) as phone:
                phone.send(plain_subscribe(address, 5060, f"0200000d00{number:02}", f"group@{address}"))
                check_all_from(ours, *phone.hear_exchange())
                server.wait_for_event("notify_answered", source=f"{address}:5060")
                # Who asks one of our addresses hears from that one.
                for asked in (FIRST, SECOND):
                    call_id = f"{asked}@{address}"
                    octets = plain_subscribe(address, 5060, f"0200000d10{number:02}", call_id)
                    phone.send(octets, to=asked)
                    check_all_from(asked, *phone.hear_exchange())
        with Client(phones, "198.51.100.45", SECOND) as phone:
            phone.send(phone.subscribe("tcp@198.51.100.45"))
            response, notify = phone.hear_exchange()
            assert response.one("Contact") == f"<sip:{SECOND}:5060;transport=tcp>"
            assert notify.body.startswith(f"http://{SECOND}/own".encode())
        assert server.end() == 0
        assert not list(server.events("internal_error"))


def test_a_second_address_that_comes_and_goes_is_followed(place: tuple[Site, Namespace]) -> None:
    host, phones = place
    host.run(f"address del {SECOND}/24 dev eth1")
    with Server(host.server, RULES) as server, Phone(phones, "198.51.100.45") as phone:
        began = time.monotonic()
        host.run(f"address add {SECOND}/24 dev eth1")
        check_all_from(SECOND, *ask_until_served(phone)[:2])
        assert time.monotonic() - began < BACK_WITHIN
        phone.send(plain_subscribe(phone.address, 5060, "0200000d2000", "unicast@phone"), to=SECOND)
        check_all_from(SECOND, *phone.hear_exchange())
        changed = server.wait_for_event("interface_changed")
        assert (changed["address"], changed["also"]) == (f"{FIRST}:5060", [f"{SECOND}:5060"])
        host.run(f"address del {SECOND}/24 dev eth1")
        with Phone(phones, "192.0.2.45") as other:
            check_all_from(FIRST, *ask_until_served(other)[:2])
        server.wait_for_event("interface_changed", also=[])
        assert f"{SECOND}:5060" not in host.server.run("ss", "-H", "-u", "-t", "-l", "-n")
        assert not list(server.events("interface_left"))


def test_a_second_address_that_is_taken_is_told_once_and_served_when_it_is_free(
    place: tuple[Site, Namespace],
) -> None:
    host, phones = place
    held = host.server.socket(SECOND, 5060)
    with Server(host.server, RULES) as server, Phone(phones, "198.51.100.45") as phone:
        refused = server.wait_for_event("address_unusable")
        assert (refused["interface"], refused["address"]) == ("eth1", SECOND)
        assert refused["level"] == "warning"
        assert f"port 5060 is taken by a process of user root on {SECOND}:5060" in refused["reason"]
        with Phone(phones, "192.0.2.45") as other:
            check_all_from(FIRST, *ask_until_served(other)[:2])
        held.close()
        server.wait_for_event("interface_changed", PATIENCE, also=[f"{SECOND}:5060"])
        check_all_from(SECOND, *ask_until_served(phone)[:2])
        assert len(list(server.events("address_unusable"))) == 1
