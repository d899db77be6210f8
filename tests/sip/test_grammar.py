from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.errors import RequestError
from pnp_responder.sip.grammar import (
    MAX_PARAMETERS,
    Parameter,
    is_token,
    parse_parameters,
    quote,
    quoted_string,
    quotes_are_closed,
    split_list,
    split_outside_quotes,
)


@pytest.mark.parametrize("text", ["a", "application", "z9hG4bK-1", "-.!%*_+`'~", "0"])
def test_tokens(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize(
    "text", ["", " a", "a ", "a b", "a/b", "a;b", 'a"', "a@b", "é", "٣", "a\n", "a:b", "[a]"]
)
def test_what_is_no_token(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("", True),
        ("no quotes", True),
        ('"a"', True),
        ('x "a" y "b"', True),
        ('"a\\"b"', True),
        ('"', False),
        ('"a" "', False),
        ('"a\\"', False),
        ('\\"a"', True),  # outside quotes a backslash escapes nothing
        ('"a\\\\"', True),
    ],
)
def test_quotes_are_closed(text: str, closed: bool) -> None:
    assert quotes_are_closed(text) is closed


@pytest.mark.parametrize(
    ("text", "value", "end"),
    [
        ('"a"', "a", 3),
        ('"a" rest', "a", 3),
        ('""', "", 2),
        (r'"say \"hi\""', 'say "hi"', 12),
        (r'"a\\b"', r"a\b", 6),
        (r'"\a"', "a", 4),
        ('"a;b,c<d>"', "a;b,c<d>", 10),
    ],
)
def test_quoted_string(text: str, value: str, end: int) -> None:
    assert quoted_string(text) == (value, end)


@pytest.mark.parametrize("text", ["", "a", 'a"b"', '"open', '"open\\"'])
def test_no_quoted_string(text: str) -> None:
    assert quoted_string(text) is None


@given(st.text())
def test_quoting_is_undone_by_reading(text: str) -> None:
    quoted = quote(text)
    assert quoted_string(quoted) == (text, len(quoted))
    assert quotes_are_closed(quoted)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a", [("a", None, False)]),
        ("a=b", [("a", "b", False)]),
        (" a = b ", [("a", "b", False)]),
        ("\ta\t=\tb\t;\tc", [("a", "b", False), ("c", None, False)]),
        ('a="b"', [("a", "b", True)]),
        ('a = "b" ; c', [("a", "b", True), ("c", None, False)]),
        ('a="x;y,z=<\\"\\\\>"', [("a", 'x;y,z=<"\\>', True)]),
        ('a=""', [("a", "", True)]),
        ("a=", [("a", "", False)]),
        ("Vendor=x;VENDOR=y", [("Vendor", "x", False)]),  # a second one of that name does not count
        ("a=VOIP PHONE;b=1", [("a", "VOIP PHONE", False), ("b", "1", False)]),
        ('a="open;b=1', [("a", "open", True), ("b", "1", False)]),
        ('a="open', [("a", "open", True)]),
        ('a="closed"junk;b=1', [("a", 'closed"junk', True), ("b", "1", False)]),
        ("a=b=c", [("a", "b=c", False)]),
        (";;a;;", [("a", None, False)]),
        ("a b=c;d", [("d", None, False)]),  # no token for a name
        ("=x;d", [("d", None, False)]),
        ('"x"=y;d', [("d", None, False)]),
        ('a"b=c;d', [("d", None, False)]),
        ("é=x;d=é", [("d", "é", False)]),
    ],
)
def test_parameters(text: str, expected: list[tuple[str, str | None, bool]]) -> None:
    assert [tuple(parameter) for parameter in parse_parameters(text)] == expected


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        (Parameter("lr", None, False), "lr"),
        (Parameter("a", "b", False), "a=b"),
        (Parameter("a", "b", True), 'a="b"'),
        (Parameter("a", "b c", False), 'a="b c"'),
        (Parameter("a", "", False), 'a=""'),
        (Parameter("a", 'x"y\\z', True), 'a="x\\"y\\\\z"'),
        (Parameter("a", "é", False), 'a="é"'),
    ],
)
def test_strict_form_of_a_parameter(parameter: Parameter, text: str) -> None:
    assert str(parameter) == text


@given(st.text(alphabet=st.sampled_from('ab=;"\\ \t<>,é'), max_size=60))
def test_strict_form_reads_back_the_same(text: str) -> None:
    parameters = parse_parameters(text)
    again = parse_parameters(";".join(map(str, parameters)))
    assert [(p.name, p.value) for p in again] == [(p.name, p.value) for p in parameters]


@pytest.mark.parametrize("one", ["a{}", 'a{}="x"', "a{}=x", ""])
def test_number_of_parameters(one: str) -> None:
    most = ";".join(one.format(n) for n in range(MAX_PARAMETERS))
    assert len(parse_parameters(most)) == (MAX_PARAMETERS if one else 0)
    more = most + ";" + one.format("more") + ";"
    with pytest.raises(RequestError) as caught:
        parse_parameters(more)
    assert caught.value.status == 513


def test_semicolons_in_quotes_are_no_parameters() -> None:
    (parameter,) = parse_parameters('a="' + ";" * 100 + '"')
    assert parameter.value == ";" * 100


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a,b", ["a", "b"]),
        ("", [""]),
        ('"a,b",c', ['"a,b"', "c"]),
        ('"a\\",b",c', ['"a\\",b"', "c"]),
        ('"a\\\\",b', ['"a\\\\"', "b"]),
        ("<a,b>,c", ["<a,b>", "c"]),
        ('<a"b>,c,"d"', ['<a"b>', "c", '"d"']),
        ('"<",a', ['"<"', "a"]),
        ("<open,a", ["<open,a"]),
        ('"open,a', ['"open,a']),
        ("a\\,b<>", ["a\\", "b<>"]),
        ('a>,b""', ["a>", 'b""']),
    ],
)
def test_splitting_outside_quotes(text: str, pieces: list[str]) -> None:
    assert split_outside_quotes(text, ",") == pieces
    assert ",".join(pieces) == text


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("a, b ,\tc", ["a", "b", "c"]),
        (",,a,,", ["a"]),
        (" , ", []),
        ('"x, y" <sip:a,b>, z', ['"x, y" <sip:a,b>', "z"]),
    ],
)
def test_lists(text: str, elements: list[str]) -> None:
    assert split_list(text) == elements
