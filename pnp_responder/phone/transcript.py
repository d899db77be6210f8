"""What one phone said and heard, in order: the evidence that `judge` works on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.errors import MalformedMessage
from pnp_responder.sip import Request, Response, parse_message
from pnp_responder.sip.headers import octets_of


class Step(NamedTuple):
    """One datagram at `at` seconds. `heard` is False for one that the phone was made to miss, and for one
    that went to a port (`datagram.local`) where such a phone does not listen.

    `unreachable`: no datagram came, but the network's word that `datagram.remote` cannot be reached.
    """

    at: float
    sent: bool
    datagram: Datagram
    heard: bool = True
    unreachable: bool = False


class Said(NamedTuple):
    """A message of the server."""

    at: float
    datagram: Datagram
    message: Request | Response


class Exchange(NamedTuple):
    """The transcript of one phone, read.

    `unreadable` are (datagram, reason) of the octets that are no SIP; `others` are the servers that sent
    responses or NOTIFYs beside `server`, which is the one that the phone took; `offers` are all different
    URLs of NOTIFYs, each with who sent it first. `astray` are datagrams to a port where such a phone does
    not listen; `unreachable` is where the network could not deliver what the phone answered.
    """

    subscribe: Request
    asked: Datagram
    asked_at: tuple[float, ...]
    server: SocketAddress | None
    responses: tuple[Said, ...]
    notifies: tuple[Said, ...]
    unreadable: tuple[tuple[Datagram, str], ...]
    others: tuple[SocketAddress, ...]
    offers: tuple[tuple[SocketAddress, str], ...]
    astray: tuple[Datagram, ...]
    unreachable: tuple[SocketAddress, ...]

    @property
    def response(self) -> Said | None:
        """The first final response."""
        return next((said for said in self.responses if _status(said) >= 200), None)

    @property
    def notify(self) -> Said | None:
        """The first NOTIFY."""
        return self.notifies[0] if self.notifies else None


def read_transcript(steps: Sequence[Step]) -> Exchange:
    """Raises ValueError if it does not begin with a SUBSCRIBE of the phone."""
    if not steps or not steps[0].sent:
        raise ValueError("a transcript begins with what the phone asks")
    asked = steps[0].datagram
    subscribe = parse_message(asked.payload)
    if not isinstance(subscribe, Request):
        raise ValueError("a transcript begins with a SUBSCRIBE")
    said: list[Said] = []
    unreadable: list[tuple[Datagram, str]] = []
    for step in steps:
        if step.sent or step.unreachable or _is_astray(step, asked) or is_keep_alive(step):
            continue
        try:
            message = parse_message(step.datagram.payload)
        except MalformedMessage as error:
            unreadable.append((step.datagram, str(error)))
            continue
        if isinstance(message, Request):
            if message.method == "NOTIFY":
                said.append(Said(step.at, step.datagram, message))
        elif message.cseq_method == subscribe.method:
            said.append(Said(step.at, step.datagram, message))
    server = _server(said, subscribe)
    of_server = [one for one in said if server is not None and one.datagram.remote.host == server.host]
    return Exchange(
        subscribe,
        asked,
        tuple(s.at for s in steps if s.sent and s.datagram.payload == asked.payload),
        server,
        tuple(one for one in of_server if isinstance(one.message, Response)),
        tuple(one for one in of_server if isinstance(one.message, Request)),
        tuple(unreadable),
        tuple(dict.fromkeys(one.datagram.remote for one in said if one not in of_server)),
        tuple((remote, url) for url, remote in _first_offers(said).items()),
        tuple(s.datagram for s in steps if _is_astray(s, asked) and _is_of(s.datagram.payload, subscribe)),
        _undelivered(steps),
    )


def is_keep_alive(step: Step) -> bool:
    """Line ends alone, which no phone takes for a message. Servers send them to learn whose an address is."""
    return not step.datagram.payload.strip(b"\r\n")


def _is_astray(step: Step, asked: Datagram) -> bool:
    return not (step.sent or step.unreachable) and step.datagram.local != asked.local


def _is_of(payload: bytes, subscribe: Request) -> bool:
    """Not what others send to that port for reasons of their own."""
    return b"ua-profile" in payload or octets_of(subscribe.headers.get("call-id", "ua-profile")) in payload


def _undelivered(steps: Sequence[Step]) -> tuple[SocketAddress, ...]:
    """Where the phone's own responses could not be delivered."""
    dead = {step.datagram.remote for step in steps if step.unreachable}
    answered = (s.datagram.remote for s in steps if s.sent and s.datagram.payload.startswith(b"SIP/2.0 "))
    return tuple(dict.fromkeys(remote for remote in answered if remote in dead))


def _first_offers(said: list[Said]) -> dict[str, SocketAddress]:
    found: dict[str, SocketAddress] = {}
    for one in said:
        if isinstance(one.message, Request) and one.message.body.strip():
            url = one.message.body.strip(b" \t\r\n\0").decode("utf-8", "backslashreplace")
            found.setdefault(url, one.datagram.remote)
    return found


def _server(said: list[Said], subscribe: Request) -> SocketAddress | None:
    """The one whose NOTIFY came first; else the one that responded first."""
    call_id = subscribe.headers.get("call-id")
    notifies = [one for one in said if isinstance(one.message, Request)]
    own = [one for one in notifies if one.message.headers.get("call-id") == call_id]
    first = next(iter(own or notifies or said), None)
    return None if first is None else first.datagram.remote


def _status(said: Said) -> int:
    return said.message.status if isinstance(said.message, Response) else 0


def header(message: Request | Response, name: str) -> str:
    """The first value of that header, as it came; "" if there is none."""
    return octets_of(message.headers.get(name, "")).decode("utf-8", "backslashreplace")
