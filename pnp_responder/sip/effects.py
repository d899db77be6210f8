"""All that a client transaction can do to the world around it."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.sip.client_transaction import ClientTransaction


class Send(NamedTuple):
    """Send it once more."""

    request: ClientTransaction


class Answered(NamedTuple):
    """The request got a final response."""

    request: ClientTransaction
    status: int


class TimedOut(NamedTuple):
    """The request got no final response until timer F."""

    request: ClientTransaction


class Undeliverable(NamedTuple):
    """The network cannot deliver the request."""

    request: ClientTransaction


ClientEffect = Send | Answered | TimedOut | Undeliverable
