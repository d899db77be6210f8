"""What becomes of an offer."""

from __future__ import annotations

from collections.abc import Iterable

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.enrollment import Decline, Offer
from pnp_responder.events import EnrollmentOffered, Event, NotifyAnswered, NotifyTimedOut, NotifyUndeliverable
from pnp_responder.limits import AMPLIFICATION
from pnp_responder.sip.client_transaction import ClientTransaction
from pnp_responder.sip.effects import Answered, ClientEffect, Send, TimedOut, Undeliverable
from pnp_responder.sip.server_transactions import ServerTransaction
from pnp_responder.ua_profile import MAX_NOTIFY
from pnp_responder.ua_profile.reply import Reply


class NotifyTransaction(ClientTransaction):
    """The NOTIFY with an offer.

    `asked` is the SUBSCRIBE that it belongs to, `offered` what it is about, None for a probe. Where its
    device is of a known kind, `reply` makes the octets again when they are wanted, with `dialog`, the rows
    from From to CSeq: half of what the octets would take.
    """

    __slots__ = ("asked", "dialog", "offered", "reply")

    asked: ServerTransaction
    offered: EnrollmentOffered | None
    reply: Reply | None
    dialog: str

    @classmethod
    def of(
        cls, branch: str, datagram: Datagram, asked: ServerTransaction, offered: EnrollmentOffered | None
    ) -> NotifyTransaction:
        """One whose octets are held."""
        made = cls()
        made.branch, made.method, made.asked, made.offered = branch, "NOTIFY", asked, offered
        made.octets, made.remote, made.local, _ = datagram
        made.reply, made.dialog = None, ""
        return made

    @property
    def datagram(self) -> Datagram:
        """See ClientTransaction."""
        if self.reply is None or self.offered is None or self.offered.remote is None:
            return super().datagram
        octets = self.reply.again(self.dialog, self.branch, self.offered.remote, self.offered.url)
        return Datagram(octets, SocketAddress(*self.remote), self.local)


def what_follows(effects: Iterable[ClientEffect]) -> tuple[list[Datagram], list[Event]]:
    """What is to be sent, and what happened, by what has become of NOTIFYs."""
    datagrams: list[Datagram] = []
    events: list[Event] = []
    for effect in effects:
        notify = effect.request
        assert isinstance(notify, NotifyTransaction)
        if isinstance(effect, Send):
            datagrams.append(notify.datagram)
        elif notify.offered is not None:  # no probe
            if isinstance(effect, Answered):
                notify.asked.proven = True
            events.append(_outcome(effect, notify.offered))
    return datagrams, events


def _outcome(effect: Answered | TimedOut | Undeliverable, offered: EnrollmentOffered) -> Event:
    attempts = effect.request.attempts
    if isinstance(effect, Answered):
        return NotifyAnswered(offered, effect.status, attempts)
    if isinstance(effect, TimedOut):
        return NotifyTimedOut(offered.enrollment, offered.offer, attempts)
    return NotifyUndeliverable(offered.enrollment, offered.offer, attempts)


def too_long(request: Datagram, notify: int, offer: Offer) -> Decline:
    """Why a NOTIFY of so many octets is not sent for `request`, and what a unicast sender is told."""
    if notify > MAX_NOTIFY:
        reason = f"the NOTIFY would have {notify} octets; by UDP it may have {MAX_NOTIFY}"
        return Decline(reason, offer.rule, None if request.multicast else 500)
    reason = (
        f"the answer would have over {AMPLIFICATION} times the octets of the request; a shorter URL may fit"
    )
    return Decline(reason, offer.rule)
