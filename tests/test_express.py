"""The express changes no answer: the same responder without it gives the same, octet for octet."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.enrollment import Decide, Decision, Decline, Enrollment, ForKind, Offer, no_kind
from pnp_responder.events import EnrollmentOffered, Event, ProbeHeard
from pnp_responder.limits import Limits
from pnp_responder.mac import SPELLINGS, Mac
from pnp_responder.responder import Responder
from pnp_responder.rules import RuleSet
from pnp_responder.sip import Request, parse_message
from pnp_responder.ua_profile import read_enrollment
from pnp_responder.ua_profile.kinds import LEARNED_AT_ONCE, LEARNING_PAUSE, MOST_KINDS, Kinds
from pnp_responder.ua_profile.probe import PROBE_PREFIX
from pnp_responder.ua_profile.subscribe import MOST_AGENT

from .examples import (
    LOCAL,
    OTHER_LOCAL,
    PHONE,
    SUBSCRIBE,
    admission,
    altered,
    answer,
    heard,
    identifiers,
    offer,
)

CORPUS = sorted((Path(__file__).parent / "corpus").rglob("*.subscribe"))


class Pair:
    """A responder with the express and one without, asked the same."""

    def __init__(
        self,
        decide: Decide = offer,
        limits: Limits = Limits(100, burst=10_000),  # noqa: B008
        for_kind: ForKind = no_kind,
    ) -> None:
        self._one, self._other = (engine(decide, limits, for_kind) for _ in range(2))
        self.heard = 0
        self.now = 0.0

    @property
    def answered(self) -> int:
        """How many the express answered."""
        return self.heard - self._one.went_the_long_way

    def hear(
        self, payload: bytes, remote: SocketAddress = PHONE, *, multicast: bool = True, local: Local = LOCAL
    ) -> Output[Event]:
        """What both say to it, later than the pause between two learnings."""
        self.now += 2 * LEARNING_PAUSE
        datagram = Datagram(payload, remote, local, multicast)
        said = self._one.receive_datagram(datagram, self.now)
        # This one knows no kind, ever.
        self._other._express._kinds = Kinds()
        other = self._other.receive_datagram(datagram, self.now)
        self.heard += 1
        assert self._other.went_the_long_way == self.heard
        assert plain(said) == plain(other)
        return said

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        assert plain(self._one.handle_timeout(self.now)) == plain(self._other.handle_timeout(self.now))

    @classmethod
    def by_rules(cls, text: str) -> Pair:
        rules = RuleSet.from_text(text, "r")
        return cls(rules.decide, for_kind=rules.for_kind)


def engine(decide: Decide, limits: Limits, for_kind: ForKind) -> Responder:
    return Responder(
        decide, identifiers=identifiers(), admission=admission(), limits=limits, for_kind=for_kind
    )


def plain(output: Output[Event]) -> tuple[object, ...]:
    return output.datagrams, output.events, output.deadline


def from_phone(number: int, payload: bytes = SUBSCRIBE) -> bytes:
    """The same phone's sister."""
    payload = payload.replace(b"00a859112233", b"00A859%06X" % number)
    payload = payload.replace(b"call-1", b"call-%d" % number).replace(b"tag=phone", b"tag=t%d" % number)
    return payload.replace(b"z9hG4bK-one", b"z9hG4bK-%d" % number)


def fits(kinds: Kinds, payload: bytes, remote: SocketAddress = PHONE) -> bool:
    text = payload.decode("latin-1")
    kind = kinds.find(text)
    return kind is not None and kind.read(text, remote) is not None and LOCAL.interface in kind.replies


def test_it_serves_from_the_third_of_a_kind_on() -> None:
    pair = Pair()
    for number in range(10):
        said = pair.hear(from_phone(number))
        assert [type(event) for event in said.events] == [EnrollmentOffered]
        assert len(said.datagrams) == 2
        pair.hear(answer(said.datagrams[1].payload), multicast=False)
    # The first of these is what its 200 is known by.
    assert pair.answered == 8 + 7


def test_repeats_and_second_paths_are_not_its_business() -> None:
    pair = Pair()
    for number in range(3):
        pair.hear(from_phone(number))
    assert len(pair.hear(from_phone(2)).datagrams) == 1
    assert pair.hear(from_phone(2).replace(b"z9hG4bK-2", b"z9hG4bK-x"), multicast=False).datagrams
    pair.pass_time(40.0)
    assert len(pair.hear(from_phone(2)).datagrams) == 2
    assert pair.answered == 2


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
        payload = path.read_bytes()
        message = parse_message(payload)
        if not isinstance(message, Request) or message.fault is not None:
            continue
        remote = SocketAddress(message.via.host, message.via.port or 5060)
        datagram = heard(payload, remote=remote)
        try:
            enrollment = read_enrollment(message, datagram)
        except Exception:  # noqa: BLE001, S112 -- whatever is wrong with it, it is not served here
            continue
        kinds = Kinds()
        for now in (0.0, 1.0):
            kinds.learn(datagram, message, enrollment, now)
        served += fits(kinds, payload, remote)
    assert served >= 0.6 * len(CORPUS)


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
        {"From": "<sip:MAC%3a00a859112233@x:1;a=b>"},
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
    assert pair.answered == 3


