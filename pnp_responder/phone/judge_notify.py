"""What is wrong with the NOTIFY?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pnp_responder.errors import RequestError
from pnp_responder.phone.checklist import Fault
from pnp_responder.phone.judge_form import form_faults
from pnp_responder.phone.judge_response import contact_fault
from pnp_responder.phone.profile_url import ACCEPTED, media_type
from pnp_responder.phone.transcript import Exchange, Said, header
from pnp_responder.sip import Request
from pnp_responder.sip.address import NameAddr

LONGEST = 1_300
"""Octets of a request that may go by UDP."""

_NOT_IN_A_NOTIFY = ("expires", "in-reply-to", "reply-to", "subject")
_STATE = re.compile(r"terminated[ \t]*;[ \t]*reason=timeout", re.IGNORECASE)
_HIGHEST_CSEQ = 2**31 - 1
_HIGHEST_MAX_FORWARDS = 255
_BRANCH = "z9hG4bK"


def notify_faults(exchange: Exchange, said: Said) -> Iterator[Fault]:
    """`said` is the first NOTIFY of the server."""
    notify, subscribe = said.message, exchange.subscribe
    assert isinstance(notify, Request)
    octets = said.datagram.payload
    yield from form_faults("NOTIFY", octets, notify)
    if notify.fault is not None and "Content-Length" not in notify.fault.reason:
        yield Fault("M14", f"NOTIFY: {notify.fault.reason}", "a request that can be read")
    if len(octets) > LONGEST:
        yield Fault("T13", f"NOTIFY of {len(octets)} octets", f"{LONGEST} at most by UDP")
    contact = subscribe.contact
    if contact is not None and notify.uri != contact.uri:
        yield Fault("N1", f"NOTIFY {notify.uri}", f"the phone's Contact: {contact.uri}")
    yield from _dialog_faults(exchange, notify)
    yield from _via_faults(said, notify, subscribe)
    hops = header(notify, "max-forwards")
    if notify.headers.get("max-forwards") is None:
        yield Fault("N7", "NOTIFY without Max-Forwards", "Max-Forwards: 70")
    elif not _is_number(hops, _HIGHEST_MAX_FORWARDS):
        yield Fault("N7", f"NOTIFY with Max-Forwards: {hops}", "Max-Forwards: 70")
    if notify.headers.get("route") is not None and subscribe.headers.get("record-route") is None:
        yield Fault("N5", "NOTIFY with Route", "none, for the SUBSCRIBE had no Record-Route")
    fault = contact_fault(header(notify, "contact"), subscribe)
    if fault:
        yield Fault("N8", f"NOTIFY {fault}", "one Contact with a SIP URI of the server")
    yield from _event_faults(notify, subscribe)
    for row in _NOT_IN_A_NOTIFY:
        if notify.headers.get(row) is not None:
            yield Fault("N14", f"NOTIFY with {row.title()}", "none")
    yield from _body_faults(notify, subscribe)


def _dialog_faults(exchange: Exchange, notify: Request) -> Iterator[Fault]:
    subscribe = exchange.subscribe
    if header(notify, "call-id") != header(subscribe, "call-id"):
        yield Fault("N4", f"NOTIFY with Call-ID: {header(notify, 'call-id')}", header(subscribe, "call-id"))
    number = header(notify, "cseq").split(" ")[0]
    if not _is_number(number, _HIGHEST_CSEQ):
        yield Fault("N4", f"NOTIFY with CSeq: {number}", f"a number up to {_HIGHEST_CSEQ}")
    own = subscribe.from_.tag
    granted = _granted_tag(exchange)
    for row, uri, tag, item in (
        ("from", subscribe.to.uri, granted, "N2"),
        ("to", subscribe.from_.uri, own, "N3"),
    ):
        label = row.title()
        text = header(notify, row)
        try:
            found = notify.from_ if row == "from" else notify.to
        except RequestError:
            yield Fault(item, f"NOTIFY with {label}: {text}" if text else f"NOTIFY without {label}", uri)
            continue
        wanted = f"<{uri}>" + (f";tag={tag}" if tag else "")
        if found.uri != uri or (found.tag != tag and (row == "to" or tag)):
            yield Fault(item, f"NOTIFY with {label}: {text}", _why(row, tag, wanted))
        elif row == "from" and found.tag is None:
            yield Fault(item, "NOTIFY without a tag in From", "the tag of the 200")
        elif row == "from" and found.tag == own:
            yield Fault(item, f"NOTIFY with the phone's own tag in From: {text}", "the tag of the 200")


def _why(row: str, tag: str | None, wanted: str) -> str:
    if row == "from":
        return f"{wanted} (the SUBSCRIBE's To, with the tag of the 200)"
    return f"{wanted} (the SUBSCRIBE's From{', with its tag' if tag else ', which has no tag'})"


def _granted_tag(exchange: Exchange) -> str | None:
    """The tag in the To of the response, if it can be read."""
    if exchange.response is None:
        return None
    try:
        return NameAddr.parse(header(exchange.response.message, "to"), "To").tag
    except RequestError:
        return None


def _via_faults(said: Said, notify: Request, subscribe: Request) -> Iterator[Fault]:
    via, source = notify.via, said.datagram.remote
    if via.branch and via.branch == subscribe.via.branch:
        yield Fault("N6", f"NOTIFY with the phone's own Via: {via.text}", "a Via of the server, a new branch")
    elif (via.host, via.port) == (subscribe.via.host, subscribe.via.port) and via.host != source.host:
        yield Fault("N6", f"NOTIFY with the phone's address in Via: {via.text}", f"{source}")
    elif not (via.branch.startswith(_BRANCH) and len(via.branch) > len(_BRANCH)):
        yield Fault("N6", f"NOTIFY with Via: {via.text}", f"a branch that begins with {_BRANCH}")
    elif _transport(via.text) != said.datagram.local.transport:
        saw = f"NOTIFY by {said.datagram.local.transport} with Via: {via.text}"
        yield Fault("T14", saw, f"SIP/2.0/{said.datagram.local.transport}")
    elif (via.host, via.port or 5060) != source and not via.wants_rport:
        yield Fault("T14", f"NOTIFY from {source} with {via.host}:{via.port or 5060} in Via", f"{source}")


def _event_faults(notify: Request, subscribe: Request) -> Iterator[Fault]:
    event = header(notify, "event")
    package = event.partition(";")[0].strip()
    if package.lower() != subscribe.event.package.lower():
        yield Fault("N9", f"NOTIFY with Event: {event}" if event else "NOTIFY without Event", "ua-profile")
    state = header(notify, "subscription-state")
    granted_none = header(subscribe, "expires") == "0"
    if not state:
        yield Fault("N10", "NOTIFY without Subscription-State", "terminated;reason=timeout")
    elif granted_none and _STATE.fullmatch(state) is None:
        yield Fault("N10", f"Subscription-State: {state}", "terminated;reason=timeout, for Expires was 0")


def _body_faults(notify: Request, subscribe: Request) -> Iterator[Fault]:
    kind = header(notify, "content-type")
    if kind and media_type(notify) != ACCEPTED:
        yield Fault("N11", f"Content-Type: {kind}", header(subscribe, "accept") or ACCEPTED)
    if not notify.body:
        yield Fault("N13", "NOTIFY without a body", "the URL")
        return
    if not kind:
        yield Fault("N13", "NOTIFY without Content-Type", f"Content-Type: {ACCEPTED}")
    try:
        notify.body.decode()
    except UnicodeDecodeError:
        yield Fault("U1", f"a URL that is not UTF-8: {notify.body[:60]!r}", "a URL in ASCII")
    if notify.body != notify.body.strip():
        yield Fault(
            "U5", f"the URL followed by {notify.body[len(notify.body.rstrip()) :]!r}", "the URL alone"
        )


def _transport(via: str) -> str:
    """Of a Via that could be read: the third word between its slashes."""
    words = via.split("/", maxsplit=2)[-1].split()
    return words[0].upper() if words else ""


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= most
