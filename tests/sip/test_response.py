from __future__ import annotations

import pytest

from pnp_responder.datagram import SocketAddress
from pnp_responder.sip import Request, parse_message, render_response
from pnp_responder.sip.response import REASON_PHRASES, to_with_tag
from tests import strict
from tests.examples import request

SOURCE = SocketAddress("192.0.2.45", 5062)


def test_whole() -> None:
    octets = render_response(request(), 405, SOURCE, "t", ["Allow: SUBSCRIBE, OPTIONS"])
    assert octets == (
        b"SIP/2.0 405 Method Not Allowed\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK-one\r\n"
        b"From: <sip:MAC=00a859112233@224.0.1.75>;tag=phone\r\n"
        b"To: <sip:MAC=00a859112233@224.0.1.75>;tag=t\r\n"
        b"Call-ID: call-1@192.0.2.45\r\n"
        b"CSeq: 1 SUBSCRIBE\r\n"
        b"Allow: SUBSCRIBE, OPTIONS\r\n"
        b"Content-Length: 0\r\n\r\n"
    )


def test_echoes_as_it_came() -> None:
    from_, to, call_id = '"J\\"ü" <sip:a@b> ; x ; tag = "q"', "sip:c@d;y", "A;b:c"
    sent = strict.read(
        render_response(request(From=from_, To=to, Call_ID=call_id, CSeq="007\t SUBSCRIBE"), 200, SOURCE, "t")
    )
    assert sent.one("From") == from_
    assert sent.one("To") == to + ";tag=t"
    assert sent.one("Call-ID") == call_id
    assert sent.one("CSeq") == "007\t SUBSCRIBE"


def test_all_vias_in_order() -> None:
    via = (
        "SIP/2.0/UDP phone.example;branch=a;rport , SIP/2.0/UDP b;x=1"
        "\r\nVia: SIP/2.0/TCP c;received=198.51.100.9\r\nv: SIP/2.0/UDP d"
    )
    sent = strict.read(render_response(request(Via=via), 200, SOURCE, "t"))
    assert sent.all("Via") == [
        "SIP/2.0/UDP phone.example;branch=a;rport=5062;received=192.0.2.45, SIP/2.0/UDP b;x=1",
        "SIP/2.0/TCP c;received=198.51.100.9",
        "SIP/2.0/UDP d",
    ]


def test_folds_become_one_blank() -> None:
    sent = strict.read(render_response(request(From="<sip:a@b>\r\n \t ;tag=x"), 200, SOURCE, "t"))
    assert sent.one("From") == "<sip:a@b> ;tag=x"


@pytest.mark.parametrize("missing", ["From", "To", "Call-ID", "CSeq"])
def test_leaves_out_what_the_request_lacks(missing: str) -> None:
    broken = request(**{missing.replace("-", "_"): None})
    sent = strict.read(render_response(broken, 400, SOURCE, "t"))
    assert sent.all(missing) == []
    assert {"From", "To", "Call-ID", "CSeq"} - {missing} <= {name for name, _ in sent.rows}


@pytest.mark.parametrize(
    ("status", "line"), [(200, "OK"), (489, "Bad Event"), (603, "Decline"), (499, "Declined")]
)
def test_reason_phrases(status: int, line: str) -> None:
    assert strict.read(render_response(request(), status, SOURCE, "t")).start == f"SIP/2.0 {status} {line}"


def test_detail() -> None:
    sent = strict.read(render_response(request(), 400, SOURCE, "t", (), "no From"))
    assert sent.start == "SIP/2.0 400 Bad Request: no From"


def test_phrases_are_final() -> None:
    assert all(200 <= status <= 699 and phrase.isascii() for status, phrase in REASON_PHRASES.items())


@pytest.mark.parametrize(
    ("to", "answered"),
    [
        ("<sip:a@b>", "<sip:a@b>;tag=t"),
        ("sip:a@b", "sip:a@b;tag=t"),
        ("sip:a@b;x=1", "sip:a@b;x=1;tag=t"),
        ("<sip:a@b;tag=in-the-uri>", "<sip:a@b;tag=in-the-uri>;tag=t"),
        ("<sip:a@b>;tag=theirs", "<sip:a@b>;tag=theirs"),
        ("<sip:a@b>;TAG=theirs;x", "<sip:a@b>;TAG=theirs;x"),
        ("<sip:a@b> ; ", "<sip:a@b>;tag=t"),
        ("<sip:a@b>;tag=", "<sip:a@b>;tag=t"),
        ("<sip:a@b>;tag", "<sip:a@b>;tag=t"),
        ('<sip:a@b>;tag=""', "<sip:a@b>;tag=t"),
        ("<sip:a@b> ; tag = ", "<sip:a@b> ;tag=t"),
        ("<sip:a@b>;tag=;x=1", "<sip:a@b>;x=1;tag=t"),
        ("<sip:a@b>;x=1;tag ;y", "<sip:a@b>;x=1;y;tag=t"),
        ('"tag=;x" <sip:a@b>', '"tag=;x" <sip:a@b>;tag=t'),
        ("<sip:a@b", "<sip:a@b"),  # it cannot be read, so it is not touched
        ("A, B <sip:a@b>", "A, B <sip:a@b>"),
        # Only a parameter of the header is a tag.
        ("<sip:a@b;tag=;x>;tag=", "<sip:a@b;tag=;x>;tag=t"),
        ("<sip:a;tag=;x@b>;tag=", "<sip:a;tag=;x@b>;tag=t"),
        ('";tag=;" <sip:a@b>;tag=', '";tag=;" <sip:a@b>;tag=t'),
        ('<sip:a@b>;x=";tag=;";tag=', '<sip:a@b>;x=";tag=;";tag=t'),
        # One tag at most.
        ("<sip:a@b>;tag=;tag=", "<sip:a@b>;tag=t"),
    ],
)
def test_tag_of_to(to: str, answered: str) -> None:
    made = to_with_tag(request(To=to), "t")
    assert made.replace(" ", "") == answered.replace(" ", "")


@pytest.mark.parametrize("header", ["From", "To", "Call-ID", "CSeq"])
def test_a_value_that_is_too_long_is_not_sent_back(header: str) -> None:
    """The 513 would be as large as what it refuses."""
    rows = {"From": "<sip:a@b>", "To": "<sip:c@d>", "Call-ID": "e", "CSeq": "1 SUBSCRIBE"}
    rows[header] = f"{rows[header]}{'x' * 60_000}"
    head = "".join(f"{name}: {value}\r\n" for name, value in rows.items())
    message = parse_message(f"SUBSCRIBE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2\r\n{head}\r\n".encode())
    assert isinstance(message, Request)
    assert message.fault is not None
    assert message.fault.status == 513
    assert len(render_response(message, 513, SOURCE, "tag")) < 400
