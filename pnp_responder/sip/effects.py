"""All that a transaction can do to the world around it."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.datagram import Datagram, Local, SocketAddress, new


class Sent(NamedTuple):
    """A request of ours. `octets` are the message, or the recipe that whoever sends it makes the message
    anew by (`ClientTransactions.request`)."""

    branch: str
    octets: bytes | str
    remote: SocketAddress
    local: Local

    @property
    def datagram(self) -> Datagram:
        """Of a request whose octets are held."""
        assert isinstance(self.octets, bytes)
        return new(Datagram, (self.octets, self.remote, self.local, False))


class Send(NamedTuple):
    """Send it once more. `about` is what whoever sent the request gave along with it, here and below."""

    request: Sent
    about: object = None


class Answered(NamedTuple):
    """The request got a final response after `attempts` sendings."""

    request: Sent
    status: int
    attempts: int
    about: object = None


class TimedOut(NamedTuple):
    """The request got no final response until timer F."""

    request: Sent
    attempts: int
    about: object = None


class Undeliverable(NamedTuple):
    """The network cannot deliver the request."""

    request: Sent
    attempts: int
    about: object = None


ClientEffect = Send | Answered | TimedOut | Undeliverable
