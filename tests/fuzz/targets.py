"""What must hold for any octets: one function for each target, which raises where it does not hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Network

from pnp_responder.admission import Admission
from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.deferral import KEEP_ALIVE
from pnp_responder.engine import Output
from pnp_responder.enrollment import Decision, Decline, Defer, Device, Enrollment, Offer
from pnp_responder.errors import MalformedMessage
from pnp_responder.events import EnrollmentOffered, Event
from pnp_responder.limits import Limits
from pnp_responder.mac import Mac
from pnp_responder.responder import Responder
from pnp_responder.rules import RulesError
from pnp_responder.rules.ruleset import RuleSet
from pnp_responder.service.configuration import read_configuration
from pnp_responder.sip import Identifiers, Request, Response, parse_message
from tests import strict
from tests.examples import answer, numbered
from tests.security.ceilings import MOST_OCTETS_OUT

MARK = b"\x00\xf7\x00"
"""Between two datagrams of an input of `responder`."""

MOST_DATAGRAMS = 40
NOTIFY_ROOM = 1_300
RESPONSE_ROOM = 400
"""Octets that a response may have beyond its request: Contact, Expires, a tag, `received`, a reason."""

LOCAL = Local("eth0", SocketAddress("192.0.2.1", 5060))
SOURCES = (
    SocketAddress("192.0.2.45", 5060),
    SocketAddress("192.0.2.46", 32_768),
    SocketAddress("192.0.2.255", 5060),  # never admitted
    SocketAddress("198.51.100.9", 5060),  # never admitted
)
ADMITTED = SOURCES[:2]


def message(data: bytes) -> None:
    """`parse_message` raises MalformedMessage or nothing; a Request's parts raise RequestError or nothing."""
    try:
        read = parse_message(data)
    except MalformedMessage as error:
        complaint = str(error)
    else:
        _check_message(read, data)
        return
    assert complaint.isprintable()


def _check_message(read: Request | Response, data: bytes) -> None:
    if isinstance(read, Request):
        assert len(read.body) <= len(data)
        if read.fault is not None:
            assert 400 <= read.fault.status < 600
            assert read.fault.reason.isprintable()
        assert read.cseq_number == "" or read.cseq_number.isdigit()
        assert 0 <= (read.via.port or 0) < 65_536
    else:
        assert 100 <= read.status < 700


def rules(data: bytes) -> None:
    """A rules.yaml is refused with problems that can be shown, or it decides about every device."""
    text = data.decode("utf-8", "replace")
    try:
        configuration = read_configuration(text, "rules.yaml")
    except RulesError as error:
        problems = error.problems
    else:
        _check_rules(configuration.rules)
        return
    assert problems
    for problem in problems:
        assert str(problem).isprintable(), str(problem)
        assert 1 <= problem.place.line <= len(text) + 1
        for line in problem.render().split("\n"):
            assert line.replace("\t", "").isprintable(), line


def _check_rules(rules: RuleSet) -> None:
    for enrollment in ENROLLMENTS:
        decision = rules.decide(enrollment)
        first = next((v.rule.name for v in rules.explain(enrollment) if v.matched), None)
        assert decision.rule == first, (decision, first)
        if isinstance(decision, Offer):
            assert decision.url.isascii()
            assert decision.url.isprintable()
            assert " " not in decision.url
        else:
            assert isinstance(decision, Decline)
            assert decision.status is None or 400 <= decision.status < 700


def enrollment(device: Device, user_agent: str = "") -> Enrollment:
    return Enrollment(device, "device", user_agent, ADMITTED[0], LOCAL)


ENROLLMENTS = (
    enrollment(Device(None)),
    enrollment(Device(Mac.parse("00a859112233"), "Acme", "Phone 1", "1.10"), "Acme Phone 1 1.10"),
    enrollment(Device(Mac.parse("000413aabbcc"), "snom", "snom870", "8.4.35"), "snom870/8.4.35"),
    enrollment(Device(Mac.parse("ffffffffffff"), "%0d%0a\t\u2028", "../../x?y=&z#", "\U0001f600{{ mac }}")),
)


def responder(data: bytes) -> None:
    """Datagrams in, by MARK apart, each behind an octet of flags; see `_Lan.play` for what must hold."""
    lan = _Lan()
    for piece in data.split(MARK)[:MOST_DATAGRAMS]:
        if piece:
            lan.play(piece[0], piece[1:])
    lan.end()