def test_what_the_rules_decline() -> None:
    def decide(enrollment: Enrollment) -> Offer | Decline:
        odd = int(str(enrollment.device.mac)[-1], 16) % 2
        return Decline("no", "odd", 403) if odd else Offer("http://h/", "even")

    pair = Pair(decide)
    for number in range(8):
        pair.hear(from_phone(number), multicast=False)
    assert pair.answered == 2


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
    assert pair.answered > 5


def test_the_tables_are_full() -> None:
    pair = Pair(limits=Limits(3, burst=1000))
    for number in range(20):
        pair.hear(from_phone(number))
    pair.pass_time(40.0)


def learn(kinds: Kinds, payload: bytes, now: float, remote: SocketAddress = PHONE) -> None:
    message = parse_message(payload)
    assert isinstance(message, Request)
    datagram = heard(payload, remote=remote)
    kinds.learn(datagram, message, read_enrollment(message, datagram), now)


def test_no_number_of_kinds_is_too_many() -> None:
    kinds = Kinds()
    for number in range(3 * MOST_KINDS):
        payload = altered(Event=f"ua-profile;vendor=v{number}")
        for again in range(2):
            learn(kinds, payload, number + again / 2)
        assert fits(kinds, payload)
        assert len(kinds) <= MOST_KINDS


def test_no_number_of_endings_of_one_kind_is_too_many() -> None:
    kinds = Kinds()
    for number in range(6 * MOST_KINDS):
        learn(kinds, altered(X_Ending=f"{number:099}"), float(number))
        assert len(kinds._by_end) <= 2 * MOST_KINDS


def test_learning_waits_when_many_kinds_come_at_once() -> None:
    kinds = Kinds()
    payloads = [altered(Event=f"ua-profile;vendor=v{number}") for number in range(LEARNED_AT_ONCE + 1)]
    for payload in payloads * 2:
        learn(kinds, payload, 0.0)
    assert [fits(kinds, payload) for payload in payloads] == [True] * LEARNED_AT_ONCE + [False]
    learn(kinds, payloads[-1], LEARNING_PAUSE)
    assert fits(kinds, payloads[-1])


def test_two_kinds_that_end_alike_are_told_apart() -> None:
    pair = Pair()
    first, second = (altered(Event=f'ua-profile;vendor="v{n}"', X_Long="x" * 99) for n in range(2))
    for number in range(12):
        pair.hear(from_phone(number, first if number % 2 else second))
    assert pair.answered == 8


@pytest.mark.parametrize(
    "row",
    [
        {"User_Agent": "Acme 00A859112233"},
        {"User_Agent": "Acme Phone (00:A8:59:11:22:33)"},
        {"User_Agent": "Acme serial %d"},
        {"CSeq": "%d SUBSCRIBE"},
        {"Contact": "<sip:00A859112233@192.0.2.45:5064>"},
        {"Contact": "<sip:00:A8:59:11:22:33@192.0.2.45>"},
    ],
    ids=str,
)
def test_what_else_differs_among_devices_of_one_kind(row: dict[str, str]) -> None:
    pair = Pair()
    ((name, value),) = row.items()
    for number in range(1, 8):
        text = value.replace("%d", str(1000 + number))
        text = text.replace("11:22:33", f"00:00:{number:02X}").replace("112233", f"{number:06X}")
        said = pair.hear(from_phone(number, altered(**{name: text})))
        assert len(said.datagrams) == 2
        (event,) = said.events
        assert isinstance(event, EnrollmentOffered)
        assert event.enrollment.user_agent == (text if name == "User_Agent" else "")
    assert pair.answered >= 4
    for _ in range(4):
        pair.pass_time(1.0)  # each NOTIFY once more


