"""All that a transaction can do to the world around it."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.datagram import Datagram


class Send(NamedTuple):
    """Send this datagram."""

    datagram: Datagram


class Answered(NamedTuple):
    """The request with that branch got a final response after `attempts` sendings."""

    branch: str
    status: int
    attempts: int


class TimedOut(NamedTuple):
    """The request with that branch got no final response until timer F."""

    branch: str
    attempts: int


class Undeliverable(NamedTuple):
    """The network cannot deliver the request with that branch."""

    branch: str
    attempts: int


ClientEffect = Send | Answered | TimedOut | Undeliverable
