"""The URL in a NOTIFY, as phones read it."""

from __future__ import annotations

from pnp_responder.errors import RequestError
from pnp_responder.sip import Request

ACCEPTED = "application/url"
LONGEST = 4_096
"""Octets of a URL that a phone reads."""


def media_type(request: Request) -> str:
    """The type of the body in lower case, without parameters; "" if none is given."""
    return request.text("content-type").partition(";")[0].strip().lower()


def profile_url(request: Request) -> str:
    """The body without blanks and line ends round it; "" if there is none.

    A body without a type is taken for a URL. Raises RequestError 415 for another type, 400 for what
    cannot be text.
    """
    if not request.body.strip():
        return ""
    if media_type(request) not in (ACCEPTED, ""):
        raise RequestError(415, f"a body that is no {ACCEPTED}", (("Accept", ACCEPTED),))
    if len(request.body) > LONGEST:
        raise RequestError(400, f"a URL of more than {LONGEST} octets")
    try:
        return request.body.decode().strip(" \t\r\n\0")
    except UnicodeDecodeError:
        raise RequestError(400, "a URL that is not UTF-8") from None
