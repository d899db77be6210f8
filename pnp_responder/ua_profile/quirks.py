"""What phones do that no RFC foresees, as data. `evidence` names the packet in `tests/corpus/`.

A deviation is a row here, never a branch elsewhere. A test shows that each row's evidence needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

from pnp_responder.mac import Mac
from pnp_responder.sip.address import NameAddr
from pnp_responder.sip.message import Request


class ParameterAlias(NamedTuple):
    """A misspelt Event parameter, and the one that it stands for if that one is missing."""

    written: str
    meant: str
    evidence: str


PARAMETER_ALIASES = (ParameterAlias("vender", "vendor", "panasonic/kx-hdv230_02.100"),)


class MacPlace(NamedTuple):
    """One place where phones put their MAC. `read` gives it, or None; it raises nothing."""

    name: str
    read: Callable[[Request], Mac | None]
    evidence: str


# Of one kind of separators: 10.10.10.10:5060 is none.
_MAC = "|".join(
    [rf"(?:[0-9A-Fa-f]{{2}}{separator}){{5}}[0-9A-Fa-f]{{2}}" for separator in ("", ":", r"\.", "-")]
    + [rf"(?:[0-9A-Fa-f]{{4}}{separator}){{2}}[0-9A-Fa-f]{{4}}" for separator in (":", r"\.", "-")]
)
# RFC 3261 25.1: a user part may go on with ;parameters, as that of a telephone number does.
_USER = re.compile(rf"(?:MAC[:=\s]*)?({_MAC})(?:;.*)?", re.IGNORECASE | re.DOTALL)
# What nearly all phones write; the long way gives the same for it.
_USUAL_USER = re.compile(r"sip:(?:MAC(?:=|:|%3[Aa]))?([0-9A-Fa-f]{12})@")
_UUID_1 = re.compile(
    r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[0-9a-f]{4}-([0-9a-f]{12})", re.IGNORECASE
)
_PORT = re.compile(r"(?<=[0-9A-Fa-f]{12}):[0-9]{1,5}\Z|(?<=[0-9A-Fa-f]{2}):[0-9]{3,5}\Z")
_AGENT_FIELD = re.compile(rf"\bMAC\s*[=:]\s*({_MAC})(?![0-9A-Za-z])", re.IGNORECASE)
_AGENT_TAIL = re.compile(rf"(?:^|[\s;/(])({_MAC})\)?\s*$", re.IGNORECASE)


def _in_user_part(uri: str) -> Mac | None:
    """In the user part, or where the host should stand if there is no user part."""
    usual = _USUAL_USER.match(uri)
    if usual is not None:
        return Mac.of_digits(usual[1])
    scheme, _, rest = uri.partition(":")
    text, at, _ = rest.partition("@")
    if scheme.lower() not in ("sip", "sips"):
        return None
    if not at:
        text = _PORT.sub("", re.split("[;?]", text, maxsplit=1)[0])
    if "%" in text:
        text = unquote(text)
    found = _USER.fullmatch(text) or _UUID_1.fullmatch(text)
    return None if found is None else Mac.parse(found[1])


def _in_from(request: Request) -> Mac | None:
    return _in_user_part(request.from_.uri)


def _in_to(request: Request) -> Mac | None:
    return _in_user_part(request.to.uri)


def _in_request_uri(request: Request) -> Mac | None:
    return _in_user_part(request.uri)


def _in_contact_user(request: Request) -> Mac | None:
    return None if request.contact is None else _in_user_part(request.contact.uri)


def _in_instance(request: Request) -> Mac | None:
    """RFC 6080 5.1.4.2: a UUID of version 1 ends with the MAC."""
    contact: NameAddr | None = request.contact
    instance = None if contact is None else contact.parameter("+sip.instance")
    found = None if instance is None else _UUID_1.fullmatch(instance.strip(" <>"))
    return None if found is None else Mac.parse(found[1])


def _in_user_agent(request: Request) -> Mac | None:
    agent = request.headers.get("user-agent", "")
    found = _AGENT_FIELD.search(agent) or _AGENT_TAIL.search(agent)
    return None if found is None else Mac.parse(found[1])


MAC_PLACES = (
    MacPlace("From", _in_from, "fanvil/voip-phone_v2.0.114.51"),
    MacPlace("To", _in_to, "snom/snomm700_03.23.0005"),
    MacPlace("Request-URI", _in_request_uri, "generic/request-uri_1.2"),
    MacPlace("Contact", _in_contact_user, "generic/contact-user_1.1"),
    MacPlace("+sip.instance", _in_instance, "generic/sip-instance_1.0"),
    MacPlace("User-Agent", _in_user_agent, "gigaset/n870_83.v2.43.0"),
)
"""In this order; the first place that holds a MAC decides. Tags, branches and Call-IDs are never
searched: some phones have runs of 12 hexadecimal digits there that are no MAC."""
