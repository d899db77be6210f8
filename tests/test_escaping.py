"""Strangers' text on a terminal and in the log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.escaping import escape, escape_octets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("VOIP PHONE", "VOIP PHONE"),
        ("Gerät №7", "Gerät №7"),
        ("", ""),
        ("a\r\nb", r"a\x0d\x0ab"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x7f\x85", r"\x7f\x85"),
        ("\u202egnp", r"\u202egnp"),
        ("\u2066x\u2069", r"\u2066x\u2069"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("a\\x1b", r"a\\x1b"),
    ],
)
def test_what_is_not_printable_stands_as_an_escape(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text(st.characters()))
def test_the_result_is_printable_and_one_line(text: str) -> None:
    assert escape(text).isprintable()


@given(st.text(st.characters()), st.text(st.characters()))
def test_two_texts_never_look_the_same(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


def test_octets_are_shown_up_to_a_limit() -> None:
    assert escape_octets(b"OPTIONS\r\n\xff\\", 100) == r"OPTIONS\x0d\x0a\xff\x5c"
    assert escape_octets(bytes(9), 2) == r"\x00\x00..."
