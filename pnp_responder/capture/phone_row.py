"""One phone of a capture: what it is, what we would tell it, what the capture says that it was told."""

from __future__ import annotations

from collections.abc import Hashable
from enum import StrEnum
from typing import NamedTuple

from pnp_responder.datagram import SocketAddress
from pnp_responder.enrollment import Decision, Enrollment, Offer


class Outcome(StrEnum):
    """What comes of a phone's request."""

    URL = "url"
    IGNORE = "ignore"
    REJECT = "reject"
    NONE = "none"
    """No rule matches."""
    REFUSED = "refused"
    """No enrollment: not what a phone asks, or not what we can read."""


UNANSWERED = {Outcome.NONE, Outcome.REFUSED}
"""Nothing went to the phone, and no rule says that nothing should."""

MOST_SERVERS = 4
"""Servers that answer one phone, and are told of."""


class Told(NamedTuple):
    """What a server of the capture said to the phone: its response's status, its NOTIFY's URL."""

    status: int | None
    url: str | None


class PhoneRow:
    """`when` is the first request's time in nanoseconds since 1970; `asked` how many requests came, and
    `repeated` how often one was heard again. `confirmed` is the status of the phone's answer to a NOTIFY."""

    __slots__ = (
        "asked",
        "confirmed",
        "decision",
        "enrollment",
        "interface",
        "reason",
        "repeated",
        "source",
        "told",
        "when",
    )

    def __init__(
        self,
        when: int,
        source: SocketAddress | None,
        interface: str,
        enrollment: Enrollment | None,
        decision: Decision | None,
        reason: str,
    ) -> None:
        self.when = when
        self.source = source
        self.interface = interface
        self.enrollment = enrollment
        self.decision = decision
        self.reason = reason
        self.asked = 1
        self.repeated = 0
        self.confirmed: int | None = None
        self.told: dict[SocketAddress, Told] = {}

    @property
    def outcome(self) -> Outcome:
        decision = self.decision
        if isinstance(decision, Offer):
            return Outcome.URL
        if decision is None:
            return Outcome.REFUSED
        if decision.rule is None:
            return Outcome.NONE
        return Outcome.IGNORE if decision.status is None else Outcome.REJECT

    @property
    def key(self) -> Hashable:
        """Equal for requests that make one row: the same phone, saying the same, told the same."""
        if self.enrollment is None:
            return self.source and self.source.host, self.reason
        device = self.enrollment.device
        return (device if device.mac else (device, self.source and self.source.host)), self.decision

    @property
    def why(self) -> str:
        """Why it gets no URL; "" if it gets one."""
        decision = self.decision
        return self.reason if decision is None or isinstance(decision, Offer) else decision.reason

    def told_by(self, server: SocketAddress, status: int | None, url: str | None) -> None:
        """`server` said this to the phone, in a response or in a NOTIFY."""
        before = self.told.get(server)
        if before is None:
            if len(self.told) >= MOST_SERVERS:
                return
            before = Told(None, None)
        self.told[server] = Told(status if status is not None else before.status, url or before.url)
