from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.capture.text import read_text
from tests.corpus_reader import PHONES, Phone
from tests.examples import SUBSCRIBE

LINES = SUBSCRIBE.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("phone", PHONES, ids=lambda phone: phone.name)
def test_a_message_of_the_corpus_comes_out_as_it_is(phone: Phone) -> None:
    head = phone.octets.partition(b"\r\n\r\n")[0].rstrip()
    assert read_text(phone.octets) == head + b"\r\n\r\n"


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        LINES.rstrip(),
        "\n\n" + LINES,
        "The phone says:\n\n" + LINES + "and nothing more.\n",
        "".join(f"    {line}\n" for line in LINES.split("\n")),
        "".join(f"\t{line}\r\n" for line in LINES.split("\n")),
        "12:00:00.1 IP 192.0.2.45.5062 > 224.0.1.75.5060: SIP\nE..*..@.....-....K....." + LINES,
    ],
    ids=["LF", "no end", "blank lines", "words", "indented", "tabs", "tcpdump -A"],
)
def test_a_pasted_message_is_found(text: str) -> None:
    assert read_text(text.encode()) == SUBSCRIBE


def test_a_folded_row_goes_on() -> None:
    folded = LINES.replace("ua-profile;", "ua-profile;\n ")
    found = read_text(folded.encode())
    assert found is not None
    assert b"ua-profile;\r\n profile-type" in found


@pytest.mark.parametrize(
    "text", ["", "SUBSCRIBE to our news\n", LINES.replace("SUBSCRIBE sip", "NOTIFY sip")]
)
def test_other_texts_hold_none(text: str) -> None:
    assert read_text(text.encode()) is None


@given(octets=st.binary(max_size=200))
def test_any_octets_are_looked_through(octets: bytes) -> None:
    found = read_text(octets)
    assert found is None or found.startswith(b"SUBSCRIBE ")
