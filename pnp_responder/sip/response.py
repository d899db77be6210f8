"""Responses in strict form (RFC 3261 8.2.6), made by joining octets that are ready."""

from __future__ import annotations

from collections.abc import Iterable

from pnp_responder.datagram import SocketAddress
from pnp_responder.errors import RequestError
from pnp_responder.sip.grammar import BLANKS, split_outside_quotes
from pnp_responder.sip.head import MAX_VALUE
from pnp_responder.sip.headers import length_of
from pnp_responder.sip.message import Request

REASON_PHRASES = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    410: "Gone",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    486: "Busy Here",
    488: "Not Acceptable Here",
    489: "Bad Event",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "Version Not Supported",
    513: "Message Too Large",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}
"""RFC 3261 21, RFC 6665 8.3.2. A code that is not here is sent as "Declined"."""


def render_response(
    request: Request,
    status: int,
    remote: SocketAddress,
    to_tag: str,
    headers: Iterable[str] = (),
    detail: str = "",
) -> bytes:
    """The response to `request`, which came from `remote`.

    From, To, Call-ID, CSeq and Via are the request's octets; To gets `to_tag` unless it has a tag
    (8.2.6.2), the top Via what RFC 3261 18.2.1 and RFC 3581 4 ask. A mandatory header that the
    request lacks is left out, and so is one that is too long to be read: the 513 would be as large
    as what it refuses. `headers` are whole rows; `detail` follows the reason phrase.
    """
    phrase = REASON_PHRASES.get(status, "Declined")
    if detail:
        phrase = f"{phrase}: {detail}"
    via, values = request.via, request.headers
    more = ""
    if values.repeated("via"):
        more = "".join(f"Via: {row}\r\n" for row in values.all("via")[1:])
    rows = "".join([f"{row}\r\n" for row in headers])
    return (
        f"SIP/2.0 {status} {phrase}\r\nVia: {via.answered_to(remote)}{via.rest}\r\n{more}"
        f"{_echoed(request, to_tag)}{rows}"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def _echoed(request: Request, to_tag: str) -> str:
    values = request.headers
    if request.fault is None:  # then they are all there, and short enough
        return (
            f"From: {values['from']}\r\nTo: {to_with_tag(request, to_tag)}\r\n"
            f"Call-ID: {values['call-id']}\r\nCSeq: {values['cseq']}\r\n"
        )
    rows = ""
    for label, name in (("From", "from"), ("To", "to"), ("Call-ID", "call-id"), ("CSeq", "cseq")):
        value = values.get(name)
        if value and length_of(value) <= MAX_VALUE:
            rows += f"{label}: {to_with_tag(request, to_tag) if name == 'to' else value}\r\n"
    return rows


def to_with_tag(request: Request, tag: str) -> str:
    """The request's To with `tag` for its tag, unless it has one that is not empty.

    A To that cannot be read stays as it is.
    """
    text = request.headers.get("to", "")
    try:
        to = request.to
    except RequestError:
        return text
    if to.tag is not None:
        return text
    if to.parameters and any(parameter.name.lower() == "tag" for parameter in to.parameters):
        address, *pieces = split_outside_quotes(text, ";")
        kept = (piece for piece in pieces if piece.partition("=")[0].strip(BLANKS).lower() != "tag")
        text = ";".join([address, *kept])
    return f"{text.rstrip(BLANKS + ';')};tag={tag}"
