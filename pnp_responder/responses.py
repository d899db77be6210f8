"""Responses as datagrams: what a request brings back, and what its repeat does."""

from __future__ import annotations

from pnp_responder.datagram import Datagram
from pnp_responder.sip import Request, render_response, response_destination
from pnp_responder.sip.server_transactions import Answer
from pnp_responder.ua_profile import ok_response


def response_to(
    request: Request,
    datagram: Datagram,
    status: int,
    tag: str,
    rows: tuple[str, ...] = (),
    detail: str = "",
) -> Datagram:
    """The response `status` to `request`, which came as `datagram` (`render_response`)."""
    remote, local = datagram.remote, datagram.local
    octets = render_response(request, status, remote, tag, rows, detail)
    return Datagram(octets, response_destination(request.via, remote, local.transport), local)


def once_more(answer: Answer, request: Request, datagram: Datagram) -> Datagram:
    """What is stored for a repeat of `request`: a response; or the tag of a 200, which is made anew of it."""
    if isinstance(answer, Datagram):
        return answer
    tag, local = answer
    remote = datagram.remote
    octets = ok_response(request, remote, local, tag)
    return Datagram(octets, response_destination(request.via, remote, local.transport), local)
