"""What happened, as values. The only thing that the journal and other features listen to.

The union is closed: a consumer ends its match with `assert_never`, so that the type checker names
each place that has to say what it does with a new kind.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Decision, Decline, Defer, Enrollment, Offer


class DatagramDropped(NamedTuple):
    """Octets that got no answer because they are no SIP for us. `reason` holds none of them."""

    reason: str
    remote: SocketAddress
    local: Local


class RequestRefused(NamedTuple):
    """A SIP request that is no enrollment. `status` was sent, or None: silence (multicast)."""

    reason: str
    status: int | None
    remote: SocketAddress
    local: Local


class RequestRepeated(NamedTuple):
    """A request heard again; the stored response, if there is one, went out again."""

    remote: SocketAddress
    local: Local


class Exchange(Protocol):
    """An offer that was made, as somebody holds it."""

    def told(self) -> tuple[Enrollment, Offer]:
        """Who had asked, and what was offered."""


class EnrollmentOffered(NamedTuple):
    """200 and NOTIFY went out."""

    enrollment: Enrollment
    offer: Offer

    def told(self) -> tuple[Enrollment, Offer]:
        """Of Exchange."""
        return self


class EnrollmentDeclined(NamedTuple):
    """A rule, or no rule, said no. `status` is what was sent, or None: silence."""

    enrollment: Enrollment
    decline: Decline
    status: int | None


class EnrollmentDeferred(NamedTuple):
    """A rule cannot say yet; a keep-alive went out, and the device's repeat will be decided."""

    enrollment: Enrollment
    defer: Defer


class NotifyAnswered(NamedTuple):
    """The device gave a final response to the NOTIFY after `attempts` sendings of it.

    Ten thousand phones do so in two seconds, and who counts them asks for no more: `enrollment` and `offer`
    are made of what is held when somebody asks.
    """

    exchange: Exchange
    status: int
    attempts: int

    @property
    def enrollment(self) -> Enrollment:
        """What the device had asked."""
        return self.exchange.told()[0]

    @property
    def offer(self) -> Offer:
        """What the NOTIFY said."""
        return self.exchange.told()[1]


class NotifyTimedOut(NamedTuple):
    """No final response until timer F (RFC 3261 17.1.2.2)."""

    enrollment: Enrollment
    offer: Offer
    attempts: int


class NotifyUndeliverable(NamedTuple):
    """The network said that the device cannot be reached (RFC 3261 18.4); no further attempt."""

    enrollment: Enrollment
    offer: Offer
    attempts: int


class ProbeHeard(NamedTuple):
    """A probe for PnP servers asked. It is no phone, and what follows on its NOTIFY is not told.

    One of our own host is not answered, and both are None; one of another host is told what a phone
    would be told.
    """

    remote: SocketAddress
    local: Local
    enrollment: Enrollment | None
    decision: Decision | None


Event = (
    DatagramDropped
    | RequestRefused
    | RequestRepeated
    | EnrollmentOffered
    | EnrollmentDeclined
    | EnrollmentDeferred
    | NotifyAnswered
    | NotifyTimedOut
    | NotifyUndeliverable
    | ProbeHeard
)
