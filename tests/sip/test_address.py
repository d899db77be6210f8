from __future__ import annotations

import pytest

from pnp_responder.errors import RequestError
from pnp_responder.sip.address import NameAddr, SipUri, checked_uri, parse_port, split_hostport


@pytest.mark.parametrize(
    ("text", "uri", "parameters", "bracketed"),
    [
        ("<sip:a@b>", "sip:a@b", {}, True),
        ("<sip:a@b>;tag=x", "sip:a@b", {"tag": "x"}, True),
        (" <sip:a@b> ; tag = x ; y ", "sip:a@b", {"tag": "x", "y": None}, True),
        ("<sip:a;user=x@b;lr?h=v>;p", "sip:a;user=x@b;lr?h=v", {"p": None}, True),
        ("sip:a@b", "sip:a@b", {}, False),
        ("sip:a@b;tag=x", "sip:a@b", {"tag": "x"}, False),
        ("sip:a@b ;tag=x", "sip:a@b", {"tag": "x"}, False),
        ("Tokens And More <sip:a@b>;tag=x", "sip:a@b", {"tag": "x"}, True),
        ("Jürgen <sip:a@b>", "sip:a@b", {}, True),
        ('"A" <sip:a@b>', "sip:a@b", {}, True),
        ('"A"<sip:a@b>', "sip:a@b", {}, True),
        ('"<sip:x@y>;tag=z" <sip:a@b>', "sip:a@b", {}, True),
        ('"say \\"hi\\"" <sip:a@b>;tag="q"', "sip:a@b", {"tag": "q"}, True),
        ("< sip:a@b >", "sip:a@b", {}, True),
        ("<tel:+1-201>", "tel:+1-201", {}, True),
        ("<SIP:a@b>", "SIP:a@b", {}, True),
    ],
)
def test_reads(text: str, uri: str, parameters: dict[str, str | None], bracketed: bool) -> None:
    found = NameAddr.parse(text, "From")
    assert found.uri == uri
    assert {p.name: p.value for p in found.parameters} == parameters
    assert found.bracketed is bracketed


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no valid URI"),
        ("nonsense", "no valid URI"),
        ("<>", "no valid URI"),
        ("<sip:>", "no valid URI"),
        ("<sip:a b>", "no valid URI"),
        ("<sip:a\tb>", "no valid URI"),
        ("<sip:é@b>", "no valid URI"),
        ('<sip:a"b"@c>', "no valid URI"),
        ("<<sip:a@b>>", "text after the URI"),
        ("<1sip:a@b>", "no valid URI"),
        ("sip:a@b, sip:c@d", "no valid URI"),
        ("<sip:a@b", "no >"),
        ("<sip:a@b> x", "text after the URI"),
        ("<sip:a@b>, <sip:c@d>", "text after the URI"),
        ('"A <sip:a@b>', "a quote is left open"),
        ('<sip:a@b>;x="', "a quote is left open"),
        ('"A" sip:a@b', "no <URI> after the display name"),
        ('"A"', "no <URI> after the display name"),
        ("A, B <sip:a@b>", "display name without its quotes"),
        ("A@B <sip:a@b>", "display name without its quotes"),
        ('A "B" <sip:a@b>', "display name without its quotes"),
    ],
)
def test_refuses(text: str, why: str) -> None:
    with pytest.raises(RequestError) as caught:
        NameAddr.parse(text, "From")
    assert caught.value.status == 400
    assert caught.value.reason.startswith(why)
    assert caught.value.reason.endswith(" in From")


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("<sip:a@b>", None),
        ("<sip:a@b>;tag=x", "x"),
        ("<sip:a@b>;TAG=X", "X"),
        ("<sip:a@b>;tag=", None),
        ("<sip:a@b>;tag", None),
        ('<sip:a@b>;tag=""', None),
        ("sip:a@b;tag=x", "x"),
        ("<sip:a@b;tag=no>", None),
        ("<sip:a@b>;x=1;tag=t;tag=u", "t"),
    ],
)
def test_tag(text: str, tag: str | None) -> None:
    assert NameAddr.parse(text, "To").tag == tag


