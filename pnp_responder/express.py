"""Answers what fits the patterns of its kind of device: a SUBSCRIBE with an offer, and its 200 to the NOTIFY.

What it does not answer is left to `responder`, as if nobody had looked at it. It gives what that would give,
octet for octet; a test holds them to each other. It is written out in one piece, for nearly all that a phone
costs is spent here.
"""

from __future__ import annotations

from collections.abc import Callable

from pnp_responder.datagram import UDP, Datagram, SocketAddress, new
from pnp_responder.engine import Output
from pnp_responder.enrollment import Decide, Device, Enrollment, Offer
from pnp_responder.events import DatagramDropped, EnrollmentOffered, Event, NotifyAnswered
from pnp_responder.limits import SourceRates, sendings_within
from pnp_responder.mac import Mac, new_mac
from pnp_responder.outcomes import Asked, Held, recipe_of
from pnp_responder.sip import (
    ClientTransactions,
    Identifiers,
    Request,
    ServerKey,
    ServerTransactions,
    old_path_of,
    path_of,
    request_text,
)
from pnp_responder.sip.address import DEFAULT_PORT, parse_port
from pnp_responder.sip.effects import Answered, ClientEffect
from pnp_responder.sip.identifiers import BRANCH_LENGTH
from pnp_responder.ua_profile import MAX_NOTIFY
from pnp_responder.ua_profile.notify import join_notify, our_end
from pnp_responder.ua_profile.pattern import MOST_OCTETS, Patterns
from pnp_responder.ua_profile.probe import PROBE_PREFIX

CarryOut = Callable[[tuple[ClientEffect, ...], tuple[Datagram, ...], tuple[Event, ...]], Output[Event]]
"""Makes an output of what became of others, what goes out, and what happened."""

_BRANCH = ";branch="


