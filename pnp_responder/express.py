"""Answers devices of known kinds: a SUBSCRIBE with an offer, and the 200 to its NOTIFY.

What it does not answer is left to `responder`, as if nobody had looked at it. It gives what that would give,
octet for octet; a test holds them to each other. It is written out in one piece, for nearly all that a phone
costs is spent here.
"""

from __future__ import annotations

from pnp_responder.datagram import UDP, Datagram, PlainAddress, PlainDatagram, SocketAddress, new
from pnp_responder.engine import Output
from pnp_responder.enrollment import Decide, Device, Enrollment, ForKind, Offer
from pnp_responder.events import DatagramDropped, EnrollmentOffered, Event, NotifyAnswered
from pnp_responder.limits import sendings_within
from pnp_responder.mac import Mac, digits_of
from pnp_responder.outcomes import NotifyTransaction, what_follows
from pnp_responder.sip import Request, request_text
from pnp_responder.sip.effects import Answered, ClientEffect
from pnp_responder.sip.identifiers import BRANCH_LENGTH
from pnp_responder.tables import Tables
from pnp_responder.ua_profile import MAX_NOTIFY
from pnp_responder.ua_profile.kinds import MOST_OCTETS, Kinds
from pnp_responder.ua_profile.notify import can_be_sent
from pnp_responder.ua_profile.probe import PROBE_PREFIX, PROBES_END
from pnp_responder.ua_profile.values import CALL_ID, FROM_TAG, NUMBER, SPELLED

_BRANCH = ";branch="
_BEFORE_BRANCH = len(_BRANCH)


def _nothing_known(mac: str, host: str) -> None:
    """An OfferToKind where only `Decide` can say."""


class Express:
    """Shares the tables of the responder that it belongs to."""

    def __init__(self, tables: Tables) -> None:
        self._servers, self._clients, self._rates, self._identifiers, self._too_fast = tables
        self._kinds = Kinds()
        self._admitted = ""

    def learn(self, heard: Datagram, request: Request, enrollment: Enrollment, now: float) -> None:
        """A device was offered a URL the long way."""
        if heard.local.transport == UDP:
            self._kinds.learn(heard, request, enrollment, now)

    def learn_response(self, heard: Datagram, effects: tuple[ClientEffect, ...], now: float) -> None:
        """A response was read the long way, and that came of it."""
        for effect in effects:
            notify = effect.request
            if (
                isinstance(effect, Answered)
                and isinstance(notify, NotifyTransaction)
                and notify.reply
                and notify.offered
            ):
                told = notify.branch, notify.dialog, notify.offered.mac
                self._kinds.learn_taken(notify.reply, heard, effect.status, *told, now)

    def forget_offers(self) -> None:
        """Other rules decide from now on."""
        self._kinds.forget_offers()

    def take_admitted(self, request: str) -> bool:
        """Was it this request (`ServerKey.request`) that was counted last, and left to others? It says so
        once."""
        admitted, self._admitted = self._admitted, ""
        return admitted == request

    def offer(
        self, datagram: PlainDatagram, decide: Decide, for_kind: ForKind, now: float, output: Output[Event]
    ) -> bool:
        """Answer a SUBSCRIBE of who may ask. False if that is not to be done here, and then it is counted at
        most (`take_admitted`)."""
        payload, remote, local, _ = datagram
        if len(payload) > MOST_OCTETS or local[2] != UDP:
            return False
        text = payload.decode("latin-1")
        kind = self._kinds.find(text)
        if kind is None:
            return False
        reply = kind.replies.get(local[0])
        if reply is None or (reply.local is not local and reply.local != local):
            return False
        values = kind.read(text, remote)
        if values is None:
            return False
        request = request_text(remote, values[CALL_ID], kind.number or values[NUMBER], values[FROM_TAG])
        if self._servers.is_merged(request):
            return False
        host, port = remote
        spelled = values[SPELLED] or ""
        mac = spelled.lower() if kind.plain else digits_of(spelled)
        if PROBE_PREFIX <= mac < PROBES_END:
            return False
        if not self._rates.admits(host, now, request):
            output.told.append(DatagramDropped(self._too_fast, SocketAddress(host, port), local))
            return True
        self._admitted = request
        if reply.offers is None:
            differ = kind.user_agent is None
            reply.offers = for_kind(kind.said._replace(local=local), differ) or _nothing_known
        agent = kind.agent(values, remote) if kind.user_agent is None else kind.user_agent
        offer = reply.offers(mac, host)
        if offer is None:
            _, vendor, model, version = kind.said.device
            device = Device(Mac(mac) if mac else None, vendor, model, version)
            source = SocketAddress(host, port)
            decision = decide(Enrollment(device, kind.said.profile_type, agent, source, local))
            if not isinstance(decision, Offer) or not can_be_sent(decision.url):
                return False
            offer = decision
        url, rule, shown = offer
        tag, branch = self._identifiers.tag_and_branch()
        ok, octets, dialog = reply.answer(values, remote, tag, branch, url)
        attempts = sendings_within(len(payload), len(ok), len(octets))
        if attempts < 1 or len(octets) > MAX_NOTIFY:
            return False
        offered = EnrollmentOffered()
        offered.said, offered.mac, offered.user_agent = kind.said, mac, agent
        offered.remote, offered.local = remote, local
        offered.url, offered.rule, offered.shown = url, rule, shown
        notify = NotifyTransaction()
        notify.branch, notify.method, notify.octets = branch, "NOTIFY", None
        notify.remote = remote if reply.notify_port is None else SocketAddress(host, reply.notify_port)
        notify.local = local
        notify.reply, notify.dialog, notify.offered = reply, dialog, offered
        self._admitted = ""
        notify.asked = self._servers.add(request, kind.path(values, remote), datagram, tag, now)
        others = self._clients.add(notify, now, attempts)
        answered: PlainAddress = remote if reply.ok_port is None else SocketAddress(host, reply.ok_port)
        sent = output.sent
        sent.append((ok, answered, local, False))
        sent.append((octets, notify.remote, local, False))
        output.told.append(offered)
        if others:
            output.add(Output(*what_follows(others)))
        return True

    def is_taken(self, datagram: PlainDatagram, now: float, output: Output[Event]) -> bool:
        """Hear the response to a NOTIFY from whom it was sent to, where it was sent from: from one who was
        admitted. False if that is not to be done here."""
        payload, remote, local, _ = datagram
        if len(payload) > MOST_OCTETS:
            return False
        text = payload.decode("latin-1")
        start = text.find(_BRANCH) + _BEFORE_BRANCH
        branch = text[start : start + BRANCH_LENGTH]
        notify = self._clients.find(branch)
        if type(notify) is not NotifyTransaction or notify.reply is None:
            return False
        if notify.remote[0] != remote[0] or remote[1] == 0:
            return False
        if notify.local is not local and notify.local != local:
            return False
        taken, offered = notify.reply.taken, notify.offered
        if (
            taken is None
            or offered is None
            or not taken.says(text, branch, notify.dialog, remote, offered.mac)
        ):
            return False
        notify.asked.proven = True
        self._clients.complete(notify, now)
        output.told.append(new(NotifyAnswered, (offered, taken.status, notify.attempts)))
        return True