def test_a_kind_on_several_links() -> None:
    pair = Pair()
    for number in range(12):
        local = (LOCAL, OTHER_LOCAL)[number % 2]
        said = pair.hear(from_phone(number), local=local)
        assert {datagram.local for datagram in said.datagrams} == {local}
    assert pair.answered == 12 - 3
    renumbered = LOCAL._replace(address=SocketAddress("192.0.2.3", 5060))
    for number in range(12, 15):
        said = pair.hear(from_phone(number), local=renumbered)
        assert b"Contact: <sip:192.0.2.3:5060>" in said.datagrams[0].payload
    assert pair.answered == 12 - 3 + 2


def test_other_rules() -> None:
    """Those of a rules file find out once what a kind is offered: until there are others."""
    rules = [
        RuleSet.from_text(f"rules: [{{name: r{n}, url: 'http://h/{n}/{{{{ mac }}}}'}}]", "r") for n in (1, 2)
    ]
    made = Responder(
        rules[0].decide,
        identifiers=identifiers(),
        admission=admission(),
        limits=Limits(burst=10_000),
        for_kind=rules[0].for_kind,
    )
    for number in range(9):
        if number == 5:
            made.replace_rules(rules[1].decide, rules[1].for_kind)
        (event,) = made.receive_datagram(heard(from_phone(number)), float(number)).events
        assert isinstance(event, EnrollmentOffered)
        assert event.offer.url == f"http://h/{1 if number < 5 else 2}/00a859{number:06x}"
    assert made.went_the_long_way == 2


def test_who_is_declined_is_counted_once() -> None:
    def decide(enrollment: Enrollment) -> Decision:
        return Decline("not today") if (enrollment.device.mac or "") > "00a859000010" else offer(enrollment)

    pair = Pair(decide, Limits(100, rate=1, burst=40))
    for number in range(60):
        pair.hear(from_phone(number))
    assert pair.answered > 10


MACS = [Mac(f"00a8591122{number:02x}") for number in range(0x33, 0x3A)]
STYLES = [spell(MACS[0]) for spell in SPELLINGS]
ANYBODY = "SUBSCRIBE sip:x@h SIP/2.0"
BY_MAC = "rules: [{name: r, url: 'http://h/{{ mac }}.cfg'}, {name: other, url: 'http://h/'}]"


def spelled(text: str, number: int, **rows: str) -> bytes:
    """The SUBSCRIBE of a phone that writes its MAC so, in From, To and Contact."""
    uri = f"sip:{text}@224.0.1.75"
    rows = {
        "start": f"SUBSCRIBE {uri} SIP/2.0",
        "From": f"<{uri}>;tag=t{number}",
        "To": f"<{uri}>",
        "Contact": f"<sip:{text}@192.0.2.45:5064>",
        "Via": f"SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK-{number}",
        "Call_ID": f"c{number}",
    } | rows
    return altered(**rows)


@pytest.mark.parametrize("spell", SPELLINGS, ids=STYLES)
def test_each_way_to_write_a_mac(spell: Callable[[Mac], str]) -> None:
    pair = Pair.by_rules(BY_MAC)
    for number, mac in enumerate(MACS):
        said = pair.hear(spelled(spell(mac), number))
        assert said.datagrams[1].payload.endswith(b"http://h/%s.cfg" % mac.encode())
    assert pair.answered == len(MACS) - 2
    pair.pass_time(0.5)


@pytest.mark.parametrize("character", [*range(10), *range(11, 48), 58, 63, 64, 0x5C, 0x7F, 0x80, 0xE4, 0xFF])
def test_what_is_no_separator_of_a_mac(character: int) -> None:
    for spell in SPELLINGS:
        pair = Pair.by_rules(BY_MAC)
        for number, mac in enumerate(MACS[:2]):
            pair.hear(spelled(spell(mac), number))
        text = spell(MACS[2])
        for number, separator in enumerate(":.-", 2):
            pair.hear(spelled(text.replace(separator, chr(character)), number))
            pair.hear(spelled(text.replace(separator, chr(character), 1), 10 * number))


@pytest.mark.parametrize("first", SPELLINGS, ids=STYLES)
@pytest.mark.parametrize("second", SPELLINGS, ids=STYLES)
def test_one_that_writes_its_mac_otherwise_changes_nothing_for_the_others(
    first: Callable[[Mac], str], second: Callable[[Mac], str]
) -> None:
    pair = Pair.by_rules(BY_MAC)
    for number, mac in enumerate(MACS):
        pair.hear(spelled((second if number in (2, 4) else first)(mac), number))
    pair.pass_time(0.5)  # each NOTIFY once more


