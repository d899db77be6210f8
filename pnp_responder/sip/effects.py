"""All that a transaction can do to the world around it."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.datagram import Datagram


class Send(NamedTuple):
    """Send this datagram."""

    datagram: Datagram


class Answered(NamedTuple):
    """The request with that branch got a final response after `attempts` sendings.

    `about` is what whoever sent the request gave along with it, here and below.
    """

    branch: str
    status: int
    attempts: int
    about: object = None


class TimedOut(NamedTuple):
    """The request with that branch got no final response until timer F."""

    branch: str
    attempts: int
    about: object = None


class Undeliverable(NamedTuple):
    """The network cannot deliver the request with that branch."""

    branch: str
    attempts: int
    about: object = None


ClientEffect = Send | Answered | TimedOut | Undeliverable
