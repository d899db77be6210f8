"""What the messages of one kind of device have in common, as regular expressions.

Ten thousand phones of one model send ten thousand times the same rows, but for who asks. So from a
SUBSCRIBE that was read and offered a URL, a pattern is made of its rows: those that name the device stand
in it as their grammar, all others letter for letter. What fits it is read at once; all else is read as
ever. So it is with the 200 that they answer our NOTIFY with. It is the header prediction of TCP (Jacobson)
for SIP, and changes no answer: a test holds both readings to each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pnp_responder.datagram import Local
from pnp_responder.enrollment import Enrollment
from pnp_responder.sip.head import read_usual
from pnp_responder.sip.headers import Headers
from pnp_responder.sip.identifiers import BRANCH_LENGTH
from pnp_responder.sip.message import Request
from pnp_responder.ua_profile.subscribe import MOST_AGENT

MOST_PATTERNS = 64
"""Kinds of devices known at once. A campus has a few dozen; when there are more, all are learned anew."""

LEARNING_PAUSE = 0.01
"""Seconds between two learnings, which take half a millisecond each: strangers may invent kinds. The same for
answers; where two devices of one kind answer differently, the last one is known."""

MOST_OCTETS = 1_024
"""Octets of a SUBSCRIBE that a pattern is made of. Phones send 400 to 700; one of 4,000 would make 40 KiB."""

_MOST_SEEN = 256

_TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"  # noqa: S105 -- a grammar, no password
_URI_CHARACTER = r"[A-Za-z0-9\-_.!~*'()&=+$,;?/:@%\[\]]"
_SENT_BY = r"SIP/2\.0/UDP (?P<host>[0-9A-Za-z.\-]+)(?::(?P<port>[0-9]{1,5}))?"
_VALUES = {
    "via": rf"(?P<via>{_SENT_BY};branch=(?P<branch>z9hG4bK{_TOKEN})(?P<rport>;rport)?)",
    "from": r"(?P<from><sip:(?:MAC(?:=|:|%3[Aa])?)?(?P<mac>[0-9A-Fa-f]{12})@"
    rf"{_URI_CHARACTER}*>(?:;tag=(?P<tag>{_TOKEN}))?)",
    "to": rf"(?P<to><sips?:{_URI_CHARACTER}+>)",
    "call-id": r"(?P<call_id>[!-~]+)",
    "cseq": r"(?P<number>[1-9][0-9]{0,8}) SUBSCRIBE",
    "contact": r"<(?P<contact>sips?:(?:[A-Za-z0-9\-_.!~*'()&=+$/%]+@)?(?P<contact_host>[A-Za-z0-9.\-]+)"
    r"(?::(?P<contact_port>[0-9]{1,5}))?)>",
    # Some phones put their MAC or a serial number in it.
    "user-agent": rf"(?P<agent>[!-~](?:[ -~]{{0,{MOST_AGENT - 2}}}[!-~])?)",
}
# As in the days before RFC 3261; here and below, a group that nothing fits.
_WITHOUT_BRANCH = {"via": rf"(?P<via>{_SENT_BY}(?P<branch>(?!))?(?P<rport>;rport)?)"}
_NO_AGENT = "(?P<agent>(?!))?"
_NAMES = (
    *("uri", "via", "host", "port", "branch", "rport", "from", "mac", "tag", "to", "call_id", "number"),
    *("contact", "contact_host", "contact_port", "agent"),
)
"""What `SubscribePattern.read` gives, in that order, which is that of most phones' rows."""

_OUR_BRANCH = "(z9hG4bK[0-9a-f]{20})"
_ECHOED = {"from": "[!-~]+", "to": "[!-~]+", "call-id": "[!-~]+"}

_EVENT = "\r\nEvent:"

# What makes another answer than 200 and NOTIFY, or other rows in them.
_PECULIAR = ("require", "record-route")


class SubscribePattern:
    """One kind of device. `said` is an enrollment of it, whose MAC, User-Agent and ends are another's.

    Its messages end with `tail`. `event` is the header as we send it; `answer` what its 200 to a NOTIFY looks
    like, once that is known.
    """

    __slots__ = ("_expression", "_order", "answer", "event", "said", "tail")

    def __init__(self, expression: re.Pattern[str], tail: str, said: Enrollment, event: str) -> None:
        self._expression = expression
        order = tuple(expression.groupindex[name] for name in _NAMES)
        self._order = None if order == tuple(range(1, len(order) + 1)) else order
        self.tail = tail
        self.said = said
        self.event = event
        self.answer: AnswerPattern | None = None

    @classmethod
    def learn(cls, payload: bytes, request: Request, enrollment: Enrollment) -> SubscribePattern | None:
        """The pattern of `payload`, which was read as the others say; None if it has none."""
        usual = read_usual(payload)
        if usual is None or any(name in usual[1] for name in _PECULIAR):
            return None
        has_branch = ";branch=" in usual[1]["via"]
        rows, tail = _rows(payload, usual[1], _VALUES if has_branch else _VALUES | _WITHOUT_BRANCH)
        if "user-agent" not in usual[1]:
            rows += _NO_AGENT
        expression = re.compile("SUBSCRIBE (?P<uri>sip:[!-~]+) SIP/2\\.0\r\n" + rows)
        if len(expression.groupindex) != len(_NAMES):
            return None
        pattern = cls(expression, tail, enrollment, request.event.strict)
        found = pattern.read(payload.decode("latin-1"))
        if found is None:
            return None
        read = dict(zip(_NAMES, found, strict=True))
        same = (read["mac"].lower(), read["agent"] or "") == (enrollment.device.mac, enrollment.user_agent)
        return pattern if same else None

    def read(self, text: str) -> tuple[str | Any, ...] | None:
        """The values of _NAMES in `text`, a whole message; None if it does not fit.

        `port`, `rport`, `tag`, `contact_port` and `agent` are None where they are not written. `via`, `from`
        and `to` are whole values.
        """
        found = _match(self._expression, self.tail, text)
        if found is None:
            return None
        return found.groups() if self._order is None else found.group(*self._order)


