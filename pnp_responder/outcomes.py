"""What becomes of an offer."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.datagram import Datagram, new
from pnp_responder.enrollment import Decline, Device, Enrollment, Offer
from pnp_responder.events import Event, NotifyAnswered, NotifyTimedOut, NotifyUndeliverable
from pnp_responder.limits import AMPLIFICATION
from pnp_responder.mac import Mac, new_mac
from pnp_responder.sip.effects import Answered, Sent, TimedOut, Undeliverable
from pnp_responder.ua_profile import MAX_NOTIFY
from pnp_responder.ua_profile.notify import join_notify, our_end
from pnp_responder.ua_profile.pattern import SubscribePattern


class Asked(NamedTuple):
    """What a NOTIFY is about, and the SUBSCRIBE that it answers (`ServerKey.request`), in few octets.

    `said` is the enrollment; or that of another device of its kind, and then the SUBSCRIBE fitted `pattern`,
    and what the device has to itself stands in the recipe for its NOTIFY (`recipe_of`).
    """

    said: Enrollment
    rule: str
    shown: str | None
    request: str
    pattern: SubscribePattern | None = None

    def told(self, notify: Sent) -> tuple[Enrollment, Offer]:
        """Who asked, and what was offered. The URL is not held a second time."""
        _, octets, remote, local = notify
        if isinstance(octets, bytes):
            url = octets[octets.index(b"\r\n\r\n") + 4 :].decode()
            return self.said, new(Offer, (url, self.rule, self.shown))
        _, agent, digits, url = octets.rsplit("\n", 3)
        (_, vendor, model, version), profile_type, _, _, _ = self.said
        device = new(Device, (new_mac(Mac, digits), vendor, model, version))
        enrollment = new(Enrollment, (device, profile_type, agent, remote, local))
        return enrollment, new(Offer, (url, self.rule, self.shown))

    def once_more(self, notify: Sent) -> Datagram:
        """What is sent again."""
        branch, octets, remote, local = notify
        if isinstance(octets, bytes) or self.pattern is None:
            return notify.datagram
        target, from_, to, *_, url = octets.split("\n")
        _, call_id, *_ = self.request.split("\n")
        again = join_notify(target, our_end(local), branch, from_, to, call_id, self.pattern.event, url)
        return new(Datagram, (again, remote, local, False))


class Held(NamedTuple):
    """An offer (`events.Exchange`): what the NOTIFY is about, and the NOTIFY."""

    asked: Asked
    notify: Sent

    def told(self) -> tuple[Enrollment, Offer]:
        """See `events.Exchange`."""
        return self.asked.told(self.notify)


def recipe_of(target: str, from_: str, to: str, agent: str, digits: str, url: str) -> str:
    """What `Asked` makes a NOTIFY and the enrollment of, beside its request, pattern and ends. `digits` are
    the MAC's, in lower case. The NOTIFY goes to where the SUBSCRIBE came from. No text has a line end."""
    return f"{target}\n{from_}\n{to}\n{agent}\n{digits}\n{url}"


def outcome(effect: Answered | TimedOut | Undeliverable, asked: Asked) -> Event:
    """The event that tells how the NOTIFY about `asked` ended."""
    if isinstance(effect, Answered):
        return NotifyAnswered(Held(asked, effect.request), effect.status, effect.attempts)
    enrollment, offer = asked.told(effect.request)
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
