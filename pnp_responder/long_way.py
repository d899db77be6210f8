"""Reads a message as a whole, whatever it is, and answers it: the way of all that `express` does not know."""

from __future__ import annotations

from pnp_responder.datagram import UDP, Datagram
from pnp_responder.deferral import deferred
from pnp_responder.engine import Output
from pnp_responder.enrollment import Decide, Decline, Defer, Enrollment, Offer
from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.events import (
    DatagramDropped,
    EnrollmentDeclined,
    EnrollmentOffered,
    Event,
    ProbeHeard,
    RequestRefused,
    RequestRepeated,
)
from pnp_responder.express import Express
from pnp_responder.limits import AMPLIFICATION, sendings_within
from pnp_responder.outcomes import NotifyTransaction, too_long, what_follows
from pnp_responder.responses import once_more, response_to
from pnp_responder.sip import (
    Request,
    Response,
    ServerKey,
    parse_message,
    response_destination,
    uas,
)
from pnp_responder.tables import Tables
from pnp_responder.ua_profile import (
    BODY_TYPE,
    MAX_NOTIFY,
    OPTIONS_ROWS,
    SERVED,
    is_probe,
    notify_destination,
    notify_request,
    ok_response,
    read_enrollment,
)


class LongWay:
    """Shares the tables of the responder that it belongs to, and teaches `express`."""

    def __init__(self, tables: Tables, express: Express) -> None:
        self._servers, self._clients, self._rates, self._identifiers, self._too_fast = tables
        self._express = express

    def receive(self, datagram: Datagram, decide: Decide, now: float) -> Output[Event]:
        """What is to be done about a datagram from who may ask, but for the deadline. Raises nothing for
        what a stranger sent."""
        try:
            message = parse_message(datagram.payload)
        except MalformedMessage as error:
            return _dropped(datagram, str(error))
        if isinstance(message, Response):
            return self._receive_response(message, datagram, now)
        try:
            return self._receive_request(message, datagram, decide, now)
        except RequestError as error:
            return self._refuse(message, datagram, now, error)

    def _receive_response(self, response: Response, datagram: Datagram, now: float) -> Output[Event]:
        # RFC 3261 17.1.3: whatever the socket; some stacks answer to where they had asked, the group.
        if (effects := self._clients.receive_response(response, now)) is None:
            return _dropped(datagram, "a response to nothing that we asked")
        self._express.learn_response(datagram, effects, now)
        return Output(*what_follows(effects))

    def _receive_request(
        self, request: Request, datagram: Datagram, decide: Decide, now: float
    ) -> Output[Event]:
        """The order of the checks is that of RFC 3261 8.2."""
        if request.method == "ACK":
            return _dropped(datagram, "an ACK, which is never answered")
        if request.fault is not None:
            raise request.fault
        if datagram.local.transport != UDP and request.headers.get("content-length") is None:
            raise RequestError(400, "no Content-Length")  # RFC 3261 18.3
        key = ServerKey.of(request, datagram.remote)
        if request.method == "CANCEL":
            return self._receive_cancel(request, key, datagram, now)
        if request.method == "SUBSCRIBE" and (again := self._servers.repeat(key, datagram, now)) is not None:
            # Far shorter than what it repeats, it is no phone's.
            most = AMPLIFICATION * len(datagram.payload)
            answers = (once_more(answer, request, datagram) for answer in again)
            responses = tuple(response for response in answers if len(response.payload) <= most)
            return Output(responses, (RequestRepeated(datagram.remote, datagram.local),))
        uas.check_method(request, SERVED)
        uas.check_request_uri(request)
        if request.method == "SUBSCRIBE" and request.to.tag is None and self._servers.is_merged(key.request):
            raise RequestError(482, "the same request on another path")
        uas.check_dialog(request)
        uas.check_extensions(request)
        if request.method == "OPTIONS":
            return self._receive_options(request, datagram, now)
        return self._receive_subscribe(request, key, datagram, decide, now)

    def _receive_cancel(
        self, request: Request, key: ServerKey, datagram: Datagram, now: float
    ) -> Output[Event]:
        # RFC 3261 9.2: it changes nothing for a request that has had its final response.
        if not self._servers.knows(key):
            raise RequestError(481, "a CANCEL for nothing that we hold")
        if datagram.multicast:
            return _unheard(datagram, "a multicast CANCEL")
        return self._answer_statelessly(request, datagram, now, 200, ())

    def _receive_options(self, request: Request, datagram: Datagram, now: float) -> Output[Event]:
        uas.check_content(request, BODY_TYPE)
        if datagram.multicast:
            return _unheard(datagram, "a multicast OPTIONS")
        return self._answer_statelessly(request, datagram, now, 200, OPTIONS_ROWS)

    def _receive_subscribe(
        self, request: Request, key: ServerKey, datagram: Datagram, decide: Decide, now: float
    ) -> Output[Event]:
        enrollment = read_enrollment(request, datagram)
        _ = request.contact_uri  # raises 400 now, not when a 200 is on its way
        host = datagram.remote.host
        if not self._express.take_admitted(key.request) and not self._rates.admits(host, now, key.request):
            return _dropped(datagram, self._too_fast)
        decision = decide(enrollment)
        if isinstance(decision, Offer):
            return self._offer(request, key, datagram, enrollment, decision, now)
        if isinstance(decision, Defer):
            return Output(*deferred(datagram, enrollment, decision))
        status = decision.status
        if status is None and decision.rule is None and not datagram.multicast:
            status = 404
        return self._decline(request, key, datagram, enrollment, decision, status, now)

    def _offer(
        self,
        request: Request,
        key: ServerKey,
        datagram: Datagram,
        enrollment: Enrollment,
        offer: Offer,
        now: float,
    ) -> Output[Event]:
        remote, local = datagram.remote, datagram.local
        tag, branch = self._identifiers.tag_and_branch()
        notify = notify_request(request, remote, local, tag, branch, offer.url)
        octets = ok_response(request, remote, local, tag)
        attempts = sendings_within(len(datagram.payload), len(octets), len(notify))
        if attempts < 1 or (len(notify) > MAX_NOTIFY and local.transport == UDP):
            decline = too_long(datagram, len(notify), offer)
            return self._decline(request, key, datagram, enrollment, decline, decline.status, now)
        ok = Datagram(octets, response_destination(request.via, remote, local.transport), local)
        last = Datagram(notify, notify_destination(request, remote, local.transport), local)
        offered = EnrollmentOffered.of(enrollment, offer)
        asked = self._servers.respond(key, datagram, tag, now)
        event: Event = offered
        if is_probe(enrollment):
            event = ProbeHeard(remote, local, enrollment, offer)
        else:
            self._express.learn(datagram, request, enrollment, now)
        transaction = NotifyTransaction.of(branch, last, asked, offered if event is offered else None)
        datagrams, events = what_follows(self._clients.add(transaction, now, attempts))
        return Output((ok, last, *datagrams), (event, *events))

    def _decline(
        self,
        request: Request,
        key: ServerKey,
        datagram: Datagram,
        enrollment: Enrollment,
        decline: Decline,
        status: int | None,
        now: float,
    ) -> Output[Event]:
        events: tuple[Event, ...] = (EnrollmentDeclined(enrollment, decline, status),)
        if is_probe(enrollment):
            events = (ProbeHeard(datagram.remote, datagram.local, enrollment, decline),)
        if status is None:
            self._servers.respond(key, datagram, None, now)
            return Output((), events)
        response = response_to(request, datagram, status, self._identifiers.tag())
        self._servers.respond(key, datagram, response, now)
        return Output((response,), events)

    def _refuse(self, request: Request, datagram: Datagram, now: float, error: RequestError) -> Output[Event]:
        """An error status to a unicast request; silence to a multicast one (RFC 2543 10.2.2)."""
        if datagram.multicast:
            return _unheard(datagram, error.reason)
        rows = tuple(f"{name}: {value}" for name, value in error.headers)
        detail = error.reason if error.status in (400, 513) else ""
        events = (RequestRefused(error.reason, error.status, datagram.remote, datagram.local),)
        return self._answer_statelessly(request, datagram, now, error.status, rows, detail, events)

    def _answer_statelessly(
        self,
        request: Request,
        datagram: Datagram,
        now: float,
        status: int,
        rows: tuple[str, ...],
        detail: str = "",
        events: tuple[Event, ...] = (),
    ) -> Output[Event]:
        """RFC 3261 8.2.7: a repeat of the request brings the same octets, tag included."""
        if not self._rates.admits(datagram.remote.host, now):
            return _dropped(datagram, self._too_fast)
        tag = self._identifiers.stateless_tag(datagram.payload)
        response = response_to(request, datagram, status, tag, rows, detail)
        return Output((response,), events)


def _dropped(datagram: Datagram, reason: str) -> Output[Event]:
    return Output((), (DatagramDropped(reason, datagram.remote, datagram.local),))


def _unheard(datagram: Datagram, reason: str) -> Output[Event]:
    return Output((), (RequestRefused(reason, None, datagram.remote, datagram.local),))
