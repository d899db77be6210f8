"""A SUBSCRIBE as an example of its kind: which texts in it are the device's own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.enrollment import Enrollment
from pnp_responder.mac import SPELLINGS, Mac
from pnp_responder.sip.head import read_usual
from pnp_responder.sip.message import Request
from pnp_responder.sip.via import MAGIC_COOKIE
from pnp_responder.ua_profile.spans import Span, header_values, known_spans, taken_spans, template_of
from pnp_responder.ua_profile.subscribe import MOST_AGENT
from pnp_responder.ua_profile.template import Template
from pnp_responder.ua_profile.values import (
    AGENT,
    BRANCH,
    CALL_ID,
    CONTACT,
    END,
    FIRST_SPELLING,
    FROM,
    FROM_TAG,
    HOST,
    NUMBER,
    PLACES,
    PORT,
    SPELLED,
    TAKEN,
    TO,
    VIA,
    known_values,
)

SIGN_SOURCE = SocketAddress("198.51.100.213", 49_157)
"""Stands for the source."""

# With a letter first: %30 is 0, so what is written "%3" and MAC may be read as that MAC if it begins with 0.
_SIGN_MAC = Mac("e39158204671")
_SIGNS = {
    BRANCH: f"{MAGIC_COOKIE}pnp739158sign",
    FROM_TAG: "pnp204671sign",
    CALL_ID: "pnp582046sign",
    NUMBER: "739158209",
    # Where nothing else has a MAC, it is read as one; and then such devices are no kind.
    AGENT: "pnp915820sign MAC=260481739504",
    HOST: SIGN_SOURCE.host,
    PORT: str(SIGN_SOURCE.port),
    END: str(SIGN_SOURCE),
    **{FIRST_SPELLING + at: f"61948205730{at}" for at in range(len(SPELLINGS))},
}

_TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"  # noqa: S105 -- a grammar, no password
_GRAMMAR = {
    END: "[0-9.]+:[0-9]+",
    HOST: "[0-9.]+",
    BRANCH: MAGIC_COOKIE + _TOKEN,
    FROM_TAG: _TOKEN,
    CALL_ID: "[!-~]+",
    NUMBER: "[1-9][0-9]{0,8}",
    AGENT: rf"[!-~](?:[ -~]{{0,{MOST_AGENT - 2}}}[!-~])?",
}
_HEX = re.compile("[0-9A-Fa-f]")


class Sample:
    """`request` was read from `text`, the datagram `heard`, and `enrollment` from that. `spelled` is the MAC
    as it stands in From, "" for a device without one."""

    def __init__(
        self,
        text: str,
        heard: Datagram,
        request: Request,
        enrollment: Enrollment,
        spelled: str,
        spans: Sequence[Span],
        wholes: Sequence[Span],
        agent: slice,
    ) -> None:
        self.text = text
        self.remote, self.local = heard.remote, heard.local
        self.request = request
        self.enrollment = enrollment
        self.spelled = spelled
        self._spans = spans
        self._wholes = wholes
        self._agent = agent
        self.signs = dict(_SIGNS)
        """By place: what stands for its value where nobody may take it for something else."""
        if spelled:
            self.signs[SPELLED] = _in_style_of(spelled)

    @classmethod
    def take(
        cls, heard: Datagram, request: Request, enrollment: Enrollment, varying: Collection[int]
    ) -> Sample | None:
        """None for a message that is no example of anything. `varying` tells which of NUMBER and AGENT differ
        among devices of its kind."""
        usual = read_usual(heard.payload)
        contact = request.contact_uri
        if usual is None or contact is None or request.via.rest:
            return None
        text, headers = heard.payload.decode("latin-1"), usual[1]
        rows = header_values(text, headers)
        mac = enrollment.device.mac
        spelled = "" if mac is None else _spelled(headers["from"], mac)
        spans = taken_spans(text, rows, request, varying)
        if spans is None or (mac is not None and not spelled):
            return None
        for span in known_spans(text, heard.remote, mac, spelled):
            if not any(span.start < other.end and other.start < span.end for other in spans):
                spans.append(span)
        wholes = [Span(rows[name].start, rows[name].stop, place) for name, place in _WHOLES]
        start = text.index(contact.text, rows["contact"].start)
        wholes.append(Span(start, start + len(contact.text), CONTACT))
        agent = rows.get("user-agent", slice(0, 0))
        sample = cls(text, heard, request, enrollment, spelled, sorted(spans), wholes, agent)
        return None if any(sign in text for sign in sample.signs.values()) else sample

    def has(self, place: int) -> bool:
        """Does that value stand in the message?"""
        return any(span.place == place for span in self._spans)

    @property
    def style(self) -> str:
        """How From has the MAC, whatever its digits are."""
        return _HEX.sub("0", self.spelled)

    @property
    def template(self) -> Template:
        """Of the message."""
        return self._template(0, len(self.text))

    @property
    def template_of_uri(self) -> Template:
        """Of the Request-URI."""
        start = self.text.index(" ") + 1
        return self._template(start, self.text.index(" ", start))

    @property
    def template_of_contact(self) -> Template:
        """Of the URI in Contact."""
        _, _, _, contact = self._wholes
        return self._template(contact.start, contact.end)

    @property
    def template_of_agent(self) -> Template:
        """Of the User-Agent."""
        return self._template(self._agent.start, self._agent.stop)

    def marked(self, place: int | None = None) -> str:
        """The value of VIA, FROM, TO or CONTACT, or the message, with a sign for each of these texts."""
        whole = next((w for w in self._wholes if w.place == place), Span(0, len(self.text), 0))
        signs = tuple(self.signs.get(place) for place in range(PLACES))
        return self._template(whole.start, whole.end).fill(signs)

    @property
    def of_another(self) -> str:
        """The message as another device of its kind would say it, from SIGN_SOURCE."""
        known = known_values(self.signs.get(SPELLED, ""), SIGN_SOURCE)
        taken = tuple(self.signs.get(place) for place in TAKEN)
        return self.template.fill((*taken, *known[len(taken) :]))

    def expression(self) -> tuple[re.Pattern[str], str]:
        """What fits all messages of its kind, and by whose groups, `p0` and so on, their values are found;
        and the text that follows, for a text is compared sooner than an expression is matched."""
        there = {span.place for span in (*self._spans, *self._wholes)}
        absent = [place for place in TAKEN if place not in there]
        groups: set[int] = set()
        pieces: list[str] = []
        at = 0
        # What ends at a place comes before what begins there, a whole before its parts.
        steps = [(whole.end, 0, whole) for whole in self._wholes]
        steps += [(whole.start, 1, whole) for whole in self._wholes]
        steps += [(span.start, 2, span) for span in self._spans]
        for start, what, (_, end, place) in sorted(steps):
            pieces.append(re.escape(self.text[at:start]))
            at = end if what == 2 else start
            if what == 0:
                pieces.append(")")
            elif place in groups:
                pieces.append(f"(?P=p{place})")
            else:
                # What is not there has its group where it would stand, so that they are in order.
                while absent and absent[0] < place:
                    pieces.append(f"(?P<p{absent.pop(0)}>)")
                groups.add(place)
                pieces.append(f"(?P<p{place}>" + ("" if what == 1 else f"{self._grammar(place)})"))
        pieces += [f"(?P<p{place}>)" for place in absent]
        return re.compile("".join(pieces)), self.text[at:]

    def _grammar(self, place: int) -> str:
        if place in _GRAMMAR:
            return _GRAMMAR[place]
        mac = self.enrollment.device.mac
        assert mac is not None
        spelled = self.spelled if place == SPELLED else SPELLINGS[place - FIRST_SPELLING](mac)
        if len(spelled) == len(mac):
            return f"{_HEX.pattern}{{{len(mac)}}}"
        return "".join(
            _HEX.pattern if _HEX.match(character) else re.escape(character) for character in spelled
        )

    def _template(self, start: int, end: int) -> Template:
        inside = [span for span in self._spans if start <= span.start and span.end <= end]
        return template_of(
            self.text[start:end], [Span(span.start - start, span.end - start, span.place) for span in inside]
        )


_WHOLES = (("via", VIA), ("from", FROM), ("to", TO))


def _spelled(value: str, mac: Mac) -> str:
    """How `mac` is written in the header `value`; "" if it is not."""
    return next((text for spell in SPELLINGS if (text := spell(mac)) in value), "")


def _in_style_of(spelled: str) -> str:
    """The sign of a MAC with these separators."""
    digits: Iterator[str] = iter(_SIGN_MAC)
    return _HEX.sub(lambda _: next(digits), spelled)
