"""A SUBSCRIBE from a shape of the catalogue, or from a message that somebody has kept."""

from __future__ import annotations

import re
from typing import NamedTuple

from pnp_responder.datagram import TCP, UDP, SocketAddress
from pnp_responder.enrollment import Device
from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.mac import Mac
from pnp_responder.phone.shape import Wire
from pnp_responder.sip import Identifiers, Request, parse_message

GROUP = "224.0.1.75"

_PLACEHOLDER = re.compile(r"\{([A-Za-z_0-9]+)\}")
_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")
_ADDRESS_LETTERS = str.maketrans("0123456789", "ABCDEFGHIJ")
_MAC_TEXT = r"(?:[0-9A-Fa-f]{2}[:.-]?){5}[0-9A-Fa-f]{2}"


class Asking(NamedTuple):
    """Where a phone is and how it speaks. `transport` is UDP or TCP."""

    address: SocketAddress
    transport: str = UDP
    group: str = GROUP


def numbered_mac(first: Mac, number: int) -> Mac:
    """The MAC that is `number` after `first`, at the end from the beginning again."""
    return Mac.parse(f"{(int(first, 16) + number) % 2**48:012x}")


def render(wire: Wire, device: Device, asking: Asking, identifiers: Identifiers) -> bytes:
    """The SUBSCRIBE of `device`, with a Call-ID, a branch and a tag that no other has.

    The vendor is the shape's own, whatever `device` says. Raises ValueError for a device without a
    MAC, and for a model or version that cannot stand in a header.
    """
    if device.mac is None:
        raise ValueError("no MAC")
    for text in (device.model, device.version):
        if not text.isprintable() or '"' in text or "\\" in text:
            raise ValueError("model and version are printable, without quotes and backslashes")
    mac, host = device.mac, asking.address.host
    values = {
        "mac": str(mac),
        "MAC": mac.upper(),
        "mac_with_colons": mac.joined(":"),
        "vendor": wire.vendor or "",
        "model": device.model,
        "version": device.version,
        "host": host,
        "port": str(asking.address.port),
        "address": str(asking.address),
        "host_in_letters": host.translate(_ADDRESS_LETTERS),
        "group": asking.group,
        "transport": asking.transport,
    }
    for number in "123":
        digits = identifiers.tag()
        values[f"digits{number}"] = str(int(digits, 16) + 10**14)
        values[f"hex{number}"] = digits
        values[f"letters{number}"] = digits.translate(_LETTERS)
    text = _PLACEHOLDER.sub(lambda match: values[match[1]], wire.text)
    if asking.transport == TCP:
        text = re.sub(r"(?m)^(Contact: <[^>\n]+)>", r"\1;transport=tcp>", text)
    return text.replace("\n", "\r\n").encode() + b"\r\n"


def render_kept(octets: bytes, device: Device, asking: Asking, identifiers: Identifiers) -> bytes:
    """A kept message, asked again from our address: with our address for its sender's, a new Call-ID and
    branch, and, where `device` says so, with another MAC, model or version.

    All other octets stay. Raises ValueError for what is no SUBSCRIBE.
    """
    try:
        request = parse_message(octets)
        if not isinstance(request, Request) or request.method != "SUBSCRIBE":
            raise ValueError("not a SUBSCRIBE")
        if request.fault is not None:
            raise request.fault
        head, blank, body = octets.lstrip(b"\r\n").decode("latin-1").partition("\r\n\r\n")
        head = _at_our_address(head, request, asking)
        head = _with_device(head, request, device)
    except (MalformedMessage, RequestError) as error:
        raise ValueError(f"not a SUBSCRIBE that can be asked again: {error}") from None
    call_id = request.headers.get("call-id", "")
    head = head.replace(call_id, f"{identifiers.tag()}@{asking.address.host}")
    if request.via.branch:
        head = head.replace(request.via.branch, identifiers.branch())
    return (head.rstrip("\r\n") + (blank or "\r\n\r\n") + body).encode("latin-1")


def _at_our_address(head: str, request: Request, asking: Asking) -> str:
    """Via and Contact name us, so that the answers come here."""
    via = request.via
    written = via.host if via.port is None else f"{via.host}:{via.port}"
    head = re.sub(rf"{re.escape(written)}(?![0-9])", str(asking.address), head)
    contact = request.contact_uri
    if contact is not None and contact.host:
        port = "" if contact.port is None else f":{contact.port}"
        pattern = rf"(?im)(^(?:contact|m)[ \t]*:.*?){re.escape(contact.host)}{port}(?![0-9:])"
        head = re.sub(pattern, lambda match: match[1] + str(asking.address), head, count=1)
    return re.sub(r"(?m)^((?:Via|v)[ \t]*:[ \t]*SIP/2\.0)/\w+", rf"\1/{asking.transport}", head, flags=re.I)


def _with_device(head: str, request: Request, device: Device) -> str:
    if device.mac is not None:
        mac = device.mac
        users = re.compile(rf"(?i)(sips?:(?:mac(?:%3a|[:=])?)?)({_MAC_TEXT})")
        head = users.sub(lambda match: match[1] + (mac.upper() if match[2].isupper() else mac), head)
    for name in ("model", "version"):
        value = getattr(device, name)
        for parameter in request.event.parameters:
            if value and parameter.name.lower() == name and parameter.value:
                head = head.replace(f'"{parameter.value}"', f'"{value}"', 1)
    return head
