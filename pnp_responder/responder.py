"""The engine: the transaction user (RFC 3261 5) that answers enrollments.

(datagram, now) in; datagrams, events and the next deadline out. What a stranger sends becomes an
event, never an exception.
"""

from __future__ import annotations

from pnp_responder.admission import Admission
from pnp_responder.datagram import TCP, UDP, Datagram, Local, SocketAddress, new
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
from pnp_responder.limits import AMPLIFICATION, DEFAULT_LIMITS, Limits, SourceRates, sendings_within
from pnp_responder.outcomes import Asked, outcome, too_long
from pnp_responder.responses import once_more, response_to
from pnp_responder.sip import (
    ClientTransactions,
    Identifiers,
    Request,
    Response,
    ServerKey,
    ServerTransactions,
    parse_message,
    response_destination,
    uas,
)
from pnp_responder.sip.effects import Answered, ClientEffect, Send
from pnp_responder.sip.transaction import NEVER
from pnp_responder.ua_profile import (
    BODY_TYPE,
    MAX_NOTIFY,
    OPTIONS_ROWS,
    SERVED,
    is_probe,
    looks_like_a_probe,
    notify_destination,
    notify_request,
    ok_response,
    read_enrollment,
)


class Responder:
    """Answers SUBSCRIBEs for ua-profile with a 200 and a NOTIFY, as `decide` says (`engine.Engine`)."""

    def __init__(
        self,
        decide: Decide,
        *,
        identifiers: Identifiers,
        admission: Admission,
        limits: Limits = DEFAULT_LIMITS,
        notify_attempts: int = 7,
    ) -> None:
        self._decide = decide
        self._identifiers = identifiers
        self._admission = admission
        self._servers = ServerTransactions(limits.transactions)
        self._clients = ClientTransactions(limits.transactions, notify_attempts)
        self._rates = SourceRates(limits.rate, limits.burst)
        self._too_fast = (
            f"more than {limits.rate} new requests a second from one source; service.limits sets it"
        )
        self._express = Express(
            self._servers, self._clients, self._rates, identifiers, self._too_fast, self._carry_out
        )

    def replace_rules(self, decide: Decide) -> None:
        """Decide by these rules from the next datagram on."""
        self._decide = decide

    def refusal(self, remote: SocketAddress, local: Local) -> str | None:
        """None if `remote` may ask where `local` listens, else why not: before a connection is taken."""
        return self._admission.refusal(remote, local)

    def replace_admission(self, admission: Admission) -> None:
        """Admit these sources from the next datagram on (an interface has got another address)."""
        self._admission = admission

    def receive_datagram(self, datagram: Datagram, now: float) -> Output[Event]:
        """See `engine.Engine`."""
        if not self._admission.welcomes(datagram[1], datagram[2]):
            if self._admission.is_ours(datagram.remote) and looks_like_a_probe(datagram.payload):
                return self._output((), (ProbeHeard(datagram.remote, datagram.local, None, None),))
            if (refusal := self._admission.refusal(datagram.remote, datagram.local)) is not None:
                return self._dropped(datagram, refusal)
        if (output := self._express.answer(datagram, self._decide, now)) is not None:
            return output
        try:
            message = parse_message(datagram.payload)
        except MalformedMessage as error:
            return self._dropped(datagram, str(error))
        if isinstance(message, Response):
            return self._receive_response(message, datagram, now)
        try:
            return self._receive_request(message, datagram, now)
        except RequestError as error:
            return self._refuse(message, datagram, now, error)

    def receive_unreachable(self, remote: SocketAddress, now: float) -> Output[Event]:
        """See `engine.Engine`."""
        return self._carry_out(self._clients.receive_unreachable(remote, now))

    def receive_closed(self, remote: SocketAddress, now: float) -> Output[Event]:
        """The TCP connection from `remote` is gone, and with it the way to the phone (RFC 3261 18.4)."""
        return self._carry_out(self._clients.receive_unreachable(remote, now, TCP))

    def handle_timeout(self, now: float) -> Output[Event]:
        """See `engine.Engine`."""
        self._servers.handle_timeout(now)
        return self._carry_out(self._clients.handle_timeout(now))

    def _receive_response(self, response: Response, datagram: Datagram, now: float) -> Output[Event]:
        # RFC 3261 17.1.3: whatever the socket; some stacks answer to where they had asked, the group.
        if (effects := self._clients.receive_response(response, now)) is None:
            return self._dropped(datagram, "a response to nothing that we asked")
        if datagram.local.transport == UDP:
            self._express.learn_answer(datagram.payload, effects, now)
        return self._carry_out(effects)

    def _receive_request(self, request: Request, datagram: Datagram, now: float) -> Output[Event]:
        """The order of the checks is that of RFC 3261 8.2."""
        if request.method == "ACK":
            return self._dropped(datagram, "an ACK, which is never answered")
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
            return self._output(responses, (RequestRepeated(datagram.remote, datagram.local),))
        uas.check_method(request, SERVED)
        uas.check_request_uri(request)
        if request.method == "SUBSCRIBE" and request.to.tag is None and self._servers.is_merged(key.request):
            raise RequestError(482, "the same request on another path")
        uas.check_dialog(request)
        uas.check_extensions(request)
        if request.method == "OPTIONS":
            return self._receive_options(request, datagram, now)
        return self._receive_subscribe(request, key, datagram, now)

    def _receive_cancel(
        self, request: Request, key: ServerKey, datagram: Datagram, now: float
    ) -> Output[Event]:
        # RFC 3261 9.2: it changes nothing for a request that has had its final response.
        if not self._servers.knows(key):
            raise RequestError(481, "a CANCEL for nothing that we hold")
        if datagram.multicast:
            return self._unheard(datagram, "a multicast CANCEL")
        return self._answer_statelessly(request, datagram, now, 200, ())

    def _receive_options(self, request: Request, datagram: Datagram, now: float) -> Output[Event]:
        uas.check_content(request, BODY_TYPE)
        if datagram.multicast:
            return self._unheard(datagram, "a multicast OPTIONS")
        return self._answer_statelessly(request, datagram, now, 200, OPTIONS_ROWS)

    def _receive_subscribe(
        self, request: Request, key: ServerKey, datagram: Datagram, now: float
    ) -> Output[Event]:
        enrollment = read_enrollment(request, datagram)
        _ = request.contact_uri  # raises 400 now, not when a 200 is on its way
        host = datagram.remote.host
        if not self._express.has_admitted(key.request) and not self._rates.admits(host, now, key.request):
            return self._dropped(datagram, self._too_fast)
        decision = self._decide(enrollment)
        if isinstance(decision, Offer):
            return self._offer(request, key, datagram, enrollment, decision, now)
        if isinstance(decision, Defer):
            return self._output(*deferred(datagram, enrollment, decision))
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
        self._servers.respond(key, datagram, tag, now)
        asked: Asked | None = Asked(enrollment, offer.rule, offer.shown, key.request)
        event: Event = EnrollmentOffered(enrollment, offer)
        if is_probe(enrollment):
            asked, event = None, ProbeHeard(remote, local, enrollment, offer)
        else:
            self._express.learn(datagram, request, enrollment, now)
        others = self._clients.request(branch, "NOTIFY", last, now, asked, attempts)
        return self._carry_out(others, (ok, last), (event,))

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
            return self._output((), events)
        response = response_to(request, datagram, status, self._identifiers.tag())
        self._servers.respond(key, datagram, response, now)
        return self._output((response,), events)

    def _refuse(self, request: Request, datagram: Datagram, now: float, error: RequestError) -> Output[Event]:
        """An error status to a unicast request; silence to a multicast one (RFC 2543 10.2.2)."""
        if datagram.multicast:
            return self._unheard(datagram, error.reason)
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
            return self._dropped(datagram, self._too_fast)
        tag = self._identifiers.stateless_tag(datagram.payload)
        response = response_to(request, datagram, status, tag, rows, detail)
        return self._output((response,), events)

    def _dropped(self, datagram: Datagram, reason: str) -> Output[Event]:
        return self._output((), (DatagramDropped(reason, datagram.remote, datagram.local),))

    def _unheard(self, datagram: Datagram, reason: str) -> Output[Event]:
        return self._output((), (RequestRefused(reason, None, datagram.remote, datagram.local),))

    def _carry_out(
        self,
        effects: tuple[ClientEffect, ...],
        datagrams: tuple[Datagram, ...] = (),
        events: tuple[Event, ...] = (),
    ) -> Output[Event]:
        for effect in effects:
            asked = effect.about
            if isinstance(effect, Send):
                again = (
                    asked.once_more(effect.request) if isinstance(asked, Asked) else effect.request.datagram
                )
                datagrams += (again,)
            elif isinstance(asked, Asked):  # and no probe
                if isinstance(effect, Answered):
                    self._servers.prove(asked.request)
                events += (outcome(effect, asked),)
        return self._output(datagrams, events)

    def _output(self, datagrams: tuple[Datagram, ...], events: tuple[Event, ...]) -> Output[Event]:
        deadline, other = self._servers.deadline, self._clients.deadline
        if other < deadline:
            deadline = other
        return new(Output, (datagrams, events, None if deadline == NEVER else deadline))