class AnswerPattern:
    """The 200 of one kind of device to the NOTIFY that leaves from `local`."""

    __slots__ = ("_expression", "_tail", "local", "status")

    def __init__(self, expression: re.Pattern[str], tail: str, local: Local, status: int) -> None:
        self._expression = expression
        self._tail = tail
        self.local = local
        self.status = status

    @classmethod
    def learn(cls, payload: bytes, branch: str, status: int, local: Local) -> AnswerPattern | None:
        """The pattern of `payload`, which was read as the answer to the NOTIFY with that branch; None if it
        has none."""
        usual = read_usual(payload)
        if usual is None or usual[1]["via"].count(branch) != 1 or len(branch) != BRANCH_LENGTH:
            return None
        via = re.escape(usual[1]["via"]).replace(re.escape(branch), _OUR_BRANCH)
        rows, tail = _rows(payload, usual[1], _ECHOED | {"via": via})
        pattern = cls(re.compile(re.escape(usual[0]) + "\r\n" + rows), tail, local, status)
        return pattern if pattern.branch(payload.decode("latin-1")) == branch else None

    def branch(self, text: str) -> str | None:
        """The branch in `text`, a whole message; None if it does not fit."""
        found = _match(self._expression, self._tail, text)
        return None if found is None else found[1]


def _match(expression: re.Pattern[str], tail: str, text: str) -> re.Match[str] | None:
    """What `expression` finds in `text`, if that ends with `tail` and begins with nothing else."""
    return expression.fullmatch(text, 0, len(text) - len(tail)) if text.endswith(tail) else None


def _rows(payload: bytes, headers: Headers, grammars: Mapping[str, str]) -> tuple[str, str]:
    """The rows of `payload` behind the first: as an expression up to the last that has a grammar, and the
    others as they are."""
    rows = payload.decode("latin-1").split("\r\n")[1:]
    names = list(headers)
    varying = 1 + max((at for at, name in enumerate(names) if name in grammars), default=-1)
    expression = ""
    for row, name in zip(rows[:varying], names, strict=False):
        grammar = grammars.get(name)
        literal = row if grammar is None else row.removesuffix(headers[name])
        expression += f"{re.escape(literal)}{grammar or ''}\r\n"
    return expression, "\r\n".join(rows[varying:])


class Patterns:
    """The patterns of the kinds of devices that ask. It learns when a kind asks for the second time."""

    def __init__(self) -> None:
        self._known: dict[str, SubscribePattern] = {}
        # The one that was found last, if its tail tells it from all others: phones of one kind come in rows.
        self._last: SubscribePattern | None = None
        self._seen: set[str] = set()
        self._learns = self._learns_answers = float("-inf")

    def find(self, text: str) -> SubscribePattern | None:
        """The pattern that the SUBSCRIBE `text` may fit; None if there is none."""
        last = self._last
        if last is not None and text.endswith(last.tail):
            return last
        pattern = self._known.get(_event_row(text))
        if pattern is not None and _EVENT in f"\r\n{pattern.tail}":
            self._last = pattern
        return pattern

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
            self._last = None
            # Module re keeps 512 of what it compiled: those of whoever invents kinds.
            re.purge()
        pattern = SubscribePattern.learn(payload, request, enrollment)
        if pattern is not None:
            self._known[row] = pattern
            self._last = None

    def learn_answer(
        self, pattern: SubscribePattern, payload: bytes, branch: str, status: int, local: Local, now: float
    ) -> None:
        """A device of that kind gave a final response to the NOTIFY with that branch, sent from `local`."""
        if now >= self._learns_answers and len(payload) <= MOST_OCTETS:
            self._learns_answers = now + LEARNING_PAUSE
            pattern.answer = AnswerPattern.learn(payload, branch, status, local)


def _event_row(text: str) -> str:
    start = text.find(_EVENT) + 2
    return text[start : text.find("\r\n", start)]
