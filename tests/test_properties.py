"""What holds for every message, hostile or not. Hypothesis looks for the one that breaks it."""

from __future__ import annotations

import re
from contextlib import suppress
from time import process_time

import pytest
import sipmessage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pnp_responder.errors import MalformedMessage
from pnp_responder.events import EnrollmentOffered
from pnp_responder.sip import parse_message
from tests import strict
from tests.corpus_reader import HOSTILE, PHONES, Phone
from tests.examples import LOCAL, PHONE, SUBSCRIBE, URL, altered, heard, responder

MESSAGES = [
    octets for octets in [*(p.octets for p in PHONES), *(h.octets for h in HOSTILE)] if len(octets) < 5000
]

# What a stranger may write: pieces of SIP, and what has broken parsers before.
PIECES = st.sampled_from(
    [
        *(
            b" ",
            b"\t",
            b"\r\n ",
            b"\n\t",
            b"\r\n",
            b"\n",
            b"\r",
            b"\x00",
            b"\x7f",
            b"\xff",
            b"\xc3\xa9",
            b"\xc2\x85",
        ),
        *(
            b'"',
            b"\\",
            b'\\"',
            b"<",
            b">",
            b",",
            b";",
            b"=",
            b":",
            b"@",
            b"%",
            b"%00",
            b"%0d%0a",
            b"?",
            b"/",
            b"[",
            b"]",
        ),
        *(
            b"a",
            b"0",
            b"sip:",
            b"sips:",
            b"tel:",
            b"MAC",
            b"00a859112233",
            b"z9hG4bK",
            b"SIP/2.0",
            b"SIP/2.0/UDP ",
        ),
        *(
            b"192.0.2.45",
            b"198.51.100.9",
            b"[2001:db8::1]",
            b"phone.example",
            b":5060",
            b":99999",
            b"-1",
            b"4294967296",
        ),
        *(
            b";tag=",
            b";tag",
            b";tag=x",
            b";lr",
            b";rport",
            b";received=",
            b";branch=z9hG4bKx",
            b";maddr=224.0.1.75",
            b";q=0",
        ),
        *(
            b"ua-profile",
            b"application/url",
            b"*/*",
            b"SUBSCRIBE",
            b"NOTIFY",
            b"Via: ",
            b"Content-Length: 9",
            b"From: x",
        ),
        *(b"<sip:a@b>", b'"A" <sip:a@b>', b'vendor="', b"vender=", b"urn:uuid:", b"+sip.instance="),
    ]
)
VALUE = st.one_of(
    st.lists(PIECES, max_size=12).map(b"".join),
    st.binary(max_size=40),
    st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace")),
)
NAMES = (
    *(
        "start",
        "Via",
        "Max_Forwards",
        "From",
        "To",
        "Call_ID",
        "CSeq",
        "Contact",
        "Expires",
        "Event",
        "Accept",
    ),
    *(
        "Content_Length",
        "Record_Route",
        "Route",
        "Require",
        "User_Agent",
        "Supported",
        "Content_Type",
        "body",
    ),
)


