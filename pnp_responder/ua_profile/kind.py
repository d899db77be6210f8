"""A kind of device: what its SUBSCRIBEs have in common.

Ten thousand phones of one model send ten thousand times the same rows, but for who asks. So of a SUBSCRIBE
that was read and answered an expression is made: what is the device's own stands in it as its grammar, all
else letter by letter. What fits it is read at once; anything else is read as ever. It is the header
prediction of TCP (Jacobson) for SIP, and changes no answer.
"""

from __future__ import annotations

from pnp_responder.datagram import Datagram, PlainAddress
from pnp_responder.mac import Mac, digits_of
from pnp_responder.sip.message import Request
from pnp_responder.sip.parser import parse_message
from pnp_responder.sip.server_transactions import ServerKey, old_path_of, path_of, request_text
from pnp_responder.ua_profile.reply import Reply
from pnp_responder.ua_profile.sample import SIGN_SOURCE, Sample
from pnp_responder.ua_profile.subscribe import MOST_AGENT, read_enrollment
from pnp_responder.ua_profile.template import Values
from pnp_responder.ua_profile.values import (
    BRANCH,
    CALL_ID,
    CONTACT,
    END,
    FROM_TAG,
    NUMBER,
    PLACES,
    SPELLED,
    TAKEN,
    VIA,
    known_values,
)


class Kind:
    """Made of a sample; ValueError, MalformedMessage or RequestError for one that tells nothing of others.

    `said` is the enrollment of one such device; MAC, User-Agent and ends are its own. `number` is that of
    CSeq, "" where it differs, and `user_agent` that, None where it does; `plain` tells whether the MAC has no
    separators. `replies` are what such devices are told, by the interface that they ask on.
    """

    __slots__ = (
        *("_agent", "_ends_via", "_expression", "_has_branch", "_order", "_others", "_port", "_sent_by"),
        *("_strangers", "_style", "_tail", "_template", "_uri"),
        *("number", "plain", "replies", "said", "user_agent"),
    )

    def __init__(self, sample: Sample) -> None:
        self.said = sample.enrollment
        self.number = "" if sample.has(NUMBER) else sample.request.cseq_number
        self.replies: dict[str, Reply] = {}
        self._template, self._style = sample.template, sample.style
        self._uri, self._agent = sample.template_of_uri, sample.template_of_agent
        self.user_agent = None if self._agent.gaps else self.said.user_agent
        via = sample.request.via
        self._has_branch = via.has_unique_branch
        self._sent_by = via.host if via.host != sample.remote.host else None
        self._ends_via = sample.signs[END] in sample.marked(VIA)
        self._port = "" if via.port is None else f":{via.port}"
        self.plain = len(sample.spelled) == 12
        self._expression, self._tail = sample.expression()
        groups = self._expression.groupindex
        order = tuple(groups[f"p{place}"] for place in TAKEN)
        self._order = None if order == tuple(range(1, 1 + self._expression.groups)) else order
        # Of what is known beforehand, all but END.
        self._others = [place for place in range(len(TAKEN), PLACES) if f"p{place}" in groups]
        # Hosts that Via and Contact name in place of the source.
        contact = sample.request.contact_uri
        named = {via.host, via.host if contact is None else contact.host}
        self._strangers = frozenset(named - {sample.remote.host})
        self._prove(sample)

    def _prove(self, sample: Sample) -> None:
        """Does it read what another device says as the long way does? Some text of the sample may only look
        like the device's own. Raises ValueError if not."""
        text = sample.of_another
        payload = text.encode("latin-1")
        request = parse_message(payload)
        values = self.read(text, SIGN_SOURCE)
        if values is None or not isinstance(request, Request) or request.fault is not None:
            raise ValueError("it does not know its sample")
        mac = digits_of(values[SPELLED] or "")
        enrollment = self.said._replace(
            device=self.said.device._replace(mac=Mac(mac) if mac else None),
            user_agent=self.agent(values, SIGN_SOURCE) if self.user_agent is None else self.user_agent,
            remote=SIGN_SOURCE,
        )
        number = self.number or values[NUMBER]
        key = ServerKey(
            request_text(SIGN_SOURCE, values[CALL_ID], number, values[FROM_TAG]),
            self.path(values, SIGN_SOURCE),
        )
        contact = request.contact_uri
        if (
            enrollment != read_enrollment(request, Datagram(payload, SIGN_SOURCE, sample.local))
            or key != ServerKey.of(request, SIGN_SOURCE)
            or values[CONTACT] != (contact and contact.text)
        ):
            raise ValueError("it takes something for the device's own that is not")

    def is_of(self, sample: Sample) -> bool:
        """Would a kind that is made of `sample` be the same?"""
        return self._template == sample.template and self._style == sample.style

    def ends_alike(self, length: int) -> bool:
        """Do all such messages end with the same so many characters?"""
        return len(self._tail) >= length

    def read(self, text: str, remote: PlainAddress) -> Values | None:
        """The values of `text`, a whole message that came from `remote`; None if no device of this kind says
        that."""
        if not text.endswith(self._tail):
            return None
        found = self._expression.fullmatch(text, 0, len(text) - len(self._tail))
        if found is None:
            return None
        values: Values = found.groups() if self._order is None else found.group(*self._order)
        host, port = remote
        if values[END] != f"{host}:{port}" and values[END]:
            return None
        if host in self._strangers:
            return None
        if self._others:
            known = known_values(values[SPELLED] or "", remote)
            if any(found[f"p{place}"] != known[place] for place in self._others):
                return None
        return values

    def agent(self, values: Values, remote: PlainAddress) -> str:
        """The User-Agent, where it differs."""
        known = known_values(values[SPELLED] or "", remote)
        return self._agent.fill((*values, *known[len(values) :]))[:MOST_AGENT]

    def path(self, values: Values, remote: PlainAddress) -> int:
        """`ServerKey.path` of a message with these values from `remote`."""
        if self._has_branch:
            sent_by = values[END] if self._ends_via else f"{self._sent_by or remote[0]}{self._port}"
            return path_of(sent_by or "", values[BRANCH] or "")
        uri = self._uri.fill(known_values(values[SPELLED] or "", remote))
        return old_path_of(uri, None, values[VIA] or "")