@pytest.mark.parametrize("tag", ['"x;y"', '"say \\"hi\\""', '"a>b"', "a b", 'a"b"', "a,b", "a/b", "é"])
@pytest.mark.parametrize("address", ["<sip:a@b>", "sip:a@b"])
def test_a_tag_is_a_token(address: str, tag: str) -> None:
    with pytest.raises(RequestError) as caught:
        NameAddr.parse(f"{address};tag={tag}", "From")
    assert (caught.value.status, caught.value.reason) == (400, "the tag in From is no token")


@pytest.mark.parametrize("text", ["sip:a", "x-y+z.1:anything", "sip:a@[2001:db8::1]:5060;x=%20"])
def test_uris(text: str) -> None:
    assert checked_uri(text, "To") == text


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("sip:a@192.0.2.1", ("sip", "a", "192.0.2.1", None)),
        ("sip:a@192.0.2.1:5062", ("sip", "a", "192.0.2.1", 5062)),
        ("SIPS:a@b:1;x?y", ("sips", "a", "b", 1)),
        ("sip:192.0.2.1:5062;lr", ("sip", None, "192.0.2.1", 5062)),
        ("sip:a:secret@b", ("sip", "a:secret", "b", None)),
        ("sip:a;x=y?z@b;p@q", ("sip", "a;x=y?z", "b", None)),
        ("sip:b?h=a@c", ("sip", "b?h=a", "c", None)),  # the user part may hold ?
        ("sip:@b", ("sip", "", "b", None)),
        ("sip:a@[2001:db8::1]:5062", ("sip", "a", "[2001:db8::1]", 5062)),
        ("sip:a@[2001:db8::1]", ("sip", "a", "[2001:db8::1]", None)),
        ("sip:a@b:", ("sip", "a", "b", None)),
        ("sip:a@b:0", ("sip", "a", "b", 0)),
        ("sip:a@b:65536", ("sip", "a", "b", 0)),
        ("sip:a@b:5060x", ("sip", "a", "b", 0)),
        ("sip:MAC%3a0004132E08B4", ("sip", None, "MAC%3a0004132E08B4", None)),
        ("sip:", ("sip", None, "", None)),
    ],
)
def test_sip_uri(uri: str, expected: tuple[str, str | None, str, int | None]) -> None:
    assert tuple(SipUri.parse(uri)) == (*expected, uri)


@pytest.mark.parametrize("uri", ["tel:+1", "http://a", ":a", "", "xsip:a"])
def test_no_sip_uri(uri: str) -> None:
    with pytest.raises(ValueError, match="not a SIP URI"):
        SipUri.parse(uri)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("a:1", "a", "1"),
        ("a", "a", ""),
        ("[::1]:1", "[::1]", "1"),
        ("[::1]", "[::1]", ""),
        ("[::1", "[::1", ""),
        ("", "", ""),
    ],
)
def test_hostport(text: str, host: str, port: str) -> None:
    assert split_hostport(text) == (host, port)


@pytest.mark.parametrize(("text", "port"), [("1", 1), ("65535", 65535), ("05060", 5060)])
def test_ports(text: str, port: int) -> None:
    assert parse_port(text) == port


@pytest.mark.parametrize(
    "text", ["", "0", "65536", "005060", "-1", "+1", " 1", "1 ", "1_0", "٥٠٦٠", "1.0", "x", "5060x"]
)
def test_no_ports(text: str) -> None:
    assert parse_port(text) is None


@pytest.mark.parametrize(
    "uri",
    [
        "sip:192.0.2.45:5064",
        "sip:192.0.2.45",
        "sip:a%20b;x@h",
        "sips:a,b@h:1",
        "sip:a@h:70000",
        "sip:a@h;x=y",
        "x",
    ],
)
def test_a_uri_in_brackets_is_read_as_the_long_way_reads_it(uri: str) -> None:
    short = SipUri.in_brackets(f"<{uri}>")
    assert short is None or short == SipUri.parse(NameAddr.parse(f"<{uri}>", "Contact").uri)
    assert (short is not None) == (uri in ("sip:192.0.2.45:5064", "sip:192.0.2.45", "sip:a@h:70000"))
    assert SipUri.in_brackets(uri) is None
