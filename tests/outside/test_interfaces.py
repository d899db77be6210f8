"""Several links: each phone is answered from its own link's address, and only where the settings say."""

from __future__ import annotations

from tests.outside.conftest import OTHER_PHONE, OTHER_SERVER, PHONE, SERVER, Lan
from tests.outside.namespaces import GROUP, Namespace
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server


def groups(host: Namespace, interface: str) -> str:
    return host.run("ip", "maddress", "show", "dev", interface)


def test_each_phone_is_answered_from_its_own_link(lan: Lan) -> None:
    with (
        Server(lan.server, rules_text(base="http://{{ local_ip }}/{{ interface }}")),
        Phone(lan.phones, PHONE) as here,
        Phone(lan.others, OTHER_PHONE) as there,
    ):
        for phone, server, interface in ((here, SERVER, "eth1"), (there, OTHER_SERVER, "eth2")):
            assert GROUP in groups(lan.server, interface)
            phone.send(plain_subscribe(phone.address, 5060, "020000000010", f"link@{phone.address}"))
            response, notify = phone.hear_exchange()
            assert response.source == notify.source == (server, 5060)
            assert response.message.one("Contact") == f"<sip:{server}:5060>"
            assert notify.message.one("Via").startswith(f"SIP/2.0/UDP {server}:5060;")
            assert notify.message.body.startswith(
                f"http://{server}/{interface}/own?mac=020000000010".encode()
            )
    for interface in ("eth1", "eth2"):
        assert GROUP not in groups(lan.server, interface), "the group is left at the end"


def test_interface_limits_where_it_listens(lan: Lan) -> None:
    with (
        Server(lan.server, rules_text(), "--interface", "eth2"),
        Phone(lan.phones, PHONE) as here,
        Phone(lan.others, OTHER_PHONE) as there,
    ):
        assert GROUP not in groups(lan.server, "eth1")
        here.send(plain_subscribe(PHONE, 5060, "020000000011", "unheard@phone"))
        there.send(plain_subscribe(OTHER_PHONE, 5060, "020000000012", "heard@phone"))
        there.hear_exchange()
        assert here.hear_for(0.3) == []


def test_other_ports_are_used_as_told(lan: Lan) -> None:
    with (
        Server(lan.server, rules_text(), "--port", "5070", "--reply-port", "6060"),
        Phone(lan.phones, PHONE) as phone,
    ):
        phone.send(plain_subscribe(PHONE, 5060, "020000000013", "ports@phone"), to_port=5070)
        response, notify = phone.hear_exchange()
        assert response.source == notify.source == (SERVER, 6060)
        assert response.message.one("Contact") == f"<sip:{SERVER}:6060>"


def test_a_source_that_is_not_on_the_link_is_left_alone_unless_allowed(lan: Lan) -> None:
    octets = plain_subscribe("203.0.113.9", 5060, "020000000014", "far@phone")
    # The far phone's route to us leads through eth0, so the packet itself arrives.
    for service, served in (("{}", False), ("{allow: [203.0.113.0/24]}", True)):
        with Server(lan.server, rules_text(service=service)), Phone(lan.phones, "203.0.113.9") as far:
            far.send(octets, to=SERVER)
            if served:
                far.hear_exchange()
            else:
                assert far.hear_for(0.4) == []


def test_loopback_is_served_when_it_is_asked_for(lan: Lan) -> None:
    with (
        Server(lan.server, rules_text(), "--interface", "lo"),
        Phone(lan.server, "127.0.0.1", (5099,)) as phone,
    ):
        phone.send(plain_subscribe("127.0.0.1", 5099, "020000000015", "lo@phone"), 5099)
        response, notify = phone.hear_exchange()
        assert response.source == notify.source == ("127.0.0.1", 5060)
