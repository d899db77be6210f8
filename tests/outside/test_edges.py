"""Requests by unicast: the headers that go with each status, and the place that each response goes to."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.outside.conftest import PHONE, SERVER, Lan
from tests.outside.phone import Message, Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server


@pytest.fixture(scope="module")
def server(lan: Lan) -> Iterator[Server]:
    with Server(lan.server, rules_text()) as running:
        yield running


@pytest.fixture
def phone(lan: Lan, server: Server) -> Iterator[Phone]:
    with Phone(lan.phones, PHONE) as made:
        yield made


def ask(phone: Phone, octets: bytes) -> Message:
    phone.send(octets, to=SERVER)
    heard = phone.hear_until_fence(to=SERVER)
    assert len(heard) == 1, heard
    return heard[0].message


def request(
    name: str, method: str = "SUBSCRIBE", *, without: str = "", extra: str = "", **changes: str
) -> bytes:
    """A good SUBSCRIBE as another method, or with headers changed, left out or added."""
    octets = plain_subscribe(PHONE, 5060, "02000000ed9e", f"{name}@edge", [extra] if extra else ())
    rows = octets.decode().replace("SUBSCRIBE", method).split("\r\n")
    for header, value in changes.items():
        start = f"{header.replace('_', '-')}:"
        rows = [f"{start} {value}" if row.lower().startswith(start) else row for row in rows]
    if without:
        rows = [row for row in rows if not row.startswith(f"{without}:")]
    return "\r\n".join(rows).encode()


class TestTheHeadersThatGoWithAStatus:
    def test_of_every_refusal(self, phone: Phone) -> None:
        refused = ask(phone, request("any", event="presence"))
        assert refused.one("Via").startswith(f"SIP/2.0/UDP {PHONE}:5060;branch=z9hG4bKany-edge")
        assert "rport=5060" in refused.one("Via")
        assert f"received={PHONE}" in refused.one("Via")
        assert refused.one("From") == "<sip:MAC%3A02000000ed9e@224.0.1.75>;tag=t02000000ed9e"
        assert refused.one("To").startswith("<sip:MAC%3A02000000ed9e@224.0.1.75>;tag=")
        assert refused.one("Call-ID") == "any@edge"
        assert refused.one("CSeq") == "1 SUBSCRIBE"
        assert refused.body == b""
        assert not {"server", "user-agent"} & {name.lower() for name, _ in refused.headers}

    def test_489_names_the_package(self, phone: Phone) -> None:
        assert ask(phone, request("package", event="presence")).one("Allow-Events") == "ua-profile"

    def test_405_names_the_methods(self, phone: Phone) -> None:
        for method in ("INVITE", "REGISTER", "MESSAGE"):
            told = ask(phone, request(f"method-{method}", method)).one("Allow")
            assert {"SUBSCRIBE", "OPTIONS"} <= set(re.split(r", ?", told))

    def test_420_names_what_is_not_supported(self, phone: Phone) -> None:
        refused = ask(phone, request("require", extra="Require: first-thing, second-thing"))
        assert refused.status == 420
        assert re.split(r", ?", ", ".join(refused.all("Unsupported"))) == ["first-thing", "second-thing"]

    def test_406_names_the_type(self, phone: Phone) -> None:
        refused = ask(phone, request("type", accept="text/html"))
        assert refused.status == 406
        assert refused.one("Accept") == "application/url"

    def test_options_tells_what_we_can(self, phone: Phone) -> None:
        told = ask(phone, request("options", "OPTIONS", without="Event"))
        assert told.status == 200
        assert {"SUBSCRIBE", "OPTIONS"} <= set(re.split(r", ?", told.one("Allow")))
        assert told.one("Allow-Events") == "ua-profile"
        assert told.all("Accept")
        assert told.tag("To")
        assert told.body == b""

    def test_a_refusal_is_not_repeated(self, phone: Phone) -> None:
        """RFC 3261 17.2.2: no retransmission but in answer to one."""
        assert ask(phone, request("once", "INVITE")).status == 405
        assert phone.hear_for(0.7) == []


class TestWhereTheResponseGoes:
    """RFC 3261 18.2.2 and RFC 3581 4."""

    def test_without_rport_to_the_port_in_via(self, lan: Lan, server: Server) -> None:
        with Phone(lan.phones, PHONE, (5060, 5999)) as phone:
            octets = request("via-port").replace(b";rport", b"")
            phone.send(octets, 5999, to=SERVER)
            response, _ = phone.hear_exchange()
            assert response.port == 5060
            assert "received" not in response.message.one("Via")

    def test_with_rport_to_the_port_it_came_from(self, lan: Lan, server: Server) -> None:
        with Phone(lan.phones, PHONE, (5060, 5999)) as phone:
            phone.send(request("rport"), 5999, to=SERVER)
            response, _ = phone.hear_exchange()
            assert response.port == 5999
            assert "rport=5999" in response.message.one("Via")

    def test_the_contact_port_gets_the_notify(self, lan: Lan, server: Server) -> None:
        with Phone(lan.phones, PHONE, (5060, 5999)) as phone:
            phone.send(request("contact-port", contact=f"<sip:{PHONE}:5999>"))
            response, notify = phone.hear_exchange()
            assert (response.port, notify.port) == (5060, 5999)
            assert notify.message.start == f"NOTIFY sip:{PHONE}:5999 SIP/2.0"


def test_a_flood_from_one_source_leaves_the_others_served(lan: Lan, server: Server) -> None:
    with Phone(lan.phones, "192.168.1.60") as flood, Phone(lan.phones, PHONE) as phone:
        for number in range(3000):
            flood.send(plain_subscribe("192.168.1.60", 5060, f"02f100{number:06x}", f"flood-{number}@phone"))
        phone.send(plain_subscribe(PHONE, 5060, "02000000f100", "behind-the-flood@phone"))
        phone.hear_exchange(20.0)
