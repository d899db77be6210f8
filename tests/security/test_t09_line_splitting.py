"""T9: only LF ends a line, and CR only before it: none of the characters at which `str.splitlines` splits."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pnp_responder.events import EnrollmentDeclined, EnrollmentOffered
from pnp_responder.sip import Request, parse_message
from tests.examples import altered, heard, responder
from tests.strict import read

PACKAGE = Path(__file__).parents[2] / "pnp_responder"

SPLITTERS = [
    chr(code)
    for code in range(0x110000)
    if not 0xD800 <= code < 0xE000 and len(f"a{chr(code)}b".splitlines()) > 1
]


def test_python_splits_at_more_than_sip_does() -> None:
    assert {"\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r", "\n"} == set(SPLITTERS)


@pytest.mark.parametrize("character", [c for c in SPLITTERS if c != "\n"], ids=lambda c: f"U+{ord(c):04X}")
class TestEachCharacter:
    def test_begins_no_header(self, character: str) -> None:
        message = parse_message(altered(User_Agent=f"x{character}Contact: <sip:203.0.113.9>"))
        assert isinstance(message, Request)
        assert list(message.headers.all("contact")) == ["<sip:192.0.2.45:5064>"]

    def test_ends_no_head(self, character: str) -> None:
        message = parse_message(altered(User_Agent=f"x{character}{character}body", Content_Length="0"))
        assert isinstance(message, Request)
        assert message.headers.get("content-length") == "0"
        assert message.body == b""

    @pytest.mark.parametrize("name", ["From", "Call_ID", "Event", "Via", "Contact"])
    def test_adds_no_line_to_an_answer(self, name: str, character: str) -> None:
        for value in (
            f"a{character}X-Forged: 1",
            f"<sip:a{character}X-Forged:1@b>;tag=x",
            f"ua-profile;vendor=a{character}b",
        ):
            for multicast in (True, False):
                output = responder().receive_datagram(
                    heard(altered(**{name: value}), multicast=multicast), 0.0
                )
                for datagram in output.datagrams:
                    names = {row for row, _ in read(datagram.payload).rows}
                    assert "X-Forged" not in names

    def test_is_no_part_of_what_rules_see(self, character: str) -> None:
        event = f'ua-profile;profile-type="device";vendor="A{character}B";model="M";version="1"'
        for seen in responder().receive_datagram(heard(altered(Event=event)), 0.0).events:
            if isinstance(seen, EnrollmentOffered | EnrollmentDeclined):
                # A separator is a character like any other; a control character is replaced or refused.
                kept = character if ord(character) > 0x9F else "\ufffd"
                assert seen.enrollment.device.vendor == f"A{kept}B"


def test_the_package_never_calls_splitlines() -> None:
    found = [
        f"{path.name}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "splitlines"
    ]
    assert found == []
