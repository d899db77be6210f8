"""A phone that takes what every server says, where a real one takes what the first one says."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.phone.profile_url import profile_url
from pnp_responder.sip import (
    Identifiers,
    Request,
    Response,
    parse_message,
    render_response,
    response_destination,
)
from pnp_responder.sip.address import NameAddr

SENDINGS = (0.0, 0.5, 1.5)
"""Seconds at which a probe asks: a phone's first three (RFC 3261 17.1.2.2), though one be answered, for
another server may have missed it."""

PACKAGE = "ua-profile"

MAX_SERVERS = 64
"""Servers on one link. A stranger may send answers from any number of addresses."""


MAX_TAGS = 16
"""Tags, and ports, that one server uses. One that keeps no state has a new tag for each answer."""


class Answer(NamedTuple):
    """One server. `delay` is the seconds from the question to its first sign.

    `status` is its final response, `url` what its NOTIFY said, "" for a NOTIFY without one; None
    where it did not come.
    """

    address: SocketAddress
    delay: float
    status: int | None
    url: str | None


class _Server:
    def __init__(self, address: SocketAddress, delay: float) -> None:
        self.address = address
        self.delay = delay
        self.ports: set[int] = set()
        self.tags: set[str | None] = set()
        self.status: int | None = None
        self.url: str | None = None

    @property
    def answer(self) -> Answer:
        return Answer(self.address, self.delay, self.status, self.url)


class Prober:
    """Asks by `subscribe`, from `local` to `group` (`engine.Engine`). What came is in `answers`."""

    def __init__(
        self, subscribe: bytes, local: Local, group: SocketAddress, identifiers: Identifiers, now: float
    ) -> None:
        """Raises ValueError for anything else than a SUBSCRIBE. `now`: when it begins."""
        request = parse_message(subscribe)
        if not isinstance(request, Request) or request.fault is not None:
            raise ValueError("not a request")
        self._datagram = Datagram(subscribe, group, local)
        self._call_id = request.text("call-id")
        self._branch = request.via.branch
        self._tag = identifiers.tag()
        self._began = now
        self._sendings = [now + after for after in SENDINGS]
        self._servers: list[_Server] = []

    @property
    def answers(self) -> tuple[Answer, ...]:
        """One for each server, in the order in which they came.

        A server may send its two answers under different tags and from different ports, so what is
        left over of two from one host goes together.
        """
        found: list[Answer] = []
        for server in self._servers:
            answer = server.answer
            if server.tags == {None} and answer.url is None and any(_says(known, answer) for known in found):
                continue  # its response once more, from a port of its own
            other = next((known for known in found if _fits(known, answer)), None)
            if other is None:
                found.append(answer)
            else:
                url = other.url if answer.url is None else answer.url
                status = answer.status if other.status is None else other.status
                found[found.index(other)] = other._replace(status=status, url=url)
        return tuple(found)

    def receive_datagram(self, datagram: Datagram, now: float) -> Output[Answer]:
        """See `engine.Engine`. No events: what was found may change until the end."""
        try:
            message = parse_message(datagram.payload)
            if isinstance(message, Request):
                return self._output(*self._receive_notify(message, datagram, now))
            self._receive_response(message, datagram.remote, now)
        except (MalformedMessage, RequestError):
            pass  # no server's answer to us, or none that anybody could use
        return self._output()

    def receive_unreachable(self, remote: SocketAddress, now: float) -> Output[Answer]:
        """See `engine.Engine`."""
        return self._output()

    def handle_timeout(self, now: float) -> Output[Answer]:
        """See `engine.Engine`."""
        due = [at for at in self._sendings if at <= now]
        self._sendings = self._sendings[len(due) :]
        return self._output(*([self._datagram] if due else []))

    def _receive_response(self, response: Response, remote: SocketAddress, now: float) -> None:
        if response.via.branch != self._branch or response.cseq_method != "SUBSCRIBE":
            return
        # Some phones write no branch.
        if response.headers.get("call-id") != self._call_id:
            return
        tag = _to_tag(response)
        server = self._server(remote, tag, now)
        # A final response after a provisional one; the first final one counts.
        if server is not None and response.status >= 200 and server.status is None:
            server.status = response.status

    def _receive_notify(self, request: Request, datagram: Datagram, now: float) -> list[Datagram]:
        if request.fault is not None or request.method != "NOTIFY":
            return []
        # A server that knows of no dialogs is a server all the same, and phones take its URL.
        own = request.text("call-id") == self._call_id
        if not own and request.event.package.lower() != PACKAGE:
            return []
        status, url = 200 if own else 481, ""
        try:
            url = profile_url(request)
        except RequestError as error:
            status = error.status
        server = self._server(datagram.remote, request.from_.tag, now)
        if server is not None and not server.url:
            server.url = url
        remote = datagram.remote
        octets = render_response(request, status, remote, self._tag)
        return [Datagram(octets, response_destination(request.via, remote), datagram.local)]

    def _server(self, remote: SocketAddress, tag: str | None, now: float) -> _Server | None:
        """Whose answer it is: tags and ports tell two servers of one host apart."""
        there = [server for server in self._servers if server.address.host == remote.host]
        found = next((s for s in there if tag is not None and tag in s.tags), None)
        found = found or next((s for s in there if remote.port in s.ports), None)
        if found is None:
            if len(self._servers) >= MAX_SERVERS:
                return None
            found = _Server(remote, now - self._began)
            self._servers.append(found)
        if len(found.tags) < MAX_TAGS:
            found.tags.add(tag)
            found.ports.add(remote.port)
        return found

    def _output(self, *datagrams: Datagram) -> Output[Answer]:
        return Output(datagrams, (), self._sendings[0] if self._sendings else None)


def _to_tag(response: Response) -> str | None:
    try:
        return NameAddr.parse(response.headers.get("to", ""), "To").tag
    except RequestError:
        return None


def _says(one: Answer, other: Answer) -> bool:
    return (one.address.host, one.status) == (other.address.host, other.status)


def _fits(one: Answer, other: Answer) -> bool:
    """Are they the response and the NOTIFY of one server?"""
    return (
        one.address.host == other.address.host
        and (one.status is None) != (other.status is None)
        and (one.url is None) != (other.url is None)
        and (one.status is None) != (one.url is None)
    )
