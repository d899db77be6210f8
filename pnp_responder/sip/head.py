"""The head of a message: one walk over its rows (RFC 3261 7.3, 7.5)."""

from __future__ import annotations

import re

from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.sip.headers import USUAL_SPELLINGS, Headers, canonical_name

MAX_HEADERS = 256
"""Header rows of one message. Phones send about 13, a request through ten proxies about 60."""

MAX_VALUE = 4_096
"""Octets of a header value that we read or echo. The longest seen has 150; others may be longer."""

ECHOED = ("from", "to", "call-id", "cseq")
"""What a response repeats, beside Via; and what every request must have (RFC 3261 8.1.1, 8.2.6.2)."""

_SINGLE = (*ECHOED, "max-forwards", "content-length", "event")
_READ = (*ECHOED, "event", "contact", "user-agent")
_LABELS = {
    "call-id": "Call-ID",
    "cseq": "CSeq",
}

_BLANK_LINE = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"\n[ \t]+")
_LONGEST_LENGTH = 10


def label(name: str) -> str:
    """The name of a header as it is usually written: `call-id` gives `Call-ID`."""
    return _LABELS.get(name) or name.title()


def read_head(rows: bytes) -> tuple[RequestError | None, Headers, bytes]:
    """What follows the start line: the first thing that is wrong with it, headers, body.

    Folds become one blank each; rows that are no header are skipped; the body ends where
    Content-Length says. Raises MalformedMessage where there is no header at all.
    """
    # A message without any header row begins its body with the first line end.
    if rows[:1] == b"\n" or rows[:2] == b"\r\n":
        raise MalformedMessage("no header", "message")
    blank = _BLANK_LINE.search(rows)
    if blank is None:
        head, body = rows, b""
    else:
        head, body = rows[: blank.start()], rows[blank.end() :]
    fault: RequestError | None = None
    if head[:1] in (b" ", b"\t"):
        fault = RequestError(400, "the start line is folded")
    # One CR ends a row with the LF; any other is an octet of the value.
    head = head.removesuffix(b"\r").replace(b"\r\n", b"\n")
    if b"\n " in head or b"\n\t" in head:
        # RFC 3261 25.1 LWS: blanks before the line end are part of the fold. No pattern for both sides of it
        # takes linear time over a long run of blanks.
        *folded, last = _FOLD.split(head)
        head = b" ".join([*(piece.rstrip(b" \t") for piece in folded), last])
    lines = head.split(b"\n", MAX_HEADERS)
    if len(lines) > MAX_HEADERS and lines.pop().strip():
        fault = RequestError(513, f"more than {MAX_HEADERS} header rows")
    headers = Headers()
    add = headers.add
    for line in lines:
        octets, colon, value = line.partition(b":")
        name = USUAL_SPELLINGS.get(octets) or canonical_name(octets)
        if colon and name is not None:
            add(name, value.strip(b" \t"))
    length = headers.get("content-length")
    if length is not None:
        wanted = int(length) if length.isdigit() and len(length) <= _LONGEST_LENGTH else None
        # RFC 3261 18.3: octets past it are dropped, missing ones are an error.
        if wanted is None or wanted > len(body):
            fault = fault or RequestError(400, "Content-Length does not fit the message")
        body = body[:wanted]
    return fault or _fault_of(headers), headers, body


def _fault_of(headers: Headers) -> RequestError | None:
    for name in headers.repeated_names():
        if name in _SINGLE:
            return RequestError(400, f"more than one {label(name)}")
    if headers.longest() > MAX_VALUE:
        for name in _READ:
            if len(headers.get(name) or b"") > MAX_VALUE:
                return RequestError(513, f"{label(name)} has more than {MAX_VALUE} octets")
    return None
