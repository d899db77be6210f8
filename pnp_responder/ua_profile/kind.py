"""A kind of device: what its SUBSCRIBEs have in common.

Ten thousand phones of one model send ten thousand times the same rows, but for who asks. So of a SUBSCRIBE
that was read and answered an expression is made: what is the device's own stands in it as its grammar, all
else letter by letter. What fits it is read at once; anything else is read as ever. It is the header
prediction of TCP (Jacobson) for SIP, and changes no answer.
"""

from __future__ import annotations

from pnp_responder.datagram import PlainAddress
from pnp_responder.sip.server_transactions import old_path_of, path_of
from pnp_responder.ua_profile.reply import Reply
from pnp_responder.ua_profile.sample import Sample
from pnp_responder.ua_profile.template import Values
from pnp_responder.ua_profile.values import (
    BRANCH,
    END,
    NUMBER,
    PLACES,
    SPELLED,
    TAKEN,
    VIA,
    known_values,
)


class Kind:
    """`said` is the enrollment of one such device; MAC, User-Agent and ends are its own. `number` is that of
    CSeq, "" where it differs, and `user_agent` that, None where it does; `plain` tells whether the MAC has no
    separators. `replies` are what such devices are told, by the interface that they ask on.
    """

    __slots__ = (
        *("_agent", "_ends_via", "_expression", "_has_branch", "_order", "_others", "_port", "_sent_by"),
        *("_strangers", "_tail", "_template", "_uri", "number", "plain", "replies", "said", "user_agent"),
    )

    def __init__(self, sample: Sample) -> None:
        self.said = sample.enrollment
        self.number = "" if sample.has(NUMBER) else sample.request.cseq_number
        self.replies: dict[str, Reply] = {}
        self._template = sample.template
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
        # What is known beforehand, beside END; and hosts that Via and Contact name in place of the source.
        self._others = [place for place in range(len(TAKEN), PLACES) if f"p{place}" in groups]
        contact = sample.request.contact_uri
        named = {via.host, via.host if contact is None else contact.host}
        self._strangers = frozenset(named - {sample.remote.host})

    def is_of(self, sample: Sample) -> bool:
        """Would a kind that is made of `sample` be the same?"""
        return self._template == sample.template

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
        return self._agent.fill((*values, *known[len(values) :]))

    def path(self, values: Values, remote: PlainAddress) -> int:
        """`ServerKey.path` of a message with these values from `remote`."""
        if self._has_branch:
            sent_by = values[END] if self._ends_via else f"{self._sent_by or remote[0]}{self._port}"
            return path_of(sent_by or "", values[BRANCH] or "")
        uri = self._uri.fill(known_values(values[SPELLED] or "", remote))
        return old_path_of(uri, None, values[VIA] or "")
