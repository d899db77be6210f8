from __future__ import annotations

import pytest

from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.sip import Request, Response, parse_message
from pnp_responder.sip.parser import MAX_MESSAGE
from tests.examples import SUBSCRIBE, altered, request, response

RESPONSE = b"SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\nCSeq: 1 NOTIFY\n\n"


def fault(octets: bytes) -> tuple[int, str]:
    message = parse_message(octets)
    assert isinstance(message, Request)
    assert message.fault is not None
    return message.fault.status, message.fault.reason


def test_reads_a_request() -> None:
    found = request()
    assert found.fault is None
    assert (found.method, found.uri) == ("SUBSCRIBE", "sip:MAC=00a859112233@224.0.1.75")
    assert found.via.branch == "z9hG4bK-one"
    assert found.from_.uri == found.to.uri == "sip:MAC=00a859112233@224.0.1.75"
    assert found.from_.tag == "phone"
    assert found.to.tag is None
    assert found.event.package == "ua-profile"
    assert found.contact is not None
    assert found.contact.uri == "sip:192.0.2.45:5064"
    assert found.contact_uri is not None
    assert (found.contact_uri.host, found.contact_uri.port) == ("192.0.2.45", 5064)
    assert found.text("accept") == "application/url"
    assert found.text("subject") == ""
    assert found.elements("accept") == ["application/url"]
    assert found.elements("require") is None
    assert found.body == b""


def test_reads_values_once() -> None:
    found = request()
    assert found.from_ is found.from_
    assert found.to is found.to
    assert found.event is found.event
    assert found.contact is found.contact
    assert found.contact_uri is found.contact_uri


@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n\r\n" + SUBSCRIBE,
        b"\n\r\n" + SUBSCRIBE,
        SUBSCRIBE.replace(b"\r\n", b"\n"),
        SUBSCRIBE[:-2],
        SUBSCRIBE[:-4],
        SUBSCRIBE[:-2] + b"\n",
        SUBSCRIBE + b"octets past Content-Length",
        SUBSCRIBE.replace(b"SIP/2.0\r\nVia", b"sip/2.0  \r\nVia"),
        SUBSCRIBE.replace(b" sip:MAC", b"   sip:MAC", 1),
        SUBSCRIBE.replace(b"Via: ", b"v:"),
        SUBSCRIBE.replace(b"From: ", b"fRoM  :\t"),
        SUBSCRIBE.replace(b"phone\r\n", b"phone\r\nno header\r\n\x00\r\n: x\r\nX\x0c: y\r\n"),
        SUBSCRIBE.replace(b"phone\r\n", b"phone\r\nX: \xff\xfe\x00\r\n"),
        altered(Max_Forwards=None),
        altered(Max_Forwards="300"),
        altered(Content_Length=None),
        altered(CSeq="0000000001  SUBSCRIBE"),
        altered(CSeq="4294967295 SUBSCRIBE"),
        altered(Call_ID="!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    ],
)
def test_what_is_taken(octets: bytes) -> None:
    found = parse_message(octets)
    assert isinstance(found, Request)
    assert found.fault is None
    assert found.method == "SUBSCRIBE"
    assert found.from_.uri == "sip:MAC=00a859112233@224.0.1.75"


