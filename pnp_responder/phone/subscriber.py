"""The other engine: phones that ask for their profile (RFC 6665 4.1), any number of them.

The same transaction tables as the responder's, run from the other side. Loose in what it takes, as
phones are: a NOTIFY before the 200, tags that are not swapped, no Subscription-State, blanks round
the URL. What is wrong with it is for `judge` to say.
"""

from __future__ import annotations

from pnp_responder.datagram import UDP, Datagram, Local, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.phone.events import (
    Answered,
    DatagramDropped,
    Ended,
    NotifyRepeated,
    NotifyTaken,
    Outcome,
    PhoneEvent,
    RequestRefused,
)
from pnp_responder.phone.profile_url import profile_url
from pnp_responder.phone.waiting import Subscription, Waiting, bears_tag
from pnp_responder.sip import (
    ClientTransactions,
    Identifiers,
    Request,
    Response,
    ServerKey,
    ServerTransactions,
    parse_message,
    render_response,
    response_destination,
    uas,
)
from pnp_responder.sip import effects as sip_effects
from pnp_responder.sip.transaction import NEVER, T1, T4

PACKAGE = "ua-profile"
SERVED = ("NOTIFY",)

ALL_ATTEMPTS = 11
"""Sendings until timer F (RFC 3261 17.1.2.2): at 0, 0.5, 1.5, 3.5, 7.5, then each 4 s."""


