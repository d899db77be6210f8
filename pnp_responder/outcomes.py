"""What becomes of a NOTIFY, as an event."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.datagram import new
from pnp_responder.enrollment import Enrollment, Offer
from pnp_responder.events import Event, NotifyAnswered, NotifyTimedOut, NotifyUndeliverable
from pnp_responder.sip.effects import Answered, TimedOut, Undeliverable


class Asked(NamedTuple):
    """What a NOTIFY is about, and the SUBSCRIBE that it answers (`ServerKey.request`)."""

    enrollment: Enrollment
    offer: Offer
    request: str


def outcome(effect: Answered | TimedOut | Undeliverable, asked: Asked) -> Event:
    """The event that tells how the NOTIFY about `asked` ended."""
    enrollment, offer, _ = asked
    if isinstance(effect, Answered):
        return new(NotifyAnswered, (enrollment, offer, effect.status, effect.attempts))
    if isinstance(effect, TimedOut):
        return NotifyTimedOut(enrollment, offer, effect.attempts)
    return NotifyUndeliverable(enrollment, offer, effect.attempts)