class _Lan:
    """An engine, and the account of each source: octets in, octets out, has it ever answered."""

    def __init__(self) -> None:
        self._engine = _engine()
        self._now = 0.0
        self._in = dict.fromkeys((source.host for source in ADMITTED), 0)
        self._out = dict(self._in)
        self._answered: set[str] = set()
        self._last_notify: dict[str, Datagram] = {}

    def play(self, flags: int, payload: bytes) -> None:
        """Bit 0: to the group. Bits 1 and 2: the source. Bit 3: that source answers its last NOTIFY.
        Bit 4: it is unreachable. Bits 5 to 7: so many times half a second go by before."""
        source = SOURCES[flags >> 1 & 3]
        self._pass((flags >> 5) * 0.5)
        if flags & 8 and (notify := self._last_notify.get(source.host)) is not None:
            self._answered.add(source.host)
            self._receive(answer(notify.payload), source, multicast=False)
        if flags & 16:
            self._take(self._engine.receive_unreachable(source, self._now).datagrams)
        self._receive(payload, source, multicast=bool(flags & 1))

    def end(self) -> None:
        self._pass(100.0)
        assert self._engine.handle_timeout(self._now).deadline is None
        self._receive(_SUBSCRIBE, ADMITTED[0], multicast=True, must_serve=True)

    def _pass(self, seconds: float) -> None:
        until = self._now + seconds
        deadline: float | None = self._now
        while deadline is not None and deadline <= until:
            self._now = max(self._now, deadline)
            output = self._engine.handle_timeout(self._now)
            deadline = output.deadline
            self._take(output.datagrams)
        self._now = until

    def _receive(
        self, payload: bytes, source: SocketAddress, *, multicast: bool, must_serve: bool = False
    ) -> None:
        if source in ADMITTED:
            self._in[source.host] += len(payload)
        output = self._engine.receive_datagram(Datagram(payload, source, LOCAL, multicast), self._now)
        if any(isinstance(event, EnrollmentOffered) for event in output.events):
            self._compare(Datagram(payload, source, LOCAL, multicast), output)
        for datagram in output.datagrams:
            assert source in ADMITTED
            assert datagram.remote.host == source.host, "a third party would be sent to"
            assert len(datagram.payload) <= max(NOTIFY_ROOM, len(payload) + RESPONSE_ROOM)
        self._take(output.datagrams)
        if multicast and len(output.datagrams) == 1:
            assert output.datagrams[0].payload.startswith((b"SIP/2.0 200 ", b"SIP/2.0 403 ", KEEP_ALIVE))
        if must_serve:
            assert len(output.datagrams) == 2, output.events

    def _compare(self, datagram: Datagram, output: Output[Event]) -> None:
        """What earlier messages taught this engine must not change what a new one would offer."""
        fresh = _engine().receive_datagram(datagram, self._now)
        assert [event for event in output.events if isinstance(event, EnrollmentOffered)] == [*fresh.events]
        ours, others = output.datagrams[-2:], fresh.datagrams
        assert [(d.remote, len(d.payload)) for d in ours] == [(d.remote, len(d.payload)) for d in others]
        assert [_OURS.sub(b"", d.payload) for d in ours] == [_OURS.sub(b"", d.payload) for d in others]

    def _take(self, datagrams: tuple[Datagram, ...]) -> None:
        for datagram in datagrams:
            host = datagram.remote.host
            assert 0 < datagram.remote.port < 65_536
            assert datagram.local == LOCAL
            assert not datagram.multicast
            self._out[host] += len(datagram.payload)
            if host not in self._answered:
                assert self._out[host] <= MOST_OCTETS_OUT * self._in[host], "the ceiling of amplification"
            if datagram.payload == KEEP_ALIVE:
                continue
            sent = strict.read(datagram.payload)
            if sent.start.startswith("NOTIFY "):
                assert len(datagram.payload) <= NOTIFY_ROOM
                strict.check_notify(sent, _URL)
                self._last_notify[host] = datagram


def _engine() -> Responder:
    return Responder(
        _decide,
        identifiers=Identifiers(numbered()),
        admission=Admission({"eth0": [IPv4Network("192.0.2.0/24")]}, own_addresses=[LOCAL.address.host]),
        limits=Limits(transactions=8),
    )


_OURS = re.compile(rb"(?:;tag=|;branch=z9hG4bK)[0-9a-f]{12,40}")
_URL = "http://192.0.2.1/$mac.cfg"


def _decide(enrollment: Enrollment) -> Decision:
    if enrollment.device.vendor == "nobody":
        return Decline("no rule matches")
    if enrollment.device.vendor == "refused":
        return Decline("a rule rejects", "refused", 403)
    if enrollment.device.vendor == "later":
        return Defer("the neighbour is not known yet", "later")
    return Offer(_URL, "everyone")


_SUBSCRIBE = b"\r\n".join(
    [
        b"SUBSCRIBE sip:MAC%3A00a859fedcba@224.0.1.75 SIP/2.0",
        b"Via: SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK-the-last-one;rport",
        b"From: <sip:MAC%3A00a859fedcba@224.0.1.75>;tag=last",
        b"To: <sip:MAC%3A00a859fedcba@224.0.1.75>",
        b"Call-ID: the-last-one",
        b"CSeq: 1 SUBSCRIBE",
        b"Contact: <sip:192.0.2.45:5060>",
        b'Event: ua-profile;profile-type="device";vendor="Acme";model="Phone 1";version="1.10"',
        b"Content-Length: 0",
        b"",
        b"",
    ]
)

TARGETS: dict[str, Callable[[bytes], None]] = {"message": message, "responder": responder, "rules": rules}