class Express:
    """Shares the tables of the responder that it belongs to."""

    def __init__(
        self,
        servers: ServerTransactions,
        clients: ClientTransactions,
        rates: SourceRates,
        identifiers: Identifiers,
        too_fast: str,
        carry_out: CarryOut,
    ) -> None:
        self._servers = servers
        self._clients = clients
        self._rates = rates
        self._identifiers = identifiers
        self._too_fast = too_fast
        self._carry_out = carry_out
        self.answered = 0
        """How many datagrams it answered."""
        self._patterns = Patterns()
        self._admitted = ""

    def learn(self, datagram: Datagram, request: Request, enrollment: Enrollment, now: float) -> None:
        """A device of this kind was offered a URL."""
        if datagram.local.transport == UDP:
            self._patterns.learn(datagram.payload, request, enrollment, now)

    def learn_answer(self, payload: bytes, effects: tuple[ClientEffect, ...], now: float) -> None:
        """A response was read, and that came of it."""
        for effect in effects:
            if isinstance(effect, Answered) and isinstance(effect.about, Asked):
                pattern, local = effect.about.pattern, effect.request.local
                if pattern is not None:
                    self._patterns.learn_answer(
                        pattern, payload, effect.request.branch, effect.status, local, now
                    )

    def has_admitted(self, request: str) -> bool:
        """Was it this request (`ServerKey.request`) that was counted last, and left to others?"""
        admitted, self._admitted = self._admitted, ""
        return admitted == request

    def answer(self, datagram: Datagram, decide: Decide, now: float) -> Output[Event] | None:
        """None if it is not to be answered here, and then it is counted at most (`has_admitted`).

        `datagram` is from who may ask.
        """
        payload, _, local, _ = datagram
        if len(payload) > MOST_OCTETS or local[2] != UDP:
            return None
        if payload.startswith(b"SUBSCRIBE "):
            return self._offer(datagram, payload.decode("latin-1"), decide, now)
        if payload.startswith(b"SIP/2.0 "):
            return self._answered(payload.decode("latin-1"), now)
        return None

    def _offer(self, datagram: Datagram, text: str, decide: Decide, now: float) -> Output[Event] | None:
        pattern = self._patterns.find(text)
        if pattern is None or (values := pattern.read(text)) is None:
            return None
        (uri, via, host, port, branch, rport, from_, mac, from_tag, to, call_id, number,
         contact, contact_host, contact_port, agent) = values  # fmt: skip
        payload, remote, local, _ = datagram
        request = request_text(remote, call_id, number, from_tag)
        if self._servers.is_merged(request):
            return None
        digits = mac.lower()
        if digits.startswith(PROBE_PREFIX):
            return None
        source, source_port = remote
        if not self._rates.admits(source, now, request):
            return self._carry_out((), (), (DatagramDropped(self._too_fast, remote, local),))
        (_, vendor, model, version), profile_type, _, _, _ = said = pattern.said
        agent = agent or ""
        device = new(Device, (new_mac(Mac, digits), vendor, model, version))
        enrollment = new(Enrollment, (device, profile_type, agent, remote, local))
        self._admitted = request
        offer = decide(enrollment)
        if type(offer) is not Offer:
            return None
        tag, our_branch = self._identifiers.tag_and_branch()
        ours = our_end(local)
        sent_by = None if port is None else parse_port(port) or 0
        # As Via.answered_to, response_destination and notify_destination.
        destination, old_via = remote, via
        if rport:
            via = f"{via}={source_port};received={source}"
        else:
            if host != source:
                via = f"{via};received={source}"
            if sent_by != 0 and (sent_by or DEFAULT_PORT) != source_port:
                destination = new(SocketAddress, (source, sent_by or DEFAULT_PORT))
        target = DEFAULT_PORT if contact_port is None else parse_port(contact_port) or 0
        if contact_host != source or target == 0 or target == source_port:
            notified = remote
        else:
            notified = new(SocketAddress, (source, target))
        octets = (
            f"SIP/2.0 200 OK\r\nVia: {via}\r\nFrom: {from_}\r\nTo: {to};tag={tag}\r\nCall-ID: {call_id}\r\n"
            f"CSeq: {number} SUBSCRIBE\r\nContact: {ours[1]}\r\nExpires: 0\r\nContent-Length: 0\r\n\r\n"
        ).encode()
        # What is From in one is To in the other, as it is written: a URI in brackets, and perhaps a tag.
        ours_tagged, url = f"{to};tag={tag}", offer.url
        notify = join_notify(contact, ours, our_branch, ours_tagged, from_, call_id, pattern.event, url)
        attempts = sendings_within(len(payload), len(octets), len(notify))
        if attempts < 1 or len(notify) > MAX_NOTIFY:
            return None
        ok = new(Datagram, (octets, destination, local, False))
        last = new(Datagram, (notify, notified, local, False))
        path = path_of(branch, host, sent_by) if branch else old_path_of(uri, None, old_via)
        key = new(ServerKey, (request, path))
        self._servers.respond(key, datagram, tag, now)
        recipe = None
        if notified is remote:
            recipe = recipe_of(contact, ours_tagged, from_, agent, digits, url)
        asked = new(Asked, (said if recipe else enrollment, offer.rule, offer.shown, request, pattern))
        others = self._clients.request(our_branch, "NOTIFY", last, now, asked, attempts, recipe)
        datagrams, events = (ok, last), (new(EnrollmentOffered, (enrollment, offer)),)
        if others:
            self.answered += 1
            return self._carry_out(others, datagrams, events)
        return self._output(datagrams, events)

    def _answered(self, text: str, now: float) -> Output[Event] | None:
        start = text.find(_BRANCH) + len(_BRANCH)
        transaction = self._clients.find(text[start : start + BRANCH_LENGTH])
        if transaction is None or type(asked := transaction.about) is not Asked:
            return None
        pattern = asked.pattern
        answer = None if pattern is None else pattern.answer
        if answer is None or answer.local != transaction.local or answer.branch(text) != transaction.branch:
            return None
        self._servers.prove(asked.request)
        held = new(Held, (asked, transaction.request))
        event = new(NotifyAnswered, (held, answer.status, transaction.attempts))
        self._clients.complete(transaction, now)
        return self._output((), (event,))

    def _output(self, datagrams: tuple[Datagram, ...], events: tuple[Event, ...]) -> Output[Event]:
        self.answered += 1
        # There is one: timer J of what was asked.
        deadline, other = self._servers.deadline, self._clients.deadline
        return new(Output, (datagrams, events, other if other < deadline else deadline))
