from __future__ import annotations

import pytest

from pnp_responder.sip.headers import COMPACT_FORMS, USUAL_SPELLINGS, Headers, canonical_name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (b"Via", "via"),
        (b"VIA", "via"),
        (b"v", "via"),
        (b"V", "via"),
        (b"O", "event"),
        (b"u", "allow-events"),
        (b"Call-ID", "call-id"),
        (b"call-id \t", "call-id"),
        (b"i ", "call-id"),
        (b"X-Anything", "x-anything"),
        (b"NewFangledHeader", "newfangledheader"),
    ],
)
def test_names(written: bytes, name: str) -> None:
    assert canonical_name(written) == name


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b" ",
        b"Fr om",
        b"From\r",
        b"From\x0b",
        b"From\x0c",
        b"From\x00",
        b" From",
        b"Fr\xf6m",
        b"A/B",
        b'"A"',
    ],
)
def test_what_is_no_name(written: bytes) -> None:
    assert canonical_name(written) is None


def test_every_compact_name_of_the_RFCs() -> None:
    assert "".join(sorted(COMPACT_FORMS)) == "cefiklmostuv"


def test_the_short_way_gives_what_the_long_way_gives() -> None:
    assert {written: canonical_name(written) for written in USUAL_SPELLINGS} == USUAL_SPELLINGS


def test_rows_of_one_name_keep_their_order() -> None:
    headers = Headers()
    for name, value in [("via", b"1"), ("to", b"x"), ("via", b"2"), ("via", b"3")]:
        headers.add(name, value)
    assert headers.all("via") == [b"1", b"2", b"3"]
    assert headers.get("via") == b"1"
    assert headers.repeated("via")
    assert not headers.repeated("to")
    assert headers.repeated_names() == ["via"]


def test_what_is_not_there() -> None:
    headers = Headers()
    assert headers.get("via") is None
    assert headers.all("via") == []
    assert not headers.repeated("via")
    assert headers.repeated_names() == []
    assert headers.longest() == 0


def test_longest_value() -> None:
    headers = Headers()
    headers.add("a", b"xx")
    headers.add("b", b"xxxx")
    headers.add("c", b"")
    assert headers.longest() == 4
