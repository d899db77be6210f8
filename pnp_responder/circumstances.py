"""What a decision may hang on beside what the device says: each fact is asked for when it is needed."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol

from pnp_responder.enrollment import Enrollment
from pnp_responder.mac import Mac


class NeighbourState(Enum):
    """How far the kernel's neighbour table can be believed about an address."""

    CONFIRMED = "confirmed"
    """Heard from lately, or entered by hand."""
    UNCONFIRMED = "unconfirmed"
    """So it was once; what we send makes the kernel look again."""
    MISSING = "missing"
    """Not known yet; what we send makes the kernel ask."""
    NEVER = "never"
    """Not on the link, or a link without MACs: it will never be known."""


class Neighbour(NamedTuple):
    """What the kernel's neighbour table says of a device's address, on the interface that it asked on.

    `mac` is None where the state is MISSING or NEVER.
    """

    state: NeighbourState
    mac: Mac | None = None


class Circumstances(Protocol):
    """Asked by rules that have options, and by no others. Quick, and raises nothing.

    None says that nobody knows here: then the rule takes it to be in order. Where devices are
    served it is never said.
    """

    def neighbour(self, enrollment: Enrollment) -> Neighbour | None:
        """Whose MAC the device's address has."""

    def window_is_open(self) -> bool | None:
        """Does an administrator hold the enrolment window open?"""

    def seconds_since_offer(self, enrollment: Enrollment, rule: str) -> float | None:
        """How long ago the device was last offered the URL of that rule; infinity for never."""


class Assumed(NamedTuple):
    """Circumstances as somebody states them, for decisions that nobody acts on. None: not stated."""

    neighbour_is: Neighbour | None = None
    window_open: bool | None = None
    since_offer: float | None = None

    def neighbour(self, enrollment: Enrollment) -> Neighbour | None:
        """Of Circumstances."""
        return self.neighbour_is

    def window_is_open(self) -> bool | None:
        """Of Circumstances."""
        return self.window_open

    def seconds_since_offer(self, enrollment: Enrollment, rule: str) -> float | None:
        """Of Circumstances."""
        return self.since_offer


NOTHING_KNOWN = Assumed()
