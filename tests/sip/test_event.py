from __future__ import annotations

import pytest

from pnp_responder.errors import RequestError
from pnp_responder.sip import Event


@pytest.mark.parametrize(
    ("text", "package", "parameters", "strict"),
    [
        ("ua-profile", "ua-profile", [], "ua-profile"),
        ("", "", [], ""),
        (
            "UA-Profile ; profile-type=device",
            "UA-Profile",
            [("profile-type", "device")],
            "UA-Profile;profile-type=device",
        ),
        ('a;b="c"', "a", [("b", "c")], 'a;b="c"'),
        ('a; b = "c d" ;\te', "a", [("b", "c d"), ("e", None)], 'a;b="c d";e'),
        ("a;model=VOIP PHONE", "a", [("model", "VOIP PHONE")], 'a;model="VOIP PHONE"'),
        ('a;b="x;y,z<\\"\\\\"', "a", [("b", 'x;y,z<"\\')], 'a;b="x;y,z<\\"\\\\"'),
        ('a;b="open;c=d', "a", [("b", "open"), ("c", "d")], 'a;b="open";c=d'),
        ("a;b=", "a", [("b", "")], 'a;b=""'),
        ("a;b c=d;;e=f", "a", [("e", "f")], "a;e=f"),
        ("a;id=7", "a", [("id", "7")], "a;id=7"),
        ("a;b=é", "a", [("b", "é")], 'a;b="é"'),
        ("a;b=\\", "a", [("b", "\\")], 'a;b="\\\\"'),
    ],
)
def test_reads(text: str, package: str, parameters: list[tuple[str, str | None]], strict: str) -> None:
    event = Event.parse(text)
    assert event.package == package
    assert [(p.name, p.value) for p in event.parameters] == parameters
    assert event.strict == strict


def test_strict_form_reads_back_the_same() -> None:
    event = Event.parse('ua-profile; vendor = "a\\"b" ;model=VOIP PHONE;x')
    assert Event.parse(event.strict).strict == event.strict


@pytest.mark.parametrize("text", ["a b", "a, b", '"a"', "é", "a/b;c=d"])
def test_package_is_a_token(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        Event.parse(text)
    assert caught.value.status == 400


def test_number_of_parameters() -> None:
    with pytest.raises(RequestError) as caught:
        Event.parse("a" + ";b" * 40)
    assert caught.value.status == 513
