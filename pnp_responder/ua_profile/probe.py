"""The SUBSCRIBE of a probe: who plays a phone to see which servers answer, and how we know it for one.

Its MAC is locally administered and begins as no phone's does. That is all we know it by; the rest is
what phones send, lest it find other servers than phones find. The User-Agent says it to whoever reads
along.
"""

from __future__ import annotations

import re

from pnp_responder.datagram import SocketAddress
from pnp_responder.enrollment import Device, Enrollment
from pnp_responder.mac import Mac
from pnp_responder.sip import Identifiers
from pnp_responder.sip.grammar import quote
from pnp_responder.ua_profile.subscribe import BODY_TYPE, EVENT_PACKAGE

PROBE_AGENT = "pnp-responder-probe/1"

PROBE_PREFIX, PROBES_END = "02504e50", "02504e51"
"""How a probe's MAC begins, 02:50:4E:50: locally administered (bit 1 of the first octet), then `PNP`. None is
above the other text."""

_PREFIX = re.compile(rb"02[:.-]?50[:.-]?4e[:.-]?50", re.IGNORECASE)


def probe_mac(tail: bytes) -> Mac:
    """The MAC of a probe; `tail` are two octets of randomness, so that two probes are two phones."""
    return Mac.parse(PROBE_PREFIX + tail[:2].hex())


def looks_like_a_probe(payload: bytes) -> bool:
    """May `payload` come from a probe? For datagrams of our own host, which no phone sends."""
    return _PREFIX.search(payload) is not None


def is_probe(enrollment: Enrollment) -> bool:
    """Does a probe ask?"""
    mac = enrollment.device.mac
    return mac is not None and mac.startswith(PROBE_PREFIX)


def probe_subscribe(
    device: Device, local: SocketAddress, group: SocketAddress, identifiers: Identifiers
) -> bytes:
    """A SUBSCRIBE from `local` to `group` by `device`, in a dialog that no other request has.

    Raises ValueError for a device without a MAC.
    """
    if device.mac is None:
        raise ValueError("no MAC")
    user = f"<sip:MAC%3A{device.mac}@{group.host}>"
    said = f'profile-type="device";vendor={quote(device.vendor)};model={quote(device.model)}'
    rows = [
        f"SUBSCRIBE sip:MAC%3A{device.mac}@{group.host} SIP/2.0",
        f"Via: SIP/2.0/UDP {local};branch={identifiers.branch()};rport",
        "Max-Forwards: 70",
        f"From: {user};tag={identifiers.tag()}",
        f"To: {user}",
        f"Call-ID: {identifiers.tag()}{identifiers.tag()}@{local.host}",
        "CSeq: 1 SUBSCRIBE",
        f"Contact: <sip:{local}>",
        f"Event: {EVENT_PACKAGE};{said};version={quote(device.version)}",
        "Expires: 0",
        f"Accept: {BODY_TYPE}",
        f"User-Agent: {PROBE_AGENT}",
        "Content-Length: 0",
    ]
    return ("\r\n".join(rows) + "\r\n\r\n").encode()
