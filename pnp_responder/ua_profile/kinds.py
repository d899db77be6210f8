"""The kinds of devices that ask. It learns a kind when one of it asks for the second time."""

from __future__ import annotations

import re
from typing import NamedTuple

from pnp_responder.datagram import Datagram
from pnp_responder.enrollment import Enrollment
from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.mac import SPELLINGS
from pnp_responder.sip.message import Request
from pnp_responder.ua_profile.kind import Kind
from pnp_responder.ua_profile.reply import Reply
from pnp_responder.ua_profile.sample import Sample
from pnp_responder.ua_profile.values import AGENT, NUMBER

MOST_KINDS = 64
"""Kinds of devices known at once. A campus has a few dozen; when there are more, all are learned anew."""

MOST_REPLIES = 32
"""Interfaces on which one kind is known at once."""

LEARNED_AT_ONCE, LEARNING_PAUSE = 64, 0.05
"""So many learnings may come at once, and one more after so many seconds: each takes one to four
milliseconds, and strangers may invent kinds. The same for responses; where two devices of one kind respond
differently, the last one is known."""

MOST_OCTETS = 1_024
"""Octets of a SUBSCRIBE that a kind is made of. Phones send 400 to 700; one of 4,000 would take 40 KiB."""

_MOST_SEEN = 256

_EVENT = "\r\nEvent:"
_END = 96
"""So many characters a message ends with tell most kinds from each other: they name model and version."""


class _Seen(NamedTuple):
    """What a kind said that may differ among its devices, and what of it has differed."""

    number: str
    agent: str
    varying: frozenset[int] = frozenset()


class _Pace:
    """How often something may be done: one after the other, or LEARNED_AT_ONCE after a rest."""

    def __init__(self) -> None:
        self._rested_at = float("-inf")

    def allows(self, now: float) -> bool:
        """Once more?"""
        rested_at = max(self._rested_at, now)
        if rested_at - now > (LEARNED_AT_ONCE - 0.5) * LEARNING_PAUSE:
            return False
        self._rested_at = rested_at + LEARNING_PAUSE
        return True


class Kinds:
    """Of the last phones that were offered a URL."""

    def __init__(self) -> None:
        self._known: dict[str, Kind] = {}
        # By how their messages end; None where two kinds end alike, and for all ends that are too short.
        self._by_end: dict[str, Kind | None] = {}
        self._seen: dict[str, _Seen] = {}
        self._learns, self._learns_taken = _Pace(), _Pace()
        self._made = 0

    def __len__(self) -> int:
        return len(self._known)

    def find(self, text: str) -> Kind | None:
        """The kind that may say `text`; None if there is none."""
        return self._by_end.get(text[-_END:]) or self._known.get(_event_row(text))

    def learn(self, heard: Datagram, request: Request, enrollment: Enrollment, now: float) -> None:
        """`heard` was read as a SUBSCRIBE, and answered with an offer."""
        if len(heard.payload) > MOST_OCTETS:
            return
        text = heard.payload.decode("latin-1")
        row = _event_row(text)
        seen = self._look(row, request, enrollment)
        if seen is None or not self._learns.allows(now):
            return
        try:
            sample = Sample.take(heard, request, enrollment, seen.varying)
            if sample is None:
                return
            kind = self._known.get(row)
            if kind is None or not kind.is_of(sample):
                kind = self._new_kind(sample)
            reply = Reply(sample)
        except (ValueError, MalformedMessage, RequestError):
            return
        if len(kind.replies) >= MOST_REPLIES:
            kind.replies.clear()
        kind.replies[heard.local.interface] = reply
        self._keep(row, text[-_END:] if kind.ends_alike(_END) else "", kind)

    def learn_taken(
        self, reply: Reply, heard: Datagram, status: int, branch: str, dialog: str, mac: str, now: float
    ) -> None:
        """`heard` was the response of the device with that MAC to a NOTIFY with that branch and
        rows."""
        if len(heard.payload) <= MOST_OCTETS and self._learns_taken.allows(now):
            reply.learn_taken(heard, status, branch, dialog, mac)

    def forget_offers(self) -> None:
        """What they are offered is to be found out anew."""
        for kind in (*self._known.values(), *self._by_end.values()):
            for reply in () if kind is None else kind.replies.values():
                reply.offers = None

    def _look(self, row: str, request: Request, enrollment: Enrollment) -> _Seen | None:
        """What is known to differ; None if none of the kind was seen before."""
        number, agent = request.cseq_number, enrollment.user_agent
        for spell in SPELLINGS:
            if enrollment.device.mac is not None:
                agent = agent.replace(spell(enrollment.device.mac), "")
        before = self._seen.get(row)
        if before is None:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen[row] = _Seen(number, agent)
            return None
        differ = {NUMBER} if number != before.number else set()
        if agent != before.agent:
            differ.add(AGENT)
        seen = before._replace(varying=before.varying | differ)
        self._seen[row] = seen
        return seen

    def _new_kind(self, sample: Sample) -> Kind:
        self._made += 1
        if self._made % (2 * MOST_KINDS) == 0:
            # Module re keeps 512 of what it compiled: those of whoever invents kinds.
            re.purge()
        return Kind(sample)

    def _keep(self, row: str, end: str, kind: Kind) -> None:
        # One kind may end in more than one way, as strangers would have it.
        if len(self._by_end) >= 2 * MOST_KINDS or (len(self._known) >= MOST_KINDS and row not in self._known):
            self._known.clear()
            self._by_end.clear()
        before = self._known.get(row)
        self._known[row] = kind
        alone = end not in self._by_end or (before is not None and self._by_end[end] is before)
        self._by_end[end] = kind if alone and end else None


def _event_row(text: str) -> str:
    start = text.find(_EVENT) + 2
    return text[start : text.find("\r\n", start)]
