"""What every server does with a request before its user sees it (RFC 3261 8.2, in its order)."""

from __future__ import annotations

from collections.abc import Collection

from pnp_responder.errors import RequestError
from pnp_responder.sip.grammar import is_token
from pnp_responder.sip.head import MAX_VALUE
from pnp_responder.sip.message import Request

KNOWN_METHODS = frozenset(
    {
        "ACK",
        "BYE",
        "CANCEL",
        "INFO",
        "INVITE",
        "MESSAGE",
        "NOTIFY",
        "OPTIONS",
        "PRACK",
        "PUBLISH",
        "REFER",
        "REGISTER",
        "SUBSCRIBE",
        "UPDATE",
    }
)
"""Methods that are refused with 405 where they are not served; any other gets 501 (RFC 3261 21.5.2)."""


def check_method(request: Request, served: Collection[str]) -> None:
    """Raises RequestError 405 or 501 (RFC 3261 8.2.1)."""
    if request.method in served:
        return
    if request.method in KNOWN_METHODS:
        raise RequestError(405, "a method that is not served", (("Allow", ", ".join(served)),))
    raise RequestError(501, "an unknown method")


def check_request_uri(request: Request) -> None:
    """Raises RequestError 416 for another scheme than sip or sips (RFC 3261 8.2.2.1), 400 for no URI.

    Its host is not looked at: a multicast receiver takes what comes (RFC 2543 10.2.2), and phones
    write the group, their own domain, or nothing there.
    """
    scheme, colon, rest = request.uri.partition(":")
    if not (colon and rest and scheme[:1].isalpha() and scheme.isascii()):
        raise RequestError(400, "the Request-URI is no URI")
    if scheme.lower() not in ("sip", "sips"):
        raise RequestError(416, "the Request-URI has another scheme than sip")


def check_dialog(request: Request) -> None:
    """Raises RequestError 481 for a To tag: no dialog of ours lives on (RFC 3261 12.2.2)."""
    if request.to.tag is not None:
        raise RequestError(481, "a dialog that is not there")


def check_extensions(request: Request) -> None:
    """Raises RequestError 420 for any option tag in Require: we know none (RFC 3261 8.2.2.3).

    400 and 513 for a Require that cannot be echoed.
    """
    if "require" not in request.headers:
        return
    required = request.elements("require")
    if required:
        if not all(map(is_token, required)):
            raise RequestError(400, "not a valid Require")
        tags = ", ".join(required)
        if len(tags) > MAX_VALUE:  # or the answer could be longer than any datagram
            raise RequestError(513, "Require is too long")
        raise RequestError(420, "an extension is required", (("Unsupported", tags),))


def check_content(request: Request, accepted: str) -> None:
    """Raises RequestError 415 for a body of a type that nobody here reads (RFC 3261 8.2.3)."""
    if not request.body:
        return
    disposition = request.text("content-disposition").lower().replace(" ", "")
    if "handling=optional" not in disposition:
        raise RequestError(415, "a body in a request that has none", (("Accept", accepted),))
