"""The express changes no answer: the same responder without it gives the same, octet for octet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.enrollment import Decide, Decision, Decline, Enrollment, Offer
from pnp_responder.events import EnrollmentOffered, Event, NotifyAnswered
from pnp_responder.limits import Limits
from pnp_responder.responder import Responder
from pnp_responder.sip import Request, parse_message
from pnp_responder.ua_profile import read_enrollment
from pnp_responder.ua_profile.pattern import LEARNING_PAUSE, MOST_PATTERNS, Patterns

from .examples import LOCAL, PHONE, SUBSCRIBE, admission, altered, answer, heard, identifiers, offer

CORPUS = sorted((Path(__file__).parent / "corpus").rglob("*.subscribe"))


class Pair:
    """A responder with the express and one without, asked the same."""

    def __init__(self, decide: Decide = offer, limits: Limits = Limits(100, burst=10_000)) -> None:  # noqa: B008
        self._one, self._other = engine(decide, limits), engine(decide, limits)
        self.express = self._one._express
        self.now = 0.0

    def hear(self, payload: bytes, remote: SocketAddress = PHONE, *, multicast: bool = True) -> Output[Event]:
        """What both say to it, later than the pause between two learnings."""
        self.now += 2 * LEARNING_PAUSE
        datagram = Datagram(payload, remote, LOCAL, multicast)
        said = self._one.receive_datagram(datagram, self.now)
        # This one knows no kind, ever.
        self._other._express._patterns = Patterns()
        other = self._other.receive_datagram(datagram, self.now)
        assert self._other._express.answered == 0
        assert plain(said) == plain(other)
        return said

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        assert plain(self._one.handle_timeout(self.now)) == plain(self._other.handle_timeout(self.now))


def engine(decide: Decide, limits: Limits) -> Responder:
    return Responder(decide, identifiers=identifiers(), admission=admission(), limits=limits)


def plain(output: Output[Event]) -> tuple[object, ...]:
    """With all that its events tell."""
    events = tuple(
        (e.enrollment, e.offer, e.status, e.attempts) if isinstance(e, NotifyAnswered) else e
        for e in output.events
    )
    return output.datagrams, events, output.deadline


def from_phone(number: int, payload: bytes = SUBSCRIBE) -> bytes:
    """The same phone's sister."""
    payload = payload.replace(b"00a859112233", b"00A859%06X" % number)
    payload = payload.replace(b"call-1", b"call-%d" % number).replace(b"tag=phone", b"tag=t%d" % number)
    return payload.replace(b"z9hG4bK-one", b"z9hG4bK-%d" % number)


def fits(patterns: Patterns, payload: bytes) -> bool:
    text = payload.decode("latin-1")
    pattern = patterns.find(text)
    return pattern is not None and pattern.read(text) is not None


def test_it_serves_from_the_third_of_a_kind_on() -> None:
    pair = Pair()
    for number in range(10):
        said = pair.hear(from_phone(number))
        assert [type(event) for event in said.events] == [EnrollmentOffered]
        assert len(said.datagrams) == 2
        pair.hear(answer(said.datagrams[1].payload), multicast=False)
    # The first of these is what its 200 is known by.
    assert pair.express.answered == 8 + 7


def test_repeats_and_second_paths_are_not_its_business() -> None:
    pair = Pair()
    for number in range(3):
        pair.hear(from_phone(number))
    assert len(pair.hear(from_phone(2)).datagrams) == 1
    assert pair.hear(from_phone(2).replace(b"z9hG4bK-2", b"z9hG4bK-x"), multicast=False).datagrams
    pair.pass_time(40.0)
    assert len(pair.hear(from_phone(2)).datagrams) == 2
    assert pair.express.answered == 2


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_phone_of_the_corpus(path: Path) -> None:
    pair = Pair()
    payload = path.read_bytes()
    host = parse_message(payload).via.host
    for number in range(4):
        other = re.sub(rb"(?m)^(Call-ID|i)( ?: ?)", b"\\1\\g<2>%d" % number, payload)
        said = pair.hear(other, SocketAddress("192.0.2.45", 5060 + number))
        again = pair.hear(other, SocketAddress("192.0.2.45", 5060 + number))
        assert again.datagrams == said.datagrams[:1]
        pair.hear(other.replace(host.encode(), b"192.0.2.45"), multicast=False)


def test_the_corpus_has_phones_that_it_serves() -> None:
    served = 0
    for path in CORPUS:
        patterns, payload = Patterns(), path.read_bytes()
        message = parse_message(payload)
        if isinstance(message, Request) and message.fault is None:
            try:
                enrollment = read_enrollment(message, heard(payload))
            except Exception:  # noqa: BLE001, S112 -- whatever is wrong with it, it is not served here
                continue
            for now in (0.0, 1.0):
                patterns.learn(payload, message, enrollment, now)
            served += fits(patterns, payload)
    assert served >= len(CORPUS) / 2