@pytest.mark.parametrize(
    ("octets", "where"),
    [
        (b"", "message"),
        (b"\r\n\r\n", "message"),
        (b"\n", "message"),
        (b" ", "start line"),
        (b"\t\r\n", "start line"),
        (b"   \r\nVia: x\r\n\r\n", "start line"),
        (b"\x00", "start line"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "start line"),
        (b"SUBSCRIBE\r\n\r\n", "start line"),
        (b"SUBSCRIBE sip:a SIP/2.0", "Via"),
        (b"SUBSCRIBE sip:a SIP/2.0\r\n\r\n", "message"),
        (b"SUBSCRIBE sip:a SIP/2.0\r\n\r\nVia: x\r\n", "message"),
        (altered(Via=None), "Via"),
        (altered(Via=""), "Via"),
        (altered(Via="nonsense"), "Via"),
        (altered(Via='SIP/2.0/UDP 192.0.2.45;x="open'), "Via"),
        (altered(Via="SIP/2.0/UDP 192.0.2.45;x=" + "x" * 4096), "Via"),
        (altered(Via=b"SIP/2.0/UDP 192.0.2.45;x=\x01"), "Via"),
        (altered(Via=b"SIP/2.0/UDP 192.0.2.45\r\nVia: \x00"), "Via"),
        (altered(Via=b"SIP/2.0/UDP 192.0.2.45;x=\xff"), "Via"),
        (altered(From=b"<sip:a@b>;tag=\x7f"), "From"),
        (altered(To=b"<sip:a@b>;x=\xc3"), "To"),
        (altered(Call_ID=b"a\rb"), "Call-ID"),
        (altered(CSeq=b"1\x00 SUBSCRIBE"), "CSeq"),
        (b"x" * (MAX_MESSAGE + 1), "message"),
    ],
)
def test_what_nobody_is_told(octets: bytes, where: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse_message(octets)
    assert caught.value.where == where
    assert caught.value.reason


def test_longest_message() -> None:
    octets = SUBSCRIBE + b"x" * (MAX_MESSAGE - len(SUBSCRIBE))
    assert isinstance(parse_message(octets), Request)


@pytest.mark.parametrize(
    ("octets", "status", "reason"),
    [
        (altered(From=None), 400, "no From"),
        (altered(To=None), 400, "no To"),
        (altered(Call_ID=None), 400, "no Call-ID"),
        (altered(CSeq=None), 400, "no CSeq"),
        (altered(From=""), 400, "no From"),
        (altered(Call_ID="a b"), 400, "not a valid Call-ID"),
        (altered(Call_ID="é"), 400, "not a valid Call-ID"),
        (altered(CSeq="1"), 400, "not a valid CSeq"),
        (altered(CSeq="x SUBSCRIBE"), 400, "not a valid CSeq"),
        (altered(CSeq="-1 SUBSCRIBE"), 400, "not a valid CSeq"),
        (altered(CSeq="4294967296 SUBSCRIBE"), 400, "not a valid CSeq"),
        (altered(CSeq="00000000001 SUBSCRIBE"), 400, "not a valid CSeq"),
        (altered(CSeq="١ SUBSCRIBE"), 400, "not a valid CSeq"),
        (altered(CSeq="1 SUBSCRIBE x"), 400, "not a valid CSeq"),
        (altered(CSeq="1 NOTIFY"), 400, "CSeq names another method"),
        (altered(CSeq="1 subscribe"), 400, "CSeq names another method"),
        (altered(start="SUBSCRIBE sip:a b SIP/2.0"), 400, "the request line has not three words"),
        (altered(start="SUBSCRIBE SIP/2.0"), 400, "the request line has not three words"),
        (altered(start="SUB@SCRIBE sip:a@b SIP/2.0"), 400, "the method is no token"),
        (altered(start="SUBSCRIBE sip:a@b SIP/2.0\r\n folded"), 400, "the start line is folded"),
        (altered(start="SUBSCRIBE sip:a@b SIP/3.0"), 505, "not SIP/2.0"),
        (altered(start="SUBSCRIBE sip:a@b SIP/2.00"), 505, "not SIP/2.0"),
        (altered(Content_Length="1"), 400, "Content-Length does not fit the message"),
        (altered(Event="a\r\nEvent: b"), 400, "more than one Event"),
        (altered(To="<sip:a@b>;x=" + "x" * 4096), 513, "To has more than 4096 octets"),
    ],
)
def test_what_a_request_is_refused_for(octets: bytes, status: int, reason: str) -> None:
    assert fault(octets) == (status, reason)


def test_syntax_is_looked_at_before_the_version() -> None:
    assert fault(altered(start="SUBSCRIBE sip:a@b SIP/7.0", CSeq="x"))[0] == 400


@pytest.mark.parametrize(
    ("contact", "why"),
    [
        ("*", "no valid URI in Contact"),
        ("", "not exactly one Contact"),
        ("<sip:a@b>, <sip:c@d>", "not exactly one Contact"),
        ("<sip:a@b>\r\nContact: <sip:c@d>", "not exactly one Contact"),
        ('"open <sip:a@b>', "a quote is left open in Contact"),
    ],
)
def test_what_is_no_contact(contact: str, why: str) -> None:
    with pytest.raises(RequestError) as caught:
        _ = request(Contact=contact).contact
    assert (caught.value.status, caught.value.reason) == (400, why)


def test_contact_of_another_scheme() -> None:
    with pytest.raises(RequestError) as caught:
        _ = request(Contact="<tel:+123>").contact_uri
    assert (caught.value.status, caught.value.reason) == (400, "Contact is no SIP URI")


def test_contact_may_be_missing() -> None:
    found = request(Contact=None)
    assert found.contact is None
    assert found.contact_uri is None


@pytest.mark.parametrize(("value", "status"), [(b"a\x00b", 400), (b"\xff", 400), (b"x" * 4097, 513)])
def test_text_that_cannot_be_read(value: bytes, status: int) -> None:
    with pytest.raises(RequestError) as caught:
        request(Accept=value).text("accept")
    assert caught.value.status == status
    with pytest.raises(RequestError):
        request(Accept=b"a\r\nAccept: " + value).elements("accept")


def test_text_may_hold_tabs_and_UTF_8() -> None:
    assert request(Accept="a\té").text("accept") == "a\té"


@pytest.mark.parametrize(
    ("rows", "elements"),
    [
        ("a, b", ["a", "b"]),
        ("a\r\nAccept: b,c", ["a", "b", "c"]),
        ("", []),
        ("a\r\nAccept: ", ["a"]),
        (",", []),
    ],
)
def test_comma_lists_and_rows_are_the_same(rows: str, elements: list[str]) -> None:
    assert request(Accept=rows).elements("accept") == elements


@pytest.mark.parametrize(
    ("cseq", "number"),
    [("1 SUBSCRIBE", "1"), ("0 SUBSCRIBE", "0"), ("0020 SUBSCRIBE", "20"), ("x", ""), (None, "")],
)
def test_cseq_number(cseq: str | None, number: str) -> None:
    assert request(CSeq=cseq).cseq_number == number


def test_reads_a_response() -> None:
    found = response(RESPONSE)
    assert (found.status, found.cseq_method) == (200, "NOTIFY")
    assert found.via.branch == "z9hG4bK1"


@pytest.mark.parametrize(
    "octets",
    [
        RESPONSE.replace(b" OK", b""),
        RESPONSE.replace(b" OK", b" "),
        RESPONSE.replace(b" OK", " прекрасно".encode()),
        RESPONSE.replace(b" OK", b" \xff\x00"),
        RESPONSE.replace(b"SIP/2.0 200", b"sip/2.0  200"),
    ],
)
def test_reason_phrase_says_nothing(octets: bytes) -> None:
    assert response(octets).status == 200


@pytest.mark.parametrize(
    "octets",
    [
        RESPONSE.replace(b"200 OK", b""),
        RESPONSE.replace(b"200", b"2000"),
        RESPONSE.replace(b"200", b"20"),
        RESPONSE.replace(b"200", b"2x0"),
        RESPONSE.replace(b"200", b"-20"),
        RESPONSE.replace(b"200", b"099"),
        RESPONSE.replace(b"200", b"700"),
        RESPONSE.replace(b"CSeq: 1 NOTIFY", b"CSeq: NOTIFY"),
        RESPONSE.replace(b"CSeq: 1 NOTIFY\n", b""),
        RESPONSE.replace(b"CSeq: 1 NOTIFY", b"CSeq: 1 NOTIFY\nCSeq: 1 NOTIFY"),
        RESPONSE.replace(b"CSeq", b"Content-Length: 1\nCSeq"),
        RESPONSE.replace(b"CSeq", b"Via: SIP/2.0/UDP 192.0.2.9\nCSeq"),
        RESPONSE.replace(b"z9hG4bK1", b"z9hG4bK1, SIP/2.0/UDP 192.0.2.9"),
    ],
)
def test_responses_that_are_dropped(octets: bytes) -> None:
    with pytest.raises(MalformedMessage):
        parse_message(octets.replace(b"\n", b"\r\n"))


def test_kinds() -> None:
    assert isinstance(parse_message(SUBSCRIBE), Request)
    assert isinstance(parse_message(RESPONSE), Response)


def test_a_contact_whose_display_name_is_no_text() -> None:
    """Octets that are not UTF-8 do no harm where they are not needed; in the URI they do."""
    named = parse_message(SUBSCRIBE.replace(b"Contact: ", b'Contact: "\xff" '))
    assert isinstance(named, Request)
    assert named.contact is not None
    wrong = parse_message(SUBSCRIBE.replace(b"Contact: <sip:", b"Contact: <sip:\xff"))
    assert isinstance(wrong, Request)
    with pytest.raises(RequestError):
        _ = wrong.contact
