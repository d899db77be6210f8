"""The head of a message: one walk over its rows (RFC 3261 7.3, 7.5)."""

from __future__ import annotations

import re

from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.sip.headers import USUAL_SPELLINGS, Headers, canonical_name, length_of, text_of

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
_FOLD = re.compile(r"\n[ \t]+")
_LONGEST_LENGTH = 10

# What a message of the usual form consists of: visible ASCII and blanks, and between them so many line ends.
_USUAL_OCTETS = bytes(range(32, 127))
_LINE_ENDS = b"\r\n" * (MAX_HEADERS + 2)


def label(name: str) -> str:
    """The name of a header as it is usually written: `call-id` gives `Call-ID`."""
    return _LABELS.get(name) or name.title()


def read_usual(payload: bytes) -> tuple[str, Headers] | None:
    """Start line and headers of a message as nearly all phones write it; None for any other.

    That is: visible ASCII, each row once and whole in one line that ends with CRLF, one blank at
    most behind the colon and none at the end, no body. `read_head` gives the same for it, at four
    times the cost.
    """
    if len(payload) > MAX_VALUE or not payload.endswith(b"\r\n\r\n"):
        return None
    line_ends = payload.translate(None, _USUAL_OCTETS)
    text = payload.decode("latin-1")
    start, *rows = text[:-4].split("\r\n")
    if line_ends != _LINE_ENDS[: 2 * len(rows) + 4] or " \r" in text or ":  " in text or not start:
        return None
    headers = Headers()
    spelled = USUAL_SPELLINGS.get
    for row in rows:
        written, colon, value = row.partition(": ")
        name = spelled(written)
        if name is None or not colon:
            written, colon, value = row.partition(":")
            name = spelled(written) or canonical_name(written)
            if name is None or not colon:
                return None
            value = value.removeprefix(" ")
        headers[name] = value
    if len(headers) != len(rows) or not rows or headers.get("content-length", "0") != "0":
        return None
    return start, headers


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
        head, body = text_of(rows), b""
    else:
        head, body = text_of(rows[: blank.start()]), rows[blank.end() :]
    fault: RequestError | None = None
    if head[:1] in (" ", "\t"):
        fault = RequestError(400, "the start line is folded")
    # One CR ends a row with the LF; any other is an octet of the value.
    head = head.removesuffix("\r").replace("\r\n", "\n")
    if "\n " in head or "\n\t" in head:
        # RFC 3261 25.1 LWS: blanks before the line end are part of the fold. No pattern for both sides of it
        # takes linear time over a long run of blanks.
        *folded, last = _FOLD.split(head)
        head = " ".join([*(piece.rstrip(" \t") for piece in folded), last])
    lines = head.split("\n", MAX_HEADERS)
    if len(lines) > MAX_HEADERS and lines.pop().strip(" \t\r\n"):
        fault = RequestError(513, f"more than {MAX_HEADERS} header rows")
    headers = Headers()
    for line in lines:
        written, colon, value = line.partition(":")
        name = USUAL_SPELLINGS.get(written) or canonical_name(written)
        if colon and name is not None:
            headers.add(name, value.strip(" \t"))
    length = headers.get("content-length")
    if length is not None:
        digits = length.isascii() and length.isdigit() and len(length) <= _LONGEST_LENGTH
        wanted = int(length) if digits else None
        # RFC 3261 18.3: octets past it are dropped, missing ones are an error.
        if wanted is None or wanted > len(body):
            fault = fault or RequestError(400, "Content-Length does not fit the message")
        body = body[:wanted]
    return fault or _fault_of(headers), headers, body


def _fault_of(headers: Headers) -> RequestError | None:
    for name in headers.repeated_names():
        if name in _SINGLE:
            return RequestError(400, f"more than one {label(name)}")
    for name in _READ:
        if length_of(headers.get(name, "")) > MAX_VALUE:
            return RequestError(513, f"{label(name)} has more than {MAX_VALUE} octets")
    return None
