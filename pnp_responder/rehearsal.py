"""What the responder would say to one SUBSCRIBE, by running the very engine that serves.

For `explain`: nothing is sent, and what nobody knows (where the message came from, where it
arrived) is kept unknown to the rules while stand-ins take its place in the octets.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from pnp_responder.admission import Admission
from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.enrollment import Decide, Decision, Enrollment
from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.events import (
    DatagramDropped,
    EnrollmentDeclined,
    EnrollmentDeferred,
    EnrollmentOffered,
    ProbeHeard,
    RequestRefused,
)
from pnp_responder.responder import Responder
from pnp_responder.sip import Identifiers
from pnp_responder.sip.address import DEFAULT_PORT, SipUri
from pnp_responder.sip.message import Request
from pnp_responder.sip.parser import parse_message

STAND_IN_LOCAL = Local("?", SocketAddress("192.0.2.1", DEFAULT_PORT))
"""Our end where it is not known: an address for documentation (RFC 5737)."""

STAND_IN_REMOTE = SocketAddress("192.0.2.2", DEFAULT_PORT)
"""The device's end where neither the caller nor the message tells it."""

_ANYBODY = Admission({}, allow=[IPv4Network("0.0.0.0/0")])


class Rehearsal(NamedTuple):
    """Either `enrollment` and `decision`, or `refusal`: why it is no enrollment.

    `datagrams` are the exact 200 and NOTIFY (or the one response of a `reject`), tag and branch
    being examples.
    """

    enrollment: Enrollment | None
    decision: Decision | None
    refusal: str | None
    datagrams: tuple[Datagram, ...]


def rehearse(
    payload: bytes,
    decide: Decide,
    *,
    identifiers: Identifiers,
    remote: SocketAddress | None = None,
    local: Local | None = None,
    multicast: bool = True,
) -> Rehearsal:
    """Answer `payload` as if a phone had just sent it, to the group or to us alone.

    Raises nothing for its octets.
    """

    def known(enrollment: Enrollment) -> Enrollment:
        return enrollment._replace(remote=remote, local=local)

    responder = Responder(lambda e: decide(known(e)), identifiers=identifiers, admission=_ANYBODY)
    source = remote or _claimed_source(payload) or STAND_IN_REMOTE
    datagram = Datagram(payload, source, local or STAND_IN_LOCAL, multicast=multicast)
    output = responder.receive_datagram(datagram, 0.0)
    (event,) = output.events
    if isinstance(event, EnrollmentOffered):
        return Rehearsal(known(event.enrollment), event.offer, None, output.datagrams)
    if isinstance(event, EnrollmentDeclined):
        return Rehearsal(known(event.enrollment), event.decline, None, output.datagrams)
    if isinstance(event, EnrollmentDeferred):
        return Rehearsal(known(event.enrollment), event.defer, None, output.datagrams)
    if isinstance(event, ProbeHeard) and event.enrollment is not None:
        return Rehearsal(known(event.enrollment), event.decision, None, output.datagrams)
    assert isinstance(event, DatagramDropped | RequestRefused)  # the other events follow a NOTIFY
    return Rehearsal(None, None, event.reason, output.datagrams)


def _claimed_source(payload: bytes) -> SocketAddress | None:
    """The address that the message names as its sender's: its Contact's, else its Via's."""
    try:
        message = parse_message(payload)
        if not isinstance(message, Request):
            return None
        contact = None if message.contact is None else SipUri.parse(message.contact.uri)
    except (MalformedMessage, RequestError, ValueError):
        return None
    places = [(message.via.host, message.via.port)]
    if contact is not None:
        places.insert(0, (contact.host, contact.port))
    for host, port in places:
        try:
            source = SocketAddress(str(IPv4Address(host)), port or DEFAULT_PORT)
        except ValueError:
            continue
        if _ANYBODY.refusal(source, STAND_IN_LOCAL) is None:
            return source
    return None
