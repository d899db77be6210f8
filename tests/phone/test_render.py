"""Each shape of the catalogue against the packet that is its evidence, and against the responder's reader."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.datagram import TCP, Datagram, SocketAddress
from pnp_responder.enrollment import Device
from pnp_responder.mac import Mac
from pnp_responder.phone.catalogue import CATALOGUE, UNKNOWN, habits_of_vendor
from pnp_responder.phone.render import Asking, numbered_mac, render, render_kept
from pnp_responder.phone.shape import Shape
from pnp_responder.phone.subscriber import ALL_ATTEMPTS
from pnp_responder.sip import Identifiers, Request, parse_message
from pnp_responder.ua_profile import read_enrollment

from .wire import PHONES, SERVER, subscriber

CORPUS = Path(__file__).parents[1] / "corpus"
ASKING = Asking(SocketAddress("192.0.2.45", 5062))
EVIDENCE = {
    "fanvil": "fanvil/voip-phone_v2.0.114.51",
    "fanvil-x": "fanvil/x4u_2.12.1.3",
    "planet": "planet/vip-2140pt_2.0.3.2991",
    "snom": "snom/snom370_8.7.5.48",
    "snom-oem": "snom/oem_7.1.19",
    "snom-m700": "snom/snomm700_03.23.0005",
    "gigaset": "gigaset/p8xx_7.1.19",
    "gigaset-n870": "gigaset/n870_83.v2.43.0",
    "yealink": "yealink/t21d_34.72.14.6",
    "yealink-w52p": "yealink/w52p_25.81.0.10",
    "tiptel": "tiptel/ip-286_2.61.13.7",
    "grandstream": "grandstream/grp2612w_1.0.5.67",
    "grandstream-gxp": "grandstream/gxp2160_0.7.24.2",
    "audiocodes": "audiocodes/440hd_2.2.2",
    "akuvox": "akuvox/r20k_220.30.3.1",
    "panasonic": "panasonic/kx-hdv230_02.100",
    "panasonic-utg": "panasonic/kx-utg300_01.131",
    "atcom": "atcom/atcom_none",
    "htek": "htek/uc924e_2.42.6.5.16",
    "flyingvoice": "flyingvoice/fip11c_v0.7.27",
    "escene": "escene/es330_1.0.2.3",
    "vtech": "vtech/et635_7.1.30",
}
# Where the corpus has a composed message of the same phone with its headers in another order.
COMPOSED = {"gigaset-n870"}

shapes = pytest.mark.parametrize("shape", CATALOGUE.values(), ids=CATALOGUE)


def identifiers(seed: int = 1) -> Identifiers:
    return Identifiers(Random(seed).randbytes)


def device_of(shape: Shape, mac: str = "") -> Device:
    wire = shape.wire
    return Device(Mac.parse(mac or f"{wire.oui}0a0b0c"), wire.vendor or "", wire.model, wire.version)


def rows(octets: bytes) -> list[str]:
    """The rows, with all that differs from one asking to the next taken out."""
    text = octets.decode().replace("\r\n", "\n").rstrip("\n")
    text = re.sub(r"(?m)(?<=branch=z9hG4bK)[^;\n]+|(?<=tag=)[^;\n]+|(?<=Call-ID: )[^@\n]*\S*$", "@", text)
    text = re.sub(r"(?<!224)(?<![0-9.])(?!224)[0-9]+(?:\.[0-9]+){3}(?::[0-9]+)?(?=[>;\n])", "@", text)
    return text.split("\n")


def mac_of(path: Path) -> str:
    found = re.search(r'mac: "?([0-9a-f]{12})', path.read_text())
    return found[1] if found else ""


def test_every_shape_has_evidence() -> None:
    assert set(EVIDENCE) == set(CATALOGUE)


@pytest.mark.parametrize("name", sorted(set(EVIDENCE) - COMPOSED))
def test_is_what_was_seen(name: str) -> None:
    """Same headers, same order, same spelling: only what is a phone's own differs."""
    shape = CATALOGUE[name]
    seen = (CORPUS / f"{EVIDENCE[shape.name]}.subscribe").read_bytes()
    device = device_of(shape, mac_of(CORPUS / f"{EVIDENCE[shape.name]}.yaml"))
    made = rows(render(shape.wire, device, ASKING, identifiers()))
    expected = rows(seen)
    if shape.wire.trust.name == "COMPOSED":
        assert sorted(row.partition(":")[0] for row in made) == sorted(
            row.partition(":")[0] for row in expected
        )
    else:
        assert made == expected


