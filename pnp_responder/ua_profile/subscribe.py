"""Is this SUBSCRIBE a device asking for its profile, and which device is it? (RFC 6080 6)"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pnp_responder.datagram import Datagram, new
from pnp_responder.enrollment import Device, Enrollment
from pnp_responder.errors import NotAnEnrollment
from pnp_responder.mac import Mac
from pnp_responder.sip.event import Event
from pnp_responder.sip.grammar import parse_parameters
from pnp_responder.sip.headers import octets_of
from pnp_responder.sip.message import Request, loose_text
from pnp_responder.ua_profile.quirks import MAC_PLACES, PARAMETER_ALIASES

EVENT_PACKAGE = "ua-profile"
BODY_TYPE = "application/url"

MOST_AGENT = 512
"""Characters of a User-Agent that are looked at; phones write 20 to 80. They are held for some time."""

_ACCEPTABLE = {BODY_TYPE, "application/*", "*/*"}
OTHERS_PROFILES = {"user", "local-network"}
_ZERO = re.compile(r"0(?:\.0{0,3})?")
# HTAB may stand in a quoted string (RFC 3261 25.1), so it is part of what the device says.
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def read_enrollment(request: Request, datagram: Datagram) -> Enrollment:
    """What the device that sent this SUBSCRIBE says of itself.

    Vendor, model and version come from the Event header alone (User-Agent often disagrees). Raises
    NotAnEnrollment with the status that a unicast sender is told, or RequestError for a header
    that is needed and cannot be read.
    """
    event = request.event
    if event.package.lower() != EVENT_PACKAGE:
        raise NotAnEnrollment(489, "not the ua-profile event package", (("Allow-Events", EVENT_PACKAGE),))
    _check_accept(request)
    claims = _claims(request.headers["event"])
    if claims.profile_type.lower() in OTHERS_PROFILES:
        raise NotAnEnrollment(404, "a profile-type that is not a device's")
    agent = request.headers.get("user-agent", "")
    if not agent.isprintable():
        agent = _clean(octets_of(agent).decode(errors="replace"))
    device = new(Device, (read_mac(request), *claims[:3]))
    return new(Enrollment, (device, claims.profile_type, agent[:MOST_AGENT], datagram.remote, datagram.local))


class _Claims(NamedTuple):
    """What a device says of itself in the Event header."""

    vendor: str
    model: str
    version: str
    profile_type: str


# All phones of one model and version send one value; as many as `Event.parse` keeps.
@lru_cache(maxsize=128)
def _claims(event: str) -> _Claims:
    parameters = Event.parse(event).parameters
    values = {parameter.name.lower(): _clean(parameter.value or "") for parameter in parameters}
    for alias in PARAMETER_ALIASES:
        if alias.written in values and not values.get(alias.meant):
            values[alias.meant] = values[alias.written]
    return _Claims(*(values.get(name, "") for name in ("vendor", "model", "version", "profile-type")))


def _clean(text: str) -> str:
    return text if text.isprintable() else _CONTROLS.sub("\ufffd", text)


def read_mac(request: Request) -> Mac | None:
    """The MAC from the first place that holds one; None is a legal answer."""
    for place in MAC_PLACES:
        mac = place.read(request)
        if mac is not None:
            return mac
    return None


def _check_accept(request: Request) -> None:
    """A missing Accept is taken for consent; one that names other types only is not (RFC 6665 3.2.1)."""
    if request.headers.get("accept") == BODY_TYPE and not request.headers.repeated("accept"):
        return
    elements = request.elements("accept", loose_text)
    if elements is None:
        return
    for element in elements:
        media_type, _, parameters = element.partition(";")
        if "".join(media_type.split()).lower() in _ACCEPTABLE and not (
            parameters
            and any(
                p.name.lower() == "q" and _ZERO.fullmatch(p.value or "") for p in parse_parameters(parameters)
            )
        ):
            return
    raise NotAnEnrollment(406, "Accept does not take application/url", (("Accept", BODY_TYPE),))
