"""What the SUBSCRIBEs of one kind of device have in common, as one regular expression.

Ten thousand phones of one model send ten thousand times the same rows, but for who asks. So from a
SUBSCRIBE that was read and offered a URL, a pattern is made of its rows: those that name the device stand
in it as their grammar, all others letter for letter. What fits it is read at once; all else is read as
ever. It is the header prediction of TCP (Jacobson) for SIP, and changes no answer: a test holds both
readings to each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from pnp_responder.datagram import SocketAddress, new
from pnp_responder.enrollment import Enrollment
from pnp_responder.sip.address import DEFAULT_PORT, parse_port
from pnp_responder.sip.head import read_usual
from pnp_responder.sip.message import Request
from pnp_responder.sip.via import Via

MOST_PATTERNS = 64
"""Kinds of devices known at once. A campus has a few dozen; when there are more, all are learned anew."""

LEARNING_PAUSE = 0.05
"""Seconds between two learnings, which take 3 ms each: strangers may invent kinds."""

MOST_OCTETS = 1_024
"""Octets of a SUBSCRIBE that a pattern is made of. Phones send 400 to 700; one of 4,000 would make 40 KiB."""

_MOST_SEEN = 256

_TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"  # noqa: S105 -- a grammar, no password
_URI_CHARACTER = r"[A-Za-z0-9\-_.!~*'()&=+$,;?/:@%\[\]]"
_VALUES = {
    "via": rf"(?P<via>SIP/2\.0/UDP (?P<host>[0-9A-Za-z.\-]+)(?::(?P<port>[0-9]{{1,5}}))?"
    rf";branch=(?P<branch>z9hG4bK{_TOKEN})(?P<rport>;rport)?)",
    "from": r"(?P<from><(?P<from_uri>sip:(?:MAC(?:=|:|%3[Aa]))?(?P<mac>[0-9A-Fa-f]{12})@"
    rf"{_URI_CHARACTER}*)>(?:;tag=(?P<tag>{_TOKEN}))?)",
    "to": rf"(?P<to><(?P<to_uri>sips?:{_URI_CHARACTER}+)>)",
    "call-id": r"(?P<call_id>[!-~]+)",
    "cseq": r"(?P<cseq>(?P<number>[1-9][0-9]{0,8}) SUBSCRIBE)",
    "contact": r"<(?P<contact>sips?:(?:[A-Za-z0-9\-_.!~*'()&=+$/%]+@)?(?P<contact_host>[A-Za-z0-9.\-]+)"
    r"(?::(?P<contact_port>[0-9]{1,5}))?)>",
}
_NAMES = (
    *("via", "host", "port", "branch", "rport", "from", "from_uri", "tag", "mac", "to", "to_uri"),
    *("call_id", "cseq", "number", "contact", "contact_host", "contact_port"),
)
# What makes another answer than 200 and NOTIFY, or other rows in them.
_PECULIAR = ("require", "record-route")


class Asking(NamedTuple):
    """Who asks, in a SUBSCRIBE that fits a pattern.

    `from_`, `to` and `cseq` are whole values, `mac` is 12 digits, the last three are the Contact's.
    """

    via: Via
    from_: str
    from_uri: str
    tag: str | None
    mac: str
    to: str
    to_uri: str
    call_id: str
    cseq: str
    number: str
    contact: str
    contact_host: str
    contact_port: int

    def destination(self, remote: SocketAddress) -> SocketAddress:
        """As `notify_destination`."""
        port = self.contact_port
        if self.contact_host != remote.host or port == 0 or port == remote.port:
            return remote
        return SocketAddress(remote.host, port)


class SubscribePattern(NamedTuple):
    """One kind of device. `said` is an enrollment of it, whose MAC and ends are another's.

    `event` is the header as we send it; `order` puts the groups of `expression` in that of _NAMES.
    """

    expression: re.Pattern[str]
    order: Callable[[Sequence[Any]], tuple[Any, ...]]
    said: Enrollment
    event: str

    @classmethod
    def learn(cls, payload: bytes, request: Request, enrollment: Enrollment) -> SubscribePattern | None:
        """The pattern of `payload`, which was read as the others say; None if it has none."""
        usual = read_usual(payload)
        if usual is None or any(name in usual[1] for name in _PECULIAR):
            return None
        rows = []
        text = payload.decode("latin-1")
        for row, (name, value) in zip(text.split("\r\n")[1:], usual[1].items(), strict=False):
            grammar = _VALUES.get(name)
            rows.append(re.escape(row) if grammar is None else re.escape(row.removesuffix(value)) + grammar)
        expression = re.compile("SUBSCRIBE sip:[!-~]+ SIP/2\\.0\r\n" + "\r\n".join([*rows, "\r\n"]))
        found = expression.fullmatch(text)
        if found is None or len(expression.groupindex) != len(_NAMES):
            return None
        order = itemgetter(*(expression.groupindex[name] - 1 for name in _NAMES))
        pattern = cls(expression, order, enrollment, request.event.strict)
        asking = pattern.read(text)
        return pattern if asking is not None and asking.mac.lower() == enrollment.device.mac else None

    def read(self, text: str) -> Asking | None:
        """Who asks in `text`, a whole message; None if it does not fit."""
        found = self.expression.fullmatch(text)
        if found is None:
            return None
        via, host, port, branch, rport, *named, contact_host, contact_port = self.order(found.groups())
        sent_by = None if port is None else parse_port(port) or 0
        top = new(Via, (host, sent_by, branch, rport is not None, via, "", True))
        target = DEFAULT_PORT if contact_port is None else parse_port(contact_port) or 0
        return new(Asking, (top, *named, contact_host, target))


class Patterns:
    """The patterns of the kinds of devices that ask. It learns when a kind asks for the second time."""

    def __init__(self) -> None:
        self._known: dict[str, SubscribePattern] = {}
        self._seen: set[str] = set()
        self._learns = float("-inf")

    def find(self, payload: bytes) -> tuple[SubscribePattern, Asking] | None:
        """The pattern that `payload` fits, and who asks; None if there is none."""
        if len(payload) > MOST_OCTETS or not payload.startswith(b"SUBSCRIBE "):
            return None
        text = payload.decode("latin-1")
        pattern = self._known.get(_event_row(text))
        if pattern is None:
            return None
        asking = pattern.read(text)
        return None if asking is None else (pattern, asking)

    def learn(self, payload: bytes, request: Request, enrollment: Enrollment, now: float) -> None:
        """`payload` was read as a SUBSCRIBE, and answered with an offer."""
        if len(payload) > MOST_OCTETS:
            return
        row = _event_row(payload.decode("latin-1"))
        if row not in self._seen:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen.add(row)
            return
        if now < self._learns:
            return
        self._learns = now + LEARNING_PAUSE
        if len(self._known) >= MOST_PATTERNS:
            self._known.clear()
            # Module re keeps 512 of what it compiled: those of whoever invents kinds.
            re.purge()
        pattern = SubscribePattern.learn(payload, request, enrollment)
        if pattern is not None:
            self._known[row] = pattern


def _event_row(text: str) -> str:
    start = text.find("\r\nEvent:") + 2
    return text[start : text.find("\r\n", start)]