@st.composite
def values(draw: st.DrawFn) -> dict[str, bytes | None]:
    """A few rows that say something else: wholly, or with something put before, into or behind."""
    rows: dict[str, bytes | None] = {}
    old = dict(line.split(b": ", 1) for line in SUBSCRIBE.split(b"\r\n") if b": " in line)
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)):
        value = draw(st.none() | VALUE)
        was = old.get(name.replace("_", "-").encode(), b"")
        if value is not None and was and draw(st.booleans()):
            at = draw(st.integers(0, len(was)))
            value = was[:at] + value + was[at:]
        rows[name] = value
    return rows


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A message of the corpus with some octets changed, put in, left out or doubled."""
    octets: bytes = draw(st.sampled_from(MESSAGES))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(octets)))
        end = min(len(octets), at + draw(st.integers(0, 20)))
        put = draw(st.one_of(PIECES, st.binary(max_size=4), st.just(octets[at:end] * 2)))
        octets = octets[:at] + put + octets[end:]
    return octets


def check_parse(octets: bytes) -> None:
    with suppress(MalformedMessage):
        parse_message(octets)


@given(st.binary(max_size=400))
def test_any_octets(octets: bytes) -> None:
    check_parse(octets)


@given(mutated())
@settings(max_examples=400)
def test_any_mutation(octets: bytes) -> None:
    check_parse(octets)


def values_of(octets: bytes, name: str) -> list[str]:
    """The values of a header of the request, read by hand: unfolded, stripped, in order.

    `name` is a regular expression for the long and the compact name.
    """
    head = re.split(rb"\n\r?\n", octets.lstrip(b"\r\n"), maxsplit=1)[0]
    unfolded = re.sub(rb"[ \t]*\r?\n[ \t]+", b" ", head)
    rows = [line.removesuffix(b"\r") for line in unfolded.split(b"\n")[1:]]
    found = [
        re.fullmatch(rb"(?:%s)[ \t]*:(.*)" % name.encode(), row, re.IGNORECASE | re.DOTALL) for row in rows
    ]
    return [match[1].strip(b" \t").decode() for match in found if match is not None]


def check_echo(octets: bytes, sent: strict.Sent) -> None:
    """RFC 3261 8.2.6.2: From, Call-ID, CSeq and all lower Via values as they came; To with one tag more."""
    for name, known_as in (("From", "from|f"), ("Call-ID", "call-id|i"), ("CSeq", "cseq")):
        assert sent.all(name) == [value for value in values_of(octets, known_as)[:1] if value]
    for was, now in zip(values_of(octets, "to|t"), sent.all("To"), strict=False):
        without_empty = re.sub(r";\s*tag\s*(=\s*(\"\"\s*)?)?(?=;|$)", "", was, flags=re.IGNORECASE)
        added = re.sub(r";tag=[0-9a-f]{12}$", "", now)
        assert added in (was, now, without_empty) or '"' in was or "<" in was
    theirs = values_of(octets, "via|v")
    ours = sent.all("Via")
    assert len(theirs) == len(ours)
    assert theirs[1:] == ours[1:]


# What the strict grammar of `sipmessage` refuses although we send it on purpose, by reason: phones write it
# so and it must be echoed, or the reader is narrower than the RFC.
GAPS = (
    # It takes no ; and no escapes in a quoted parameter: it splits at each ;.
    ("quoted parameter", re.compile(r'="')),
    # "SIP/2.0/UDP" only: no blanks round the slashes, no other version, no lower case, no odd transport.
    ("protocol", re.compile(r"^(?!SIP/2\.0/[A-Z]+ )")),
    # sent-by as it came: stray characters behind the port, or a host that is no host name.
    ("sent-by", re.compile(r"^\S+ (?![A-Za-z0-9.\[\]:-]+(;|$))")),
    # Empty parameters and blanks are echoed.
    ("empty parameter", re.compile(r";\s*(;|$)|\s;|;\s|=\s|\s=|=(;|$)")),
    # A URI that is none: a MAC for a host, nothing behind the @, several @, a % that escapes nothing.
    ("free URI", re.compile(r"<(?!sips?:([A-Za-z0-9=.%-]+@)?[A-Za-z0-9.-]*[A-Za-z0-9](:[0-9]+)?>)")),
    # Addresses without <>, or with a display name, are echoed as they came.
    ("no brackets", re.compile(r"^[^<]")),
    # A parameter whose value is no token.
    ("odd value", re.compile(r"[^ -~]|;[^=;]*[^A-Za-z0-9\-.!%*_+`'~=;: \[\]]")),
)


def independent(value: str, read: object) -> None:
    """`value` by `sipmessage`; what it cannot take must have one of the reasons above."""
    assert callable(read)
    try:
        read(value)
    except ValueError:
        assert any(pattern.search(value) for _, pattern in GAPS), f"refused without a known reason: {value!r}"


def check_by_sipmessage(octets: bytes) -> None:
    try:
        message = sipmessage.Message.parse(octets)
    except ValueError:
        # It takes Via, From, To, CSeq and Contact apart at once; each of ours is looked at below.
        message = None
    sent = strict.read(octets)
    if message is not None:
        assert message.body == sent.body
    for name in ("From", "To", "Contact", "Route"):
        for value in sent.all(name):
            independent(value, sipmessage.Address.parse)
    if sent.start.startswith("NOTIFY "):
        # These are all our own words.
        sipmessage.Via.parse(sent.one("Via"))
        sipmessage.Address.parse(sent.one("Contact"))
        sipmessage.CSeq.parse(sent.one("CSeq"))
        sipmessage.MediaType.parse(sent.one("Content-Type"))
    else:
        for value in sent.all("Via"):
            independent(value, sipmessage.Via.parse_many)


def check_engine(octets: bytes, multicast: bool) -> None:
    engine = responder()
    output = engine.receive_datagram(heard(octets, multicast=multicast), 0.0)
    assert len(output.events) <= 1
    for datagram in output.datagrams:
        assert datagram.remote.host == PHONE.host
        assert 0 < datagram.remote.port < 65536
        assert datagram.local == LOCAL
        assert not datagram.multicast
        sent = strict.read(datagram.payload)
        check_by_sipmessage(datagram.payload)
        if not sent.start.startswith("NOTIFY "):
            check_echo(octets, sent)
            assert len(sent.all("To")) <= 1
            assert sent.body == b""
    offered = any(isinstance(event, EnrollmentOffered) for event in output.events)
    assert offered == (len(output.datagrams) == 2)
    if offered:
        ok, notify = (strict.read(datagram.payload) for datagram in output.datagrams)
        strict.check_200(ok)
        strict.check_notify(notify, URL)
        assert len(output.datagrams[1].payload) <= 1300
        assert notify.one("From").rpartition(";tag=")[2] == ok.one("To").rpartition(";tag=")[2]
        assert notify.one("Call-ID") == ok.one("Call-ID")
    elif multicast:
        assert output.datagrams == ()
    # Whatever it was: the next phone is served.
    served = engine.receive_datagram(heard(altered(Call_ID="the-next-one")), 0.1)
    assert len(served.datagrams) == 2


@given(values(), st.booleans())
@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_phone_says(rows: dict[str, bytes | None], multicast: bool) -> None:
    check_engine(altered(**rows), multicast)


@given(mutated(), st.booleans())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_becomes_of_a_message(octets: bytes, multicast: bool) -> None:
    engine = responder()
    output = engine.receive_datagram(heard(octets, multicast=multicast), 0.0)
    for datagram in output.datagrams:
        assert datagram.remote.host == PHONE.host
        strict.read(datagram.payload)
    engine.handle_timeout(100.0)


@pytest.mark.parametrize("message", PHONES, ids=lambda message: message.name)
def test_answers_to_real_phones_are_read_by_an_independent_reader(message: Phone) -> None:
    for datagram in responder().receive_datagram(heard(message.octets), 0.0).datagrams:
        found = sipmessage.Message.parse(datagram.payload)
        sent = strict.read(datagram.payload)
        assert found.body == sent.body
        assert found.headers.get("Call-ID") == sent.one("Call-ID")


HOSTILE_RUNS = [
    *(
        b" ",
        b"\t",
        b'"',
        b"<",
        b">",
        b",",
        b";",
        b"\\",
        b"%",
        b"\r\n ",
        b"\n\t",
        b":",
        b"=",
        b"@",
        b"/",
        b"?",
        b"(",
    ),
    *(
        b'\\"',
        b'";',
        b'="',
        b';="',
        b'a="',
        b'";"',
        b"<>",
        b",;",
        b";tag=",
        b"%00",
        b"%41",
        b"MAC:",
        b"MAC ",
        b"a,",
        b"a;",
    ),
    *(
        b"<sip:a@b>,",
        b'"a" ',
        b"00:",
        b"00a8",
        b"a=b;",
        b"0",
        b"[",
        b"a.",
        b"-",
        b"\xc3\xa9",
        b"\xff",
        b" ;",
        b", ",
    ),
    *(b"SIP/2.0/UDP a,", b"urn:uuid:", b"\r", b"tag", b";rport", b"q=0,", b"*/*;q=0,", b"x\r\nX: "),
]


@pytest.mark.parametrize("name", NAMES)
def test_no_field_costs_more_than_its_length(name: str) -> None:
    """60,000 octets in any field, and a length at which we still read it: time grows no faster than the text.

    The bound is some hundred times of what it takes; quadratic work would take minutes.
    """
    began = process_time()
    for run in HOSTILE_RUNS:
        for length in (3_900, 60_000):
            for before, after in ((b"", b""), (b"<sip:", b">"), (b'"', b'"'), (b"ua-profile;vendor=", b"")):
                value = before + (run * (length // len(run))) + after
                octets = altered(**{name: value})
                responder().receive_datagram(heard(octets, multicast=False), 0.0)
    assert process_time() - began < 20.0
