"""TCP under different settings: rules, admission, a port that is taken, the end of the service."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

import pytest

from tests.outside.conftest import OTHER_PHONE, OTHER_SERVER, PHONE, SERVER, Lan
from tests.outside.namespaces import Network
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import PATIENCE, Server
from tests.outside.tcp_client import Client

RULES = rules_text(service="{tcp: true}")


def test_a_notify_of_any_length(lan: Lan) -> None:
    url = "http://192.0.2.1/" + "x" * 1400
    with (
        Server(lan.server, f"service: {{tcp: true}}\nrules:\n  - {{name: long, url: '{url}'}}\n") as server,
        Client(lan.phones) as phone,
        Phone(lan.phones, "192.168.1.61") as other,
    ):
        phone.send(phone.subscribe("long@tcp"))
        _, notify = phone.hear_exchange()
        assert notify.body == url.encode()
        # By UDP it is declined, as ever.
        other.send(plain_subscribe("192.168.1.61", 5060, "020000007c71", "long@udp"), to=SERVER)
        refused = other.hear(PATIENCE)
        assert refused is not None
        assert refused.message.status == 500
        server.wait_for_event("enrollment_declined", status=500)


def test_a_refusal_and_a_rule_that_is_silent(lan: Lan) -> None:
    rules = (
        "service: {tcp: true}\nrules:\n"
        "  - {name: no, match: {mac: none}, reject: 403}\n  - {name: hush, ignore: true}\n"
    )
    with Server(lan.server, rules) as server, Client(lan.phones) as phone:
        phone.send(phone.subscribe("refused@tcp").replace(b"MAC%3A020000007c70", b"nobody"))
        refused = phone.hear()
        assert refused is not None
        assert refused.status == 403
        phone.send(phone.subscribe("hush@tcp"))
        server.wait_for_event("enrollment_declined", rule="hush")
        phone.send(phone.subscribe("refused-2@tcp").replace(b"MAC%3A020000007c70", b"nobody"))
        again = phone.hear()
        assert again is not None
        assert again.one("Call-ID") == "refused-2@tcp"


def test_who_may_not_ask_by_udp_may_not_by_tcp(lan: Lan) -> None:
    octets = plain_subscribe("203.0.113.9", 5060, "020000007c72", "far@tcp")
    for service, served in (("{tcp: true}", False), ("{tcp: true, allow: [203.0.113.0/24]}", True)):
        with (
            Server(lan.server, rules_text(service=service)) as server,
            Client(lan.phones, "203.0.113.9") as far,
        ):
            with suppress(ConnectionError):
                far.send(octets)
            if served:
                far.hear_exchange()
            else:
                assert far.hear() is None
                told = server.wait_for_event("connection_dropped")
                assert told["reason"] == "source is neither on the link nor in service.allow"


def test_a_port_that_is_taken_leaves_udp_served(lan: Lan) -> None:
    with (
        lan.server.inside(lambda: socket.create_server((SERVER, 5060))),
        Phone(lan.phones, PHONE) as phone,
        Server(lan.server, RULES) as server,
        Client(lan.others, OTHER_PHONE, OTHER_SERVER) as there,
    ):
        told = server.wait_for_event("tcp_unusable", interface="eth1")
        assert "TCP port 5060 is taken by" in told["reason"]
        assert "tcp: false" in told["remedy"]
        assert server.wait_for_event("interface_joined", interface="eth1")["transports"] == ["UDP"]
        assert server.wait_for_event("interface_joined", interface="eth2")["transports"] == ["UDP", "TCP"]
        phone.send(plain_subscribe(PHONE, 5060, "020000007c75", "beside-a-pbx@udp"))
        phone.hear_exchange()
        there.send(there.subscribe("beside-a-pbx@tcp"))
        there.hear_exchange()


def test_without_the_setting_nothing_listens(lan: Lan) -> None:
    with Server(lan.server, rules_text()) as server:
        assert server.wait_for_event("interface_joined")["transports"] == ["UDP"]
        with pytest.raises(ConnectionRefusedError):
            Client(lan.phones)


def test_it_ends_in_time_with_connections_open(lan: Lan) -> None:
    with Server(lan.server, RULES) as server, Client(lan.phones) as phone:
        phone.send(phone.subscribe("last@tcp"))
        phone.hear_exchange()
        began = time.monotonic()
        assert server.end() == 0
        assert time.monotonic() - began < 2
        assert phone.hear() is None
        assert "Traceback" not in server.log()


def test_it_follows_the_address_of_the_link(lan: Lan) -> None:
    """`lan` is here for its refusal to run without namespaces; the link is one of this test's own."""
    with Network() as network:
        server, phones = network.host(), network.host()
        network.wire(server, "eth1", ["192.168.9.1/24"], phones, "eth0", ["192.168.9.45/24"])
        with Server(server, RULES) as running, Client(phones, "192.168.9.45", "192.168.9.1") as before:
            before.send(before.subscribe("before@tcp"))
            before.hear_exchange()
            # Else the second address goes with the first.
            server.run("sysctl", "-q", "-w", "net.ipv4.conf.eth1.promote_secondaries=1")
            server.run("ip", "address", "add", "192.168.9.2/24", "dev", "eth1")
            server.run("ip", "address", "delete", "192.168.9.1/24", "dev", "eth1")
            running.wait_for_event("interface_changed", address="192.168.9.2:5060")
            with Client(phones, "192.168.9.45", "192.168.9.2") as after:
                after.send(after.subscribe("after@tcp"))
                _, notify = after.hear_exchange()
                assert notify.body.startswith(b"http://192.168.9.2/")
