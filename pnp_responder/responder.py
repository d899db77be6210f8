"""The engine: the transaction user (RFC 3261 5) that answers enrollments.

(datagram, now) in; datagrams, events and the next deadline out. What a stranger sends becomes an
event, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable

from pnp_responder.admission import Admission
from pnp_responder.datagram import TCP, Datagram, Local, PlainDatagram, SocketAddress, named
from pnp_responder.engine import Output
from pnp_responder.enrollment import Decide, ForKind, no_kind
from pnp_responder.events import DatagramDropped, Event, ProbeHeard
from pnp_responder.express import Express
from pnp_responder.limits import DEFAULT_LIMITS, Limits
from pnp_responder.long_way import LongWay
from pnp_responder.outcomes import what_follows
from pnp_responder.sip import Identifiers
from pnp_responder.sip.effects import ClientEffect
from pnp_responder.sip.transaction import NEVER
from pnp_responder.tables import Tables
from pnp_responder.ua_profile import looks_like_a_probe

# A response begins with SIP, a SUBSCRIBE does not.
_I = ord("I")


class Responder:
    """Answers SUBSCRIBEs for ua-profile with a 200 and a NOTIFY, as `decide` says (`engine.Engine`)."""

    def __init__(
        self,
        decide: Decide,
        *,
        identifiers: Identifiers,
        admission: Admission,
        limits: Limits = DEFAULT_LIMITS,
        notify_attempts: int = 7,
        for_kind: ForKind = no_kind,
    ) -> None:
        self._decide, self._for_kind = decide, for_kind
        self._admission = admission
        tables = Tables.new(limits, notify_attempts, identifiers)
        self._servers, self._clients = tables.servers, tables.clients
        self._express = Express(tables)
        self._long_way = LongWay(tables, self._express)
        self.went_the_long_way = 0
        """How many datagrams were none that `express` knows."""

    def replace_rules(self, decide: Decide, for_kind: ForKind = no_kind) -> None:
        """Decide by these rules from the next datagram on."""
        self._decide, self._for_kind = decide, for_kind
        self._express.forget_offers()

    def refusal(self, remote: SocketAddress, local: Local) -> str | None:
        """None if `remote` may ask where `local` listens, else why not: before a connection is taken."""
        return self._admission.refusal(remote, local)

    def replace_admission(self, admission: Admission) -> None:
        """Admit these sources from the next datagram on (an interface has got another address)."""
        self._admission = admission

    def receive_datagram(self, datagram: Datagram, now: float) -> Output[Event]:
        """See `engine.Engine`."""
        output: Output[Event] = Output()
        self.receive(datagram, now, output)
        output.deadline = self.deadline
        return output

    @property
    def deadline(self) -> float | None:
        """See `engine.ServingEngine`."""
        deadline = min(self._servers.deadline, self._clients.deadline)
        return None if deadline == NEVER else deadline

    def receive(self, datagram: PlainDatagram, now: float, output: Output[Event]) -> None:
        """See `engine.ServingEngine`."""
        payload = datagram[0]
        if len(payload) > 1 and payload[1] == _I:
            known = self._express.is_taken(datagram, now, output)
        else:
            welcome = self._admission.welcomes(datagram[1], datagram[2])
            known = (welcome or self._turned_away(named(datagram)) is None) and self._express.offer(
                datagram, self._decide, self._for_kind, now, output
            )
        if not known:
            output.add(self._receive(named(datagram), now))

    def _receive(self, datagram: Datagram, now: float) -> Output[Event]:
        self.went_the_long_way += 1
        turned_away = self._turned_away(datagram)
        return self._long_way.receive(datagram, self._decide, now) if turned_away is None else turned_away

    def _turned_away(self, datagram: Datagram) -> Output[Event] | None:
        """None for a datagram from who may ask."""
        remote, local = datagram.remote, datagram.local
        if self._admission.welcomes(remote, local):
            return None
        if self._admission.is_ours(remote) and looks_like_a_probe(datagram.payload):
            return Output((), (ProbeHeard(remote, local, None, None),))
        refusal = self._admission.refusal(remote, local)
        return None if refusal is None else Output((), (DatagramDropped(refusal, remote, local),))

    def receive_unreachable(self, remote: SocketAddress, now: float) -> Output[Event]:
        """See `engine.Engine`."""
        return self._follow(self._clients.receive_unreachable(remote, now))

    def receive_closed(self, remote: SocketAddress, now: float) -> Output[Event]:
        """The TCP connection from `remote` is gone, and with it the way to the phone (RFC 3261 18.4)."""
        return self._follow(self._clients.receive_unreachable(remote, now, TCP))

    def handle_timeout(self, now: float) -> Output[Event]:
        """See `engine.Engine`."""
        self._servers.handle_timeout(now)
        return self._follow(self._clients.handle_timeout(now))

    def _follow(self, effects: Iterable[ClientEffect]) -> Output[Event]:
        return Output(*what_follows(effects), self.deadline)
