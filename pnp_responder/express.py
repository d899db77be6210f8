"""Answers the SUBSCRIBE that fits the pattern of its kind of device: an offer, and for little.

What it does not answer is left to `responder`, as if nobody had looked at it. It gives what that would give,
octet for octet; a test holds them to each other.
"""

from __future__ import annotations

from pnp_responder.datagram import UDP, Datagram, new
from pnp_responder.enrollment import Decide, Device, Enrollment, Offer
from pnp_responder.events import DatagramDropped, EnrollmentOffered, Event
from pnp_responder.limits import SourceRates, sendings_within
from pnp_responder.mac import Mac
from pnp_responder.outcomes import Asked
from pnp_responder.sip import ClientTransactions, Identifiers, Request, ServerKey, ServerTransactions
from pnp_responder.sip.effects import ClientEffect
from pnp_responder.sip.via import response_destination
from pnp_responder.ua_profile import MAX_NOTIFY, is_probe
from pnp_responder.ua_profile.notify import expected_ok, join_notify
from pnp_responder.ua_profile.pattern import Patterns

Answer = tuple[tuple[ClientEffect, ...], tuple[Datagram, ...], tuple[Event, ...]]
"""What became of others, what goes out, and what happened."""


class Express:
    """Shares the tables of the responder that it belongs to."""

    def __init__(
        self,
        servers: ServerTransactions,
        clients: ClientTransactions,
        rates: SourceRates,
        identifiers: Identifiers,
        too_fast: str,
    ) -> None:
        self._servers = servers
        self._clients = clients
        self._rates = rates
        self._identifiers = identifiers
        self._too_fast = too_fast
        self._patterns = Patterns()

    def learn(self, datagram: Datagram, request: Request, enrollment: Enrollment, now: float) -> None:
        """A device of this kind was offered a URL."""
        if datagram.local.transport == UDP:
            self._patterns.learn(datagram.payload, request, enrollment, now)

    def answer(self, datagram: Datagram, decide: Decide, now: float) -> Answer | None:
        """None, and nothing has changed, if it is not to be answered here. `datagram` is from who may ask."""
        payload, remote, local, _ = datagram
        if local.transport != UDP:
            return None
        found = self._patterns.find(payload)
        if found is None:
            return None
        pattern, asking = found
        key = ServerKey.of(remote, asking.call_id, asking.number, asking.tag, asking.via)
        if self._servers.is_merged(key):
            return None
        (_, vendor, model, version), profile_type, agent, _, _ = pattern.said
        device = new(Device, (Mac.of_digits(asking.mac), vendor, model, version))
        enrollment = new(Enrollment, (device, profile_type, agent, remote, local))
        offer = decide(enrollment)
        if not isinstance(offer, Offer) or is_probe(enrollment):
            return None
        if not self._rates.admits(remote.host, now, key.request):
            return (), (), (DatagramDropped(self._too_fast, remote, local),)
        tag, branch = self._identifiers.tag(), self._identifiers.branch()
        octets = expected_ok(asking, remote, local, tag)
        notify = join_notify(
            asking.contact,
            local,
            branch,
            (asking.to_uri, tag),
            (asking.from_uri, asking.tag),
            asking.call_id,
            pattern.event,
            offer.url,
        )
        attempts = sendings_within(len(payload), len(octets), len(notify))
        if attempts < 1 or len(notify) > MAX_NOTIFY:
            return None  # one more request of that source is counted: who is declined may be counted twice
        ok = new(Datagram, (octets, response_destination(asking.via, remote), local, False))
        sent = self._servers.respond(key, datagram, ok, now, tag)
        last = new(Datagram, (notify, asking.destination(remote), local, False))
        asked = new(Asked, (enrollment, offer.rule, offer.shown, key.request, last))
        others = self._clients.request(branch, "NOTIFY", last, now, asked, attempts)
        return others, (*sent, last), (new(EnrollmentOffered, (enrollment, offer)),)
