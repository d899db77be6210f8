"""What phones make of URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.enrollment import Device
from pnp_responder.mac import Mac
from pnp_responder.phone.catalogue import CATALOGUE, UNKNOWN
from pnp_responder.phone.target import SCHEMES, target_of

DEVICE = Device(Mac.parse("00a859abcdef"), "Acme", "Desk9", "1.2")


@pytest.mark.parametrize(
    ("phone", "url", "first"),
    [
        ("fanvil", "http://h/$mac.cfg", "http://h/00a859abcdef.cfg"),
        ("fanvil", "http://h/?mac=$mac.cfg", "http://h/?mac=00a859abcdef.cfg"),
        ("fanvil", "http://h", "http://h/00a859abcdef.cfg"),
        ("fanvil", "tftp://h/f0C00620000.cfg", "tftp://h/f0C00620000.cfg"),
        ("snom", "http://h/{mac}.htm", "http://h/00A859ABCDEF.htm"),
        ("snom", "http://h/{model}", "http://h/Desk9"),
        ("snom", "http://h", "http://h/Desk9.htm"),
        ("yealink", "http://h/y/", "http://h/y/00a859abcdef.boot"),
        ("yealink", "http://h/$MAC.cfg", "http://h/00a859abcdef.cfg"),
        ("grandstream", "https://h/gs/", "https://h/gs/cfg00a859abcdef.xml"),
        ("audiocodes", "tftp://h", "tftp://h"),
        ("panasonic", "http://h/{MODEL}.cfg?v={fwver}", "http://h/Desk9.cfg?v=1.2"),
        ("panasonic-utg", "h/", "tftp://h/Desk9.cfg"),
        ("akuvox", "http://h/", "http://h/"),
        ("htek", "http://h/", "http://h/cfg00A859ABCDEF.xml"),
        ("flyingvoice", "http://h/", "http://h/00a859abcdef.boot"),
    ],
)
def test_first_file(phone: str, url: str, first: str) -> None:
    target = target_of(url, CATALOGUE[phone].habits, DEVICE)
    assert target.files[0] == first
    assert target.faults == ()


def test_files_are_tried_in_order() -> None:
    target = target_of("https://h/", CATALOGUE["grandstream"].habits, DEVICE)
    assert target.files == (
        "https://h/cfg00a859abcdef.xml",
        "https://h/cfgdesk9.xml",
        "https://h/cfg.xml",
        "https://h/dev00a859abcdef.cfg",
        "https://h/cfg00a859abcdef",
    )
    guessed = target_of("h/x", CATALOGUE["panasonic-utg"].habits, DEVICE)
    assert guessed.files == ("tftp://h/x", "http://h/x", "https://h/x", "ftp://h/x")


@pytest.mark.parametrize(
    ("phone", "url", "item", "files"),
    [
        ("grandstream", "https://h/gs", "U2", ()),
        ("grandstream", "https://h", "U2", ()),
        ("snom", "http://h/$mac.htm", "U3", ("http://h/$mac.htm",)),
        ("panasonic", "http://h/{model}.cfg", "U3", ("http://h/{model}.cfg",)),
        ("akuvox", "http://h/{{ mac }}/", "U1", ()),
        ("akuvox", "http://h/{{mac}}/", "U3", ("http://h/{{mac}}/",)),
        ("fanvil", "h/$mac.cfg", "U1", ()),
        ("fanvil", "http:///x.cfg", "U1", ()),
        ("fanvil", "http://[h/x.cfg", "U1", ()),
        ("panasonic-utg", "[", "U1", ()),
        ("panasonic-utg", "/x.cfg", "U1", ()),
        ("fanvil", "http://h/\u00e9", "U1", ()),
        ("gigaset", "https://h/", "U4", ("https://h/",)),
        ("snom", "sftp://h/x", "U4", ()),
        ("snom", "file:///etc/passwd", "U1", ()),
    ],
)
def test_faults(phone: str, url: str, item: str, files: tuple[str, ...]) -> None:
    target = target_of(url, CATALOGUE[phone].habits, DEVICE)
    assert [fault[0] for fault in target.faults] == [item]
    assert target.files == files


def test_a_phone_that_asks_its_user() -> None:
    target = target_of("http://h/$input.cfg", CATALOGUE["fanvil"].habits, DEVICE)
    assert target.steps == ("$input: asks the person at the phone",)
    assert target.files == ("http://h/$input.cfg",)


def test_a_phone_without_a_mac() -> None:
    target = target_of("http://h/$mac.cfg", CATALOGUE["fanvil"].habits, Device())
    assert target.files == ("http://h/.cfg",)


@given(url=st.text(max_size=60), phone=st.sampled_from([*CATALOGUE.values()]))
def test_nothing_raises_and_only_known_schemes_are_fetched(url: str, phone: object) -> None:
    habits = getattr(phone, "habits", UNKNOWN)
    target = target_of(url, habits, DEVICE)
    assert all(file.partition("://")[0].lower() in SCHEMES for file in target.files)
    assert target.files or target.faults