class Subscriber:
    """Phones behind one or many addresses (`engine.Engine`).

    `attempts` sendings of a SUBSCRIBE at most (1 where the transport is reliable); `patience` seconds
    from the first one to the NOTIFY (timer N, RFC 6665 4.1.2.4). At most `capacity` phones at once.
    `outside_dialog`: these phones take a NOTIFY whatever its Call-ID and tags.
    """

    def __init__(
        self,
        *,
        identifiers: Identifiers,
        capacity: int = 20_000,
        attempts: int = ALL_ATTEMPTS,
        patience: float = 64 * T1,
        outside_dialog: bool = False,
        t4: float = T4,
    ) -> None:
        self._identifiers = identifiers
        self._outside_dialog = outside_dialog
        self._clients = ClientTransactions(capacity, attempts, t4=t4)
        self._servers = ServerTransactions(capacity)
        self._waiting = Waiting(capacity, patience)

    def __len__(self) -> int:
        """How much it remembers: phones that wait, and transactions of both kinds."""
        return len(self._waiting) + len(self._clients) + len(self._servers)

    def subscribe(
        self, subscribe: bytes, remote: SocketAddress, local: Local, now: float
    ) -> Output[PhoneEvent]:
        """One more phone asks, by these octets, whose Call-ID no other phone of this engine has used.

        Raises ValueError for anything else than a SUBSCRIBE that this engine could follow.
        """
        request = _own_request(subscribe)
        subscription = Subscription(request)
        self._waiting.add(subscription, now)
        # Named by the Call-ID: some phones write no branch, others the same one each time.
        datagram = Datagram(subscribe, remote, local)
        others = self._clients.request(subscription.call_id, "SUBSCRIBE", datagram, now)
        return self._carry_out(others, (datagram,))

    def receive_datagram(self, datagram: Datagram, now: float) -> Output[PhoneEvent]:
        """See `engine.Engine`."""
        try:
            message = parse_message(datagram.payload)
        except MalformedMessage as error:
            return self._dropped(datagram, str(error))
        if isinstance(message, Response):
            return self._receive_response(message, datagram, now)
        try:
            return self._receive_request(message, datagram, now)
        except RequestError as error:
            return self._refuse(message, datagram, error)

    def receive_unreachable(
        self, remote: SocketAddress, now: float, transport: str = UDP
    ) -> Output[PhoneEvent]:
        """See `engine.Engine`."""
        return self._carry_out(self._clients.receive_unreachable(remote, now, transport))

    def handle_timeout(self, now: float) -> Output[PhoneEvent]:
        """See `engine.Engine`."""
        self._servers.handle_timeout(now)
        output = self._carry_out(self._clients.handle_timeout(now))
        ended = [self._end(one, self._why_not(one)) for one in self._waiting.expired(now)]
        return self._output(output.datagrams, (*output.events, *ended))

    def _receive_response(self, response: Response, datagram: Datagram, now: float) -> Output[PhoneEvent]:
        call_id = response.headers.get("call-id", "")
        subscription = self._waiting.get(call_id)
        if subscription is not None and subscription.branch != response.via.branch:
            return self._dropped(datagram, "a response with another branch than the SUBSCRIBE's")
        effects = self._clients.receive_response(response, now, call_id)
        if effects is None:
            return self._dropped(datagram, "a response to nothing that this phone asked")
        return self._carry_out(effects)

    def _receive_request(self, request: Request, datagram: Datagram, now: float) -> Output[PhoneEvent]:
        if request.method == "ACK":
            return self._dropped(datagram, "an ACK, which is never answered")
        if request.fault is not None:
            raise request.fault
        uas.check_method(request, SERVED)
        key = ServerKey.of(request, datagram.remote)
        # Many phones may stand behind this address: what names another one is no repeat.
        key = ServerKey(f"{key.request}\n{request.uri}", key.path)
        call_id = request.text("call-id")
        again = self._servers.repeat(key, datagram, now)
        if again is not None:
            responses = tuple(answer for answer in again if isinstance(answer, Datagram))
            return self._output(responses, (NotifyRepeated(call_id),))
        subscription = self._subscription(request, call_id)
        if request.event.package.lower() != PACKAGE:
            raise RequestError(489, "a NOTIFY of another event package", (("Allow-Events", PACKAGE),))
        url = profile_url(request)
        remote = datagram.remote
        octets = render_response(request, 200, remote, self._identifiers.tag())
        ok = Datagram(
            octets, response_destination(request.via, remote, datagram.local.transport), datagram.local
        )
        events: list[PhoneEvent] = [NotifyTaken(subscription.call_id, url, remote)]
        if url:
            events.append(self._end(subscription, Outcome.SERVED, url))
        elif not request.text("subscription-state").lower().startswith(("active", "pending")):
            events.append(self._end(subscription, Outcome.NO_URL))
        self._servers.respond(key, datagram, ok, now)
        return self._output((ok,), tuple(events))

    def _subscription(self, request: Request, call_id: str) -> Subscription:
        """The one that a NOTIFY belongs to (RFC 6665 4.1.3), or that takes it although it does not."""
        subscription = self._waiting.get(call_id)
        if subscription is not None and bears_tag(request, subscription.tag):
            return subscription
        if self._outside_dialog:
            subscription = subscription or self._waiting.meant_by(request)
            if subscription is not None:
                return subscription
        raise RequestError(481, "a NOTIFY for no subscription of this phone")

    def _refuse(self, request: Request, datagram: Datagram, error: RequestError) -> Output[PhoneEvent]:
        """RFC 3261 8.2.7: a repeat of the request brings the same octets, tag included."""
        rows = tuple(f"{name}: {value}" for name, value in error.headers)
        tag = self._identifiers.stateless_tag(datagram.payload)
        response = _response(request, datagram, error.status, tag, rows)
        if request.method == "NOTIFY":
            call_id = request.headers.get("call-id", "")
            meant = self._waiting.get(call_id) or self._waiting.meant_by(request)
            refusal = f"{error.status}, {error.reason}"
            if meant is not None:
                meant.refusal = refusal
            elif not self._clients.attempts(call_id):  # else another server was faster with that phone
                self._waiting.refused_for_all(refusal)
        return self._output((response,), (RequestRefused(error.status, error.reason, datagram.remote),))

    def _carry_out(
        self, effects: tuple[sip_effects.ClientEffect, ...], datagrams: tuple[Datagram, ...] = ()
    ) -> Output[PhoneEvent]:
        events: list[PhoneEvent] = []
        for effect in effects:
            if isinstance(effect, sip_effects.Send):
                datagrams += (effect.request.datagram,)
                continue
            subscription = self._waiting.get(effect.request.branch)
            if isinstance(effect, sip_effects.Answered):
                events.append(Answered(effect.request.branch, effect.status, effect.request.attempts))
                if subscription is not None:
                    subscription.status, subscription.attempts = effect.status, effect.request.attempts
                    if effect.status >= 300:
                        events.append(self._end(subscription, Outcome.REFUSED))
            elif subscription is not None:
                subscription.attempts = effect.request.attempts
                if isinstance(effect, sip_effects.Undeliverable):
                    events.append(self._end(subscription, Outcome.UNREACHABLE))
        return self._output(datagrams, tuple(events))

    def _end(self, subscription: Subscription, outcome: Outcome, url: str = "") -> Ended:
        self._waiting.remove(subscription)
        attempts = self._clients.attempts(subscription.call_id) or subscription.attempts
        refusal = self._waiting.refusal_of(subscription) if outcome is Outcome.NOTIFY_REFUSED else ""
        return Ended(subscription.call_id, outcome, url, attempts, subscription.status, refusal)

    def _why_not(self, subscription: Subscription) -> Outcome:
        if self._waiting.refusal_of(subscription):
            return Outcome.NOTIFY_REFUSED
        return Outcome.SILENCE if subscription.status is None else Outcome.NO_NOTIFY

    def _dropped(self, datagram: Datagram, reason: str) -> Output[PhoneEvent]:
        return self._output((), (DatagramDropped(reason, datagram.remote),))

    def _output(self, datagrams: tuple[Datagram, ...], events: tuple[PhoneEvent, ...]) -> Output[PhoneEvent]:
        deadline = min(self._servers.deadline, self._clients.deadline)
        if self._waiting.deadline is not None:
            deadline = min(deadline, self._waiting.deadline)
        return Output(datagrams, events, None if deadline == NEVER else deadline)


def _own_request(octets: bytes) -> Request:
    try:
        request = parse_message(octets)
        if isinstance(request, Request) and request.method == "SUBSCRIBE" and request.fault is None:
            _ = request.from_
            return request
    except (MalformedMessage, RequestError) as error:
        raise ValueError(f"not a SUBSCRIBE that can be sent: {error}") from None
    reason = getattr(request, "fault", None)
    raise ValueError(f"not a SUBSCRIBE that can be sent{f': {reason}' if reason else ''}")


def _response(
    request: Request, datagram: Datagram, status: int, tag: str, rows: tuple[str, ...] = ()
) -> Datagram:
    remote, local = datagram.remote, datagram.local
    octets = render_response(request, status, remote, tag, rows)
    return Datagram(octets, response_destination(request.via, remote, local.transport), local)
