"""Octets of one datagram to a message (RFC 3261 7).

The head is walked once. Values stay what came, for From, To, Call-ID, CSeq and Via are echoed
untouched. What is wrong with a request that could still be answered is kept in `Request.fault`:
who was asked decides what to say.
"""

from __future__ import annotations

import re

from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.sip.grammar import is_token
from pnp_responder.sip.head import ECHOED, MAX_VALUE, label, read_head, read_usual
from pnp_responder.sip.headers import Headers, length_of
from pnp_responder.sip.message import Request, Response, check_echo, read_cseq
from pnp_responder.sip.via import Via

MAX_MESSAGE = 65_535
"""Octets of one message; more does not fit a UDP datagram (RFC 3261 18.1.1)."""

_CALL_ID = re.compile(r"[!-~]+")


def parse_message(payload: bytes) -> Request | Response:
    """Read one message. Raises MalformedMessage, and nothing else, if nobody is to be told.

    Taken: any order and case of headers, compact names, folded rows (each fold becomes one
    blank), blanks round separators, bare LF, a missing last empty line, leading empty lines
    (RFC 3261 7.5), octets past Content-Length (18.3), rows that are no header. Not taken: what
    could not be echoed, that is a control octet other than HTAB, or octets that are not UTF-8, in
    From, To, Call-ID, CSeq or Via.
    """
    usual = read_usual(payload)
    if usual is not None:
        return _usual_message(*usual)
    if len(payload) > MAX_MESSAGE:
        raise MalformedMessage("too long for a datagram", "message")
    data = payload.lstrip(b"\r\n")
    if not data:
        raise MalformedMessage("empty or a keep-alive", "message")
    start_line, _, rows = data.partition(b"\n")
    start = _split_start_line(start_line.decode("latin-1").rstrip("\r \t"))
    fault, headers, body = read_head(rows)
    via = _read_via(headers)
    if _is_response(start):
        return _response(start, headers, via, fault)
    return _request(start, headers, via, body, fault)


def _split_start_line(line: str) -> list[str]:
    """Its words, three if it is well formed. Raises MalformedMessage for what is no SIP."""
    start = line.split(" ")
    if len(start) != 3:
        start = [word for word in start if word] or [""]
    if not _is_response(start) and start[-1][:4].upper() != "SIP/":
        raise MalformedMessage("not SIP", "start line")
    return start


def _is_response(start: list[str]) -> bool:
    return start[0][:4].upper() == "SIP/"


def _usual_message(start_line: str, headers: Headers) -> Request | Response:
    """As `parse_message` goes on, for a head that `read_usual` has read."""
    start = _split_start_line(start_line)
    if (row := headers.get("via")) is None:
        raise MalformedMessage("missing", "Via")
    via = _parse_via(row)
    if start[0][:4].upper() == "SIP/":
        return _response(start, headers, via, None)
    return _request(start, headers, via, b"", None)


def _read_via(headers: Headers) -> Via:
    rows = headers.all("via")
    if not rows:
        raise MalformedMessage("missing", "Via")
    for name in ECHOED:
        value = headers.get(name, "")
        if not value.isprintable():
            check_echo(value, label(name))
    for row in rows:
        if not row.isprintable():
            check_echo(row, "Via")
    if sum(map(length_of, rows)) > MAX_VALUE:
        raise MalformedMessage(f"more than {MAX_VALUE} octets", "Via")
    return _parse_via(rows[0])


def _parse_via(row: str) -> Via:
    try:
        return Via.parse(row)
    except ValueError:
        raise MalformedMessage("not a Via", "Via") from None


def _request(
    start: list[str], headers: Headers, via: Via, body: bytes, fault: RequestError | None
) -> Request:
    method = start[0]
    uri = start[1] if len(start) == 3 else ""
    if fault is None:
        fault = _check_start_line(method, start) or _check_mandatory(method, headers)
        if fault is None and start[-1].upper() != "SIP/2.0":
            fault = RequestError(505, "not SIP/2.0")
    return Request(method, uri, headers, via, body, fault)


def _check_start_line(method: str, start: list[str]) -> RequestError | None:
    if len(start) != 3:
        return RequestError(400, "the request line has not three words")
    if method != "SUBSCRIBE" and not is_token(method):
        return RequestError(400, "the method is no token")
    return None


def _check_mandatory(method: str, headers: Headers) -> RequestError | None:
    # RFC 3261 8.1.1: what every request carries. Max-Forwards, too, but phones forget it and nobody needs it.
    value = headers.get
    if not (value("from") and value("to") and value("call-id") and value("cseq")):
        missing = next(name for name in ECHOED if not headers.get(name))
        return RequestError(400, f"no {label(missing)}")
    if _CALL_ID.fullmatch(headers["call-id"]) is None:
        return RequestError(400, "not a valid Call-ID")
    cseq = read_cseq(headers["cseq"])
    if cseq is None or int(cseq[0]) >= 2**32:
        return RequestError(400, "not a valid CSeq")
    if cseq[1] != method:
        return RequestError(400, "CSeq names another method")
    return None


def _response(start: list[str], headers: Headers, via: Via, fault: RequestError | None) -> Response:
    if fault is not None:
        raise MalformedMessage(fault.reason, "response")
    status = start[1] if len(start) > 1 else ""
    if not (len(status) == 3 and status.isascii() and status.isdigit() and "1" <= status[:1] <= "6"):
        raise MalformedMessage("no status code", "start line")
    # RFC 3261 8.1.3.3: more than one Via means that it was not for us.
    if via.rest or headers.repeated("via"):
        raise MalformedMessage("more than one Via in a response", "Via")
    cseq = read_cseq(headers.get("cseq", ""))
    if cseq is None:
        raise MalformedMessage("not a valid CSeq", "CSeq")
    return Response(int(status), via, cseq[1], headers)