@shapes
def test_the_responder_reads_it_as_it_was_meant(shape: Shape) -> None:
    octets = render(shape.wire, device_of(shape), ASKING, identifiers())
    request = parse_message(octets)
    assert isinstance(request, Request)
    assert request.fault is None
    found = read_enrollment(request, Datagram(octets, ASKING.address, SERVER, True)).device
    meant = device_of(shape)
    tells_mac = shape.name != "audiocodes"
    tells_model = shape.name != "gigaset-n870"
    assert found.mac == (meant.mac if tells_mac else None)
    assert found.vendor == meant.vendor
    assert found.model == (meant.model if tells_model else "")
    assert found.version == (meant.version if tells_model else "")


@shapes
def test_the_subscriber_takes_it_and_each_is_another(shape: Shape) -> None:
    engine, source = subscriber(), identifiers()
    first = device_of(shape).mac
    assert first is not None
    asked = set()
    for number in range(20):
        device = device_of(shape, numbered_mac(first, number))
        octets = render(shape.wire, device, ASKING, source)
        engine.subscribe(octets, SERVER.address, PHONES, 0.0)
        asked.add(octets)
    assert len(asked) == 20


@shapes
def test_by_tcp_the_contact_says_so(shape: Shape) -> None:
    request = parse_message(
        render(shape.wire, device_of(shape), ASKING._replace(transport=TCP), identifiers())
    )
    assert isinstance(request, Request)
    assert request.via.text.startswith("SIP/2.0/TCP ")
    assert request.contact is not None
    assert request.contact.uri.endswith(";transport=tcp")


@shapes
def test_habits_are_possible(shape: Shape) -> None:
    habits = shape.habits
    assert habits.evidence
    assert 1 <= habits.attempts <= ALL_ATTEMPTS
    assert 0 < habits.patience <= 32


def test_macs_count_on() -> None:
    assert numbered_mac(Mac.parse("0000000000ff"), 1) == "000000000100"
    assert numbered_mac(Mac.parse("ffffffffffff"), 1) == "000000000000"


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\r\nb", "a\x00"])
def test_a_model_cannot_break_out_of_its_header(text: str) -> None:
    shape = CATALOGUE["fanvil"]
    for device in (device_of(shape)._replace(model=text), device_of(shape)._replace(version=text)):
        with pytest.raises(ValueError, match="printable"):
            render(shape.wire, device, ASKING, identifiers())
    with pytest.raises(ValueError, match="no MAC"):
        render(shape.wire, Device(), ASKING, identifiers())


def test_habits_by_vendor() -> None:
    assert habits_of_vendor("GRANDSTREAM") == CATALOGUE["grandstream"].habits
    assert habits_of_vendor("") is UNKNOWN
    assert habits_of_vendor("Acme") is UNKNOWN


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*/*.subscribe")), ids=lambda path: path.stem)
def test_kept_messages_can_be_asked_again(path: Path) -> None:
    kept = path.read_bytes()
    if b"\r\n" not in kept:
        kept = kept.replace(b"\n", b"\r\n")
    octets = render_kept(kept, Device(), ASKING, identifiers())
    old, new = parse_message(kept), parse_message(octets)
    assert isinstance(old, Request)
    assert isinstance(new, Request)
    assert new.fault is None
    assert (new.via.host, new.via.port) == ASKING.address
    if new.contact_uri is not None:
        assert (new.contact_uri.host, new.contact_uri.port) == ASKING.address
    assert new.headers.get("call-id") != old.headers.get("call-id")
    assert bool(new.via.branch) == bool(old.via.branch)
    assert new.event == old.event
    assert new.from_.tag == old.from_.tag
    assert octets.endswith(b"\r\n\r\n")


def test_a_kept_message_of_another_device() -> None:
    kept = (CORPUS / "snom/snom370_8.7.5.48.subscribe").read_bytes()
    device = Device(Mac.parse("00041300abcd"), "", "snom320", "9.9")
    request = parse_message(render_kept(kept, device, ASKING, identifiers()))
    assert isinstance(request, Request)
    found = read_enrollment(request, Datagram(b"", ASKING.address, SERVER)).device
    assert found == device._replace(vendor="snom")


@pytest.mark.parametrize(
    "octets",
    [
        b"SUBSCRIBE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n\r\n",
        b"",
        b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
    ],
)
def test_what_is_no_subscribe(octets: bytes) -> None:
    with pytest.raises(ValueError, match="not a SUBSCRIBE"):
        render_kept(octets, Device(), ASKING, identifiers())


@given(octets=st.binary(max_size=300))
def test_no_octets_do_harm(octets: bytes) -> None:
    with pytest.raises(ValueError, match="not a SUBSCRIBE"):
        render_kept(octets, Device(), ASKING, identifiers())
