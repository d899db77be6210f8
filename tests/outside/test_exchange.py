"""One phone, two datagrams: the exchange that the seed's phone sees, and what every other phone reads."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from random import Random

import pytest

from tests.corpus_reader import PHONES
from tests.corpus_reader import Phone as Sample
from tests.outside.conftest import PHONE, SERVER, Lan
from tests.outside.phone import Arrival, Phone
from tests.outside.rules_for_all import rules_text, url_for
from tests.outside.server import Server
from tests.outside.shape_words import PORTS
from tests.outside.shapes import draw_shape

BASE = f"http://{SERVER}"
SEED = next(sample for sample in PHONES if sample.mac == "000810a99948")
HOW_MANY = 1000


@pytest.fixture(scope="module")
def server(lan: Lan) -> Iterator[Server]:
    with Server(lan.server, rules_text()) as running:
        yield running


@pytest.fixture
def phone(lan: Lan, server: Server) -> Iterator[Phone]:
    with Phone(lan.phones, PHONE, PORTS) as made:
        yield made


def port_written_in_via(octets: bytes) -> int:
    """The port of the top Via: where the phone listens."""
    found = re.search(rb"\r\n(?:Via|v): SIP/2\.0/\w+ [^;:\r\n]+:([0-9]+)", octets)
    return int(found.group(1)) if found else 5060


def check_belonging(response: Arrival, notify: Arrival) -> None:
    """What holds between the 200 and the NOTIFY of every exchange."""
    ours = response.message.tag("To")
    assert ours
    assert notify.message.tag("From") == ours
    assert notify.message.tag("To") == response.message.tag("From")
    assert notify.message.one("Call-ID") == response.message.one("Call-ID")
    assert response.source == notify.source == (SERVER, 5060)
    assert response.message.one("Contact") == notify.message.one("Contact") == f"<sip:{SERVER}:5060>"
    assert response.message.one("Expires") == "0"
    for forbidden in ("Event", "Subscription-State", "Accept"):
        assert response.message.all(forbidden) == []
    assert re.fullmatch(
        rf"SIP/2\.0/UDP {re.escape(SERVER)}:5060;branch=z9hG4bK[\w.~-]+;rport", notify.message.one("Via")
    )
    assert re.fullmatch(r"[0-9]+ NOTIFY", notify.message.one("CSeq"))
    assert notify.message.one("Max-Forwards") == "70"
    assert notify.message.one("Subscription-State") == "terminated;reason=timeout"
    assert notify.message.one("Content-Type") == "application/url"
    assert notify.message.one("Event").partition(";")[0].lower() == "ua-profile"
    for forbidden in ("Expires", "Reply-To", "Subject"):
        assert notify.message.all(forbidden) == []


def test_the_seed_phone_gets_the_two_datagrams_as_the_standards_have_them(phone: Phone) -> None:
    phone.send(SEED.octets)
    response, notify = phone.hear_exchange()
    check_belonging(response, notify)
    tag = response.message.tag("To")
    branch = notify.message.one("Via").split("branch=")[1].split(";")[0]
    assert response.octets.decode() == (
        "SIP/2.0 200 OK\r\n"
        "Via: SIP/2.0/UDP 192.168.1.45:5060;branch=z9hG4bK3102710241234624733\r\n"
        "From: <sip:MAC=000810a99948@224.0.1.75>\r\n"
        f"To: <sip:MAC=000810a99948@224.0.1.75>;tag={tag}\r\n"
        "Call-ID: 322432620212850-163241588724467@192.168.1.45\r\n"
        "CSeq: 1 SUBSCRIBE\r\n"
        "Contact: <sip:192.168.1.118:5060>\r\n"
        "Expires: 0\r\n"
        "Content-Length: 0\r\n"
        "\r\n"
    )
    assert notify.octets.decode() == (
        "NOTIFY sip:192.168.1.45:5060 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 192.168.1.118:5060;branch={branch};rport\r\n"
        "Max-Forwards: 70\r\n"
        f"From: <sip:MAC=000810a99948@224.0.1.75>;tag={tag}\r\n"
        "To: <sip:MAC=000810a99948@224.0.1.75>\r\n"
        "Call-ID: 322432620212850-163241588724467@192.168.1.45\r\n"
        "CSeq: 1 NOTIFY\r\n"
        "Contact: <sip:192.168.1.118:5060>\r\n"
        'Event: ua-profile;profile-type="device";vendor="Fanvil";model="VOIP PHONE";version="V2.0.114.51"\r\n'
        "Subscription-State: terminated;reason=timeout\r\n"
        "Content-Type: application/url\r\n"
        "Content-Length: 29\r\n"
        "\r\n"
        "http://192.168.1.118/$mac.cfg"
    )
    assert phone.hear_until_fence() == []


@pytest.mark.parametrize(
    "sample", [s for s in PHONES if s.answer and s is not SEED], ids=lambda sample: sample.name
)
def test_every_phone_of_the_corpus_gets_its_own_values(lan: Lan, server: Server, sample: Sample) -> None:
    port = port_written_in_via(sample.octets)
    # Some prints share Call-ID and tag, so each phone has an address of its own.
    with Phone(lan.phones, f"192.168.1.{46 + PHONES.index(sample)}", (port,)) as phone:
        phone.send(sample.octets, port)
        response, notify = phone.hear_exchange()
    check_belonging(response, notify)
    values = {
        "mac": sample.mac or "",
        "vendor": sample.vendor,
        "model": sample.model,
        "version": sample.version,
    }
    assert notify.message.body.decode() == url_for(BASE, values)


@pytest.mark.parametrize("sample", [s for s in PHONES if not s.answer], ids=lambda sample: sample.name)
def test_who_is_no_phone_hears_nothing(phone: Phone, sample: Sample) -> None:
    phone.send(sample.octets)
    assert phone.hear_until_fence() == []


def test_a_thousand_shapes_are_each_answered_with_their_own_values(phone: Phone) -> None:
    seed = int(os.environ.get("PNP_SHAPES_SEED", "20131119"))
    random = Random(seed)
    for number in range(HOW_MANY):
        shape = draw_shape(random, number, PHONE)
        told = f"PNP_SHAPES_SEED={seed}, number {number}:\n{shape.octets!r}"
        phone.send(shape.octets, shape.port)
        try:
            response, notify = phone.hear_exchange()
            check_belonging(response, notify)
            assert response.message.one("Call-ID") == shape.call_id
            assert (response.port, notify.port) == (shape.response_port, shape.notify_port)
            assert notify.message.body.decode() == url_for(BASE, shape.values)
        except AssertionError as error:
            raise AssertionError(f"{told}\n{error}") from error