@pytest.mark.parametrize(
    "rows",
    [
        {"Via": "SIP/2.0/UDP phone.local;alias=192.0.2.45:5062;branch=z9hG4bK-{n}"},
        {"Via": "SIP/2.0/UDP phone.local:0;alias=192.0.2.45:5062;branch=z9hG4bK-{n}"},
        {"Via": "SIP/2.0/UDP z9hG4bK-{n}:5060;branch=z9hG4bK-{n}"},
        {"Via": "SIP/2.0/UDP z9hG4bK-1:5060;branch=z9hG4bK-1", "Call_ID": "c1{n}"},
        {"From": "<sip:phone@h>;tag={mac}", "To": "<sip:00A859AABBcc@h>"},
        {"From": "<sip:phone@h>;tag=00a859aabbcc", "To": "<sip:00A859AABBcc@h>"},
        {"From": "<sip:phone@{mac}>;tag=t{n}", "To": "<sip:00A859AABBcc@h>"},
        {"From": '"{mac}" <sip:phone@h>;tag=t{n}', "To": "<sip:00A859AABBcc@h>"},
        {"Contact": '"sip:a@{mac}445566" <sip:a@00a859>', "start": ANYBODY},
        {"User_Agent": "192.0.2.45 " + "x" * 600},
        {"User_Agent": "Acme {mac} " + "x" * 600},
        {
            "start": ANYBODY,
            "From": "<sip:%3{mac}@h>;tag=t{n}",
            "To": "<sip:%3{mac}@h>",
            "Contact": "<sip:192.0.2.45:5064>",
        },
        {"User_Agent": "Acme {n}", "From": "<sip:x@h>;tag={mac}", "To": "<sip:x@h>", "start": ANYBODY},
        {
            "User_Agent": "Acme 00A859aABbCC",
            "From": "<sip:x@h>;tag={mac}",
            "To": "<sip:x@h>",
            "start": ANYBODY,
        },
        {"User_Agent": "Acme/1 (192.0.2.45:5060)", "From": "<sip:x@h>;tag=t{n}", "To": "<sip:x@h>"},
    ],
    ids=str,
)
def test_what_only_looks_like_the_devices_own(rows: dict[str, str]) -> None:
    def asked(number: int, mac: str) -> bytes:
        given = {name: text.format(n=number, mac=mac) for name, text in rows.items()}
        return spelled(mac, number, **given)

    for learned in ("00a859aabbcc", "00a859", "00a859112233"):
        pair = Pair.by_rules(BY_MAC)
        for number, mac in enumerate([learned, learned, "00a859aabbcc", "aabbccddeeff", "x"] * 3):
            pair.hear(asked(number, mac))
            pair.hear(asked(number, mac), multicast=False)
        pair.pass_time(0.5)


def test_a_probe_is_none_of_its_business() -> None:
    pair = Pair.by_rules(BY_MAC)
    for number, mac in enumerate([*MACS[:4], Mac(f"{PROBE_PREFIX}0001"), MACS[4]]):
        (event,) = pair.hear(spelled(mac, number)).events
        assert isinstance(event, ProbeHeard if number == 4 else EnrollmentOffered)


def test_who_has_answered_is_the_last_to_be_forgotten() -> None:
    pair = Pair(limits=Limits(6, burst=1000))
    for number in range(30):
        said = pair.hear(from_phone(number))
        if number % 5 == 4 and len(said.datagrams) == 2:
            pair.hear(answer(said.datagrams[1].payload), multicast=False)
        for before in (number % 5, number // 2, 4):
            pair.hear(from_phone(before))
    assert pair.answered > 20


def test_what_was_counted_once_is_counted_again_when_it_is_new_again() -> None:
    pair = Pair(limits=Limits(100, rate=1, burst=1))
    for number in range(4):
        pair.pass_time(2.0)
        pair.hear(from_phone(number))
    assert pair.answered == 2
    pair.pass_time(40.0)
    pair.hear(from_phone(3, altered(X_Other="row")))
    assert pair.hear(from_phone(9)).datagrams == ()


def test_a_user_agent_with_an_address_ends_where_the_long_way_ends_it() -> None:
    """The sample's is not too long; that of a device with a longer address is."""
    remote, other = PHONE._replace(host="192.0.2.4"), PHONE._replace(host="192.168.100.100")
    payload = altered(User_Agent="192.0.2.4 " + "x" * (MOST_AGENT - 15))
    kinds = Kinds()
    for now in (0.0, 1.0):
        learn(kinds, payload, now, remote)
    text = payload.replace(b"192.0.2.4 ", b"192.168.100.100 ").decode()
    kind = kinds.find(text)
    values = kind and kind.read(text, other)
    assert kind is not None
    assert values
    message = parse_message(text.encode())
    assert isinstance(message, Request)
    agent = read_enrollment(message, heard(text.encode(), remote=other)).user_agent
    assert kind.agent(values, other) == agent
    assert len(agent) == MOST_AGENT
