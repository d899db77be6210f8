"""What becomes of an offer."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.datagram import Datagram, new
from pnp_responder.enrollment import Decline, Enrollment, Offer
from pnp_responder.events import Event, NotifyAnswered, NotifyTimedOut, NotifyUndeliverable
from pnp_responder.limits import AMPLIFICATION
from pnp_responder.sip.effects import Answered, TimedOut, Undeliverable
from pnp_responder.ua_profile import MAX_NOTIFY


class Asked(NamedTuple):
    """What a NOTIFY is about, and the SUBSCRIBE that it answers (`ServerKey.request`).

    The URL is not held a second time: it is the NOTIFY's body.
    """

    enrollment: Enrollment
    rule: str
    shown: str | None
    request: str
    notify: Datagram

    @property
    def offer(self) -> Offer:
        """The offer that was made."""
        url = self.notify.payload.partition(b"\r\n\r\n")[2].decode()
        return new(Offer, (url, self.rule, self.shown))


def outcome(effect: Answered | TimedOut | Undeliverable, asked: Asked) -> Event:
    """The event that tells how the NOTIFY about `asked` ended."""
    enrollment, offer = asked.enrollment, asked.offer
    if isinstance(effect, Answered):
        return new(NotifyAnswered, (enrollment, offer, effect.status, effect.attempts))
    if isinstance(effect, TimedOut):
        return NotifyTimedOut(enrollment, offer, effect.attempts)
    return NotifyUndeliverable(enrollment, offer, effect.attempts)


def too_long(request: Datagram, notify: int, offer: Offer) -> Decline:
    """Why a NOTIFY of so many octets is not sent for `request`, and what a unicast sender is told."""
    if notify > MAX_NOTIFY:
        reason = f"the NOTIFY would have {notify} octets; by UDP it may have {MAX_NOTIFY}"
        return Decline(reason, offer.rule, None if request.multicast else 500)
    reason = (
        f"the answer would have over {AMPLIFICATION} times the octets of the request; a shorter URL may fit"
    )
    return Decline(reason, offer.rule)
