"""What a responder holds between datagrams, for its two ways to share."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.limits import Limits, SourceRates
from pnp_responder.sip import ClientTransactions, Identifiers, ServerTransactions


class Tables(NamedTuple):
    """Bounded as `Limits` say. `too_fast` is what is said of a datagram that `rates` does not admit."""

    servers: ServerTransactions
    clients: ClientTransactions
    rates: SourceRates
    identifiers: Identifiers
    too_fast: str

    @classmethod
    def new(cls, limits: Limits, notify_attempts: int, identifiers: Identifiers) -> Tables:
        """Empty ones; a NOTIFY is sent so many times at most."""
        return cls(
            ServerTransactions(limits.transactions),
            ClientTransactions(limits.transactions, notify_attempts),
            SourceRates(limits.rate, limits.burst),
            identifiers,
            f"more than {limits.rate} new requests a second from one source; service.limits sets it",
        )
