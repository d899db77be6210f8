"""What we say to a device that gets an offer: the 200 and the NOTIFY."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from pnp_responder.datagram import UDP, Local, SocketAddress
from pnp_responder.errors import RequestError
from pnp_responder.sip.address import DEFAULT_PORT, NameAddr
from pnp_responder.sip.message import Request
from pnp_responder.sip.response import render_response
from pnp_responder.ua_profile.subscribe import BODY_TYPE

MAX_NOTIFY = 1_300
"""Octets; a longer request may not go by UDP (RFC 3261 18.1.1)."""

MAX_ROUTES = 8
"""Record-Route values that are followed into the NOTIFY. On a LAN there are none."""


class OurEnd(NamedTuple):
    """What Via (without its parameters) and Contact say of us."""

    via: str
    contact: str


# As many as a host has addresses; it is asked for one of them each time.
@lru_cache(maxsize=256)
def our_end(local: Local) -> OurEnd:
    """Of `local`."""
    transport = "" if local.transport == UDP else ";transport=tcp"
    return OurEnd(f"SIP/2.0/{local.transport} {local.address}", f"<sip:{local.address}{transport}>")


def ok_response(request: Request, remote: SocketAddress, local: Local, to_tag: str) -> bytes:
    """The 200 to a SUBSCRIBE (RFC 6665 4.2.1.1).

    `Expires: 0` whatever was asked: the subscription is over with its first NOTIFY. No Event and
    no Subscription-State (RFC 6665 8.2.1, 8.2.3). Record-Route goes back as it came (RFC 3261
    12.1.1).
    """
    headers = [f"Record-Route: {route}" for route in _routes(request)]
    headers += [f"Contact: {our_end(local).contact}", "Expires: 0"]
    return render_response(request, 200, remote, to_tag, headers)


def notify_request(
    request: Request, remote: SocketAddress, local: Local, to_tag: str, branch: str, url: str
) -> bytes:
    """The one NOTIFY that follows the 200 at once (RFC 6665 4.2.1.2), in a dialog of its own.

    `to_tag` is the tag of the 200, `branch` a new one. Event has the request's package and
    parameters, made anew; the body is `url` without a line end. Raises ValueError for a `url` that
    is not visible ASCII.
    """
    target, routes = _target(request, remote), _routes(request)
    if routes:
        target, routes = _follow(target, routes)
    from_, to = f"<{request.to.uri}>;tag={to_tag}", f"<{request.from_.uri}>"
    # RFC 3261 12.2.1.1: a null tag is left out.
    if request.from_.tag:
        to = f"{to};tag={request.from_.tag}"
    if not can_be_sent(url):
        raise ValueError("a profile URL is visible ASCII")
    via, ours = our_end(local)
    route = "".join([f"Route: {route}\r\n" for route in routes]) if routes else ""
    return (
        f"NOTIFY {target} SIP/2.0\r\n"
        f"Via: {via};branch={branch};rport\r\n"
        "Max-Forwards: 70\r\n"
        f"From: {from_}\r\n"
        f"To: {to}\r\n"
        f"Call-ID: {request.headers['call-id']}\r\n"
        "CSeq: 1 NOTIFY\r\n"
        f"{route}"
        f"Contact: {ours}\r\n"
        f"Event: {request.event.strict}\r\n"
        "Subscription-State: terminated;reason=timeout\r\n"
        f"Content-Type: {BODY_TYPE}\r\n"
        f"Content-Length: {len(url)}\r\n\r\n{url}"
    ).encode()


def can_be_sent(url: str) -> bool:
    """Is it visible ASCII?"""
    return url.isascii() and url.isprintable() and " " not in url


def notify_destination(request: Request, remote: SocketAddress, transport: str = UDP) -> SocketAddress:
    """Where the NOTIFY goes: to the Contact's port if its host is the source, else to the source.

    By TCP always to the source: the connection is there, and we open none. Never to another host: a
    Contact, a Route or a maddr is a stranger's word (RFC 3261 12.2.1.1 would have us believe it).
    """
    contact = request.contact_uri
    if contact is None or transport != UDP:
        return remote
    port = DEFAULT_PORT if contact.port is None else contact.port
    if contact.host != remote.host or port == 0 or port == remote.port:
        return remote
    return SocketAddress(remote.host, port)


def _target(request: Request, remote: SocketAddress) -> str:
    contact = request.contact_uri
    if contact is None:
        return f"sip:{remote}"
    # RFC 3261 19.1.1: a Request-URI has no header part.
    uri = contact.text
    if "?" not in uri:
        return uri
    user, at, rest = uri.rpartition("@")
    return user + at + rest.partition("?")[0]


def _routes(request: Request) -> list[str]:
    if request.headers.get("record-route") is None:
        return []
    routes = request.elements("record-route") or []
    if len(routes) > MAX_ROUTES:
        raise RequestError(513, f"more than {MAX_ROUTES} Record-Route values")
    for route in routes:
        if not NameAddr.parse(route, "Record-Route").bracketed:
            raise RequestError(400, "Record-Route without <>")
    return routes


def _follow(target: str, routes: list[str]) -> tuple[str, list[str]]:
    """Request-URI and Route rows for a route set (RFC 3261 12.2.1.1)."""
    first = NameAddr.parse(routes[0], "Record-Route").uri
    names = {parameter.partition("=")[0].lower() for parameter in first.split(";")[1:]}
    if "lr" in names:
        return target, routes
    return first, [*routes[1:], f"<{target}>"]