VALUES = st.sampled_from(
    [
        *(
            "",
            " ",
            "\t",
            ";",
            ",",
            '"',
            "<",
            ">",
            "\r\n ",
            "\x00",
            "ä",
            "%41",
            "sip:",
            "sips:",
            "@",
            ":",
            ":0",
        ),
        *(";tag=", ";tag=x", ";rport", ";received=203.0.113.9", ";maddr=203.0.113.9", "2", "00a859", "MAC"),
        *(
            "Require: x\r\n",
            "Record-Route: <sip:203.0.113.9;lr>\r\n",
            "\r\n",
            "203.0.113.9",
            ":5064",
            "1" * 12,
        ),
    ]
)


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, len(SUBSCRIBE)), st.integers(0, 12), VALUES), min_size=1, max_size=2),
    st.booleans(),
    st.sampled_from([PHONE, SocketAddress("192.0.2.45", 5064), SocketAddress("192.0.2.46", 5060)]),
)
def test_whatever_is_changed_in_it(
    changes: list[tuple[int, int, str]], multicast: bool, remote: SocketAddress
) -> None:
    pair = Pair()
    for number in range(3):
        pair.hear(from_phone(number))
    payload = SUBSCRIBE
    for at, dropped, text in changes:
        payload = payload[:at] + text.encode() + payload[at + dropped :]
    for _ in range(3):  # the second is a repeat, or another case of the same; a new kind is learned
        pair.hear(payload, remote, multicast=multicast)
    pair.hear(from_phone(3))
    pair.pass_time(0.5)


@pytest.mark.parametrize(
    "rows",
    [
        {"Via": "SIP/2.0/UDP 192.0.2.45;branch=z9hG4bK-one;rport"},
        {"Via": "SIP/2.0/UDP 192.0.2.46:5066;branch=z9hG4bK-one"},
        {"Via": "SIP/2.0/UDP 192.0.2.45:0;branch=z9hG4bK-one"},
        {"Contact": "<sip:192.0.2.45>"},
        {"Contact": "<sip:a@192.0.2.45:5062>"},
        {"Contact": "<sip:192.0.2.46:99999>"},
        {"From": "<sip:MAC%3a00A859112233@x:1;a=b>"},
        {"CSeq": "4294967295 SUBSCRIBE"},
        {"User_Agent": "Acme Phone 1"},
    ],
    ids=str,
)
def test_shapes_that_it_serves(rows: dict[str, str]) -> None:
    pair = Pair()
    for number in range(5):
        said = pair.hear(from_phone(number, altered(**rows)))
        assert len(said.datagrams) == 2
    assert pair.express.answered == (0 if "4294967295" in rows.get("CSeq", "") else 3)


def test_what_the_rules_decline() -> None:
    def decide(enrollment: Enrollment) -> Offer | Decline:
        odd = int(str(enrollment.device.mac)[-1], 16) % 2
        return Decline("no", "odd", 403) if odd else Offer("http://h/", "even")

    pair = Pair(decide)
    for number in range(8):
        pair.hear(from_phone(number), multicast=False)
    assert pair.express.answered == 2


def test_what_is_too_long_or_too_short_is_as_ever() -> None:
    urls = iter(["http://h/", "http://h/", "http://h/" + "x" * 1300, "http://h/"])
    given_out: dict[str, Offer] = {}

    def decide(enrollment: Enrollment) -> Offer:
        mac = str(enrollment.device.mac)
        return given_out.setdefault(mac, Offer(next(urls), "r") if mac not in given_out else given_out[mac])

    pair = Pair(decide)
    for number in range(2):
        pair.hear(from_phone(number))
    assert pair.hear(from_phone(2)).datagrams == ()


def test_a_source_that_asks_too_fast() -> None:
    pair = Pair(limits=Limits(1000, rate=1, burst=5))
    for number in range(60):
        pair.hear(from_phone(number))
    assert pair.express.answered > 5


def test_the_tables_are_full() -> None:
    pair = Pair(limits=Limits(3, burst=1000))
    for number in range(20):
        pair.hear(from_phone(number))
    pair.pass_time(40.0)


def test_no_number_of_kinds_is_too_many() -> None:
    patterns = Patterns()
    for number in range(3 * MOST_PATTERNS):
        payload = altered(Event=f"ua-profile;vendor=v{number}")
        message = parse_message(payload)
        assert isinstance(message, Request)
        enrollment = read_enrollment(message, heard(payload))
        for again in range(2):
            patterns.learn(payload, message, enrollment, number + again / 2)
        assert fits(patterns, payload)
        assert len(patterns._known) <= MOST_PATTERNS


def test_learning_waits_between_two_kinds() -> None:
    patterns = Patterns()
    payloads = [altered(Event=f"ua-profile;vendor=v{number}") for number in range(2)]
    for payload in payloads * 2:
        message = parse_message(payload)
        assert isinstance(message, Request)
        patterns.learn(payload, message, read_enrollment(message, heard(payload)), 0.0)
    assert [fits(patterns, payload) for payload in payloads] == [True, False]


def test_who_is_declined_is_counted_once() -> None:
    def decide(enrollment: Enrollment) -> Decision:
        return Decline("not today") if (enrollment.device.mac or "") > "00a859000010" else offer(enrollment)

    pair = Pair(decide, Limits(100, rate=1, burst=40))
    for number in range(60):
        pair.hear(from_phone(number))
    assert pair.express.answered > 10
