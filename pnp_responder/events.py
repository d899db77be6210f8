"""What happened, as values. The only thing that the journal and other features listen to.

The union is closed: a consumer ends its match with `assert_never`, so that the type checker names
each place that has to say what it does with a new kind.
"""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.datagram import Local, PlainAddress, SocketAddress
from pnp_responder.enrollment import Decision, Decline, Defer, Enrollment, Offer
from pnp_responder.mac import Mac
from pnp_responder.masking import mask_url


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


class EnrollmentOffered:
    """200 and NOTIFY went out.

    Ten thousand phones bring as many in two seconds, so it holds what was said as it was at hand, and
    `enrollment` and `offer` are made of that when somebody asks. The enrollment is `said`, but for MAC (""
    is none), User-Agent and ends; the offer has the other three. It has no constructor but `of`, for that
    would cost as much again as all of this.
    """

    __slots__ = ("local", "mac", "remote", "rule", "said", "shown", "url", "user_agent")

    said: Enrollment
    mac: str
    user_agent: str
    remote: PlainAddress | None
    local: Local | None
    url: str
    rule: str
    shown: str | None

    @classmethod
    def of(cls, enrollment: Enrollment, offer: Offer) -> EnrollmentOffered:
        """That offer to that device."""
        made = cls()
        made.said, made.mac = enrollment, enrollment.device.mac or ""
        _, _, made.user_agent, made.remote, made.local = enrollment
        made.url, made.rule, made.shown = offer
        return made

    @property
    def enrollment(self) -> Enrollment:
        """What the device asked."""
        device = self.said.device._replace(mac=Mac(self.mac) if self.mac else None)
        remote = None if self.remote is None else SocketAddress(*self.remote)
        return Enrollment(device, self.said.profile_type, self.user_agent, remote, self.local)

    @property
    def offer(self) -> Offer:
        """What it was told."""
        return Offer(self.url, self.rule, self.shown)

    @property
    def masked(self) -> str:
        """The URL as people see it."""
        return mask_url(self.url) if self.shown is None else self.shown

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnrollmentOffered) and (self.enrollment, self.offer) == (
            other.enrollment,
            other.offer,
        )

    def __hash__(self) -> int:
        return hash((self.enrollment, self.offer))

    def __repr__(self) -> str:
        return f"EnrollmentOffered.of({self.enrollment!r}, {self.offer!r})"


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
    """The device gave a final response to the NOTIFY of that offer, after `attempts` sendings of it."""

    offered: EnrollmentOffered
    status: int
    attempts: int

    @property
    def enrollment(self) -> Enrollment:
        """What the device had asked."""
        return self.offered.enrollment

    @property
    def offer(self) -> Offer:
        """What the NOTIFY said."""
        return self.offered.offer


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
