from __future__ import annotations

import pytest

from pnp_responder.sip.headers import (
    COMPACT_FORMS,
    USUAL_SPELLINGS,
    Headers,
    canonical_name,
    length_of,
    octets_of,
    text_of,
)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Via", "via"),
        ("VIA", "via"),
        ("v", "via"),
        ("V", "via"),
        ("O", "event"),
        ("u", "allow-events"),
        ("Call-ID", "call-id"),
        ("call-id \t", "call-id"),
        ("i ", "call-id"),
        ("X-Anything", "x-anything"),
        ("NewFangledHeader", "newfangledheader"),
    ],
)
def test_names(written: str, name: str) -> None:
    assert canonical_name(written) == name


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "Fr om",
        "From\r",
        "From\x0b",
        "From\x0c",
        "From\x00",
        " From",
        "Fr\xf6m",
        "A/B",
        '"A"',
    ],
)
def test_what_is_no_name(written: str) -> None:
    assert canonical_name(written) is None


def test_every_compact_name_of_the_RFCs() -> None:
    assert "".join(sorted(COMPACT_FORMS)) == "cefiklmostuv"


def test_the_short_way_gives_what_the_long_way_gives() -> None:
    assert {written: canonical_name(written) for written in USUAL_SPELLINGS} == USUAL_SPELLINGS


def test_rows_of_one_name_keep_their_order() -> None:
    headers = Headers()
    for name, value in [("via", "1"), ("to", "x"), ("via", "2"), ("via", "3")]:
        headers.add(name, value)
    assert headers.all("via") == ["1", "2", "3"]
    assert headers.get("via") == "1"
    assert headers.repeated("via")
    assert not headers.repeated("to")
    assert headers.repeated_names() == ["via"]


def test_what_is_not_there() -> None:
    headers = Headers()
    assert headers.get("via") is None
    assert headers.all("via") == []
    assert not headers.repeated("via")
    assert headers.repeated_names() == []


@pytest.mark.parametrize("octets", [b"", b"abc", "ä€".encode(), b"\xff\xc3\x28\x00", bytes(range(256))])
def test_no_octet_is_lost(octets: bytes) -> None:
    assert octets_of(text_of(octets)) == octets
    assert length_of(text_of(octets)) == len(octets)
