"""Is a message in the form that RFC 3261 7 wants sent? The reader takes more than one may send."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pnp_responder.phone.checklist import Fault
from pnp_responder.sip import Request, Response

_SINGLE = ("from", "to", "call-id", "cseq", "max-forwards", "content-length", "event", "subscription-state")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_FOLD = re.compile(rb"\n[ \t]")
_START = re.compile(rb"SIP/2\.0 [1-6][0-9]{2} [^\r\n]*|[A-Z]+ [^ \r\n]+ SIP/2\.0")


def form_faults(name: str, octets: bytes, message: Request | Response) -> Iterator[Fault]:
    """What is wrong with the form of the message; `name` is how the verdict calls it."""
    head, blank, body = octets.partition(b"\r\n\r\n")
    if not blank:
        end = re.search(rb"\r?\n\r?\n", octets)
        head, body = (octets, b"") if end is None else (octets[: end.start()], octets[end.end() :])
        yield Fault("M21", f"{name} without an empty line of CRLF after its headers", "CRLF CRLF")
    if _BARE_LF.search(head):
        yield Fault("M21", f"{name} with bare LF for line ends", "CRLF")
    if _FOLD.search(head):
        yield Fault("M21", f"{name} with a folded header", "each header on one line")
    start = re.split(rb"\r?\n", head, maxsplit=1)[0]
    if _START.fullmatch(start) is None:
        yield Fault("M21", f"{name} begins {start[:60]!r}", "three words with one space between them")
    for header in _SINGLE:
        if message.headers.repeated(header):
            yield Fault("M18", f"{name} with {header.title()} twice", "once")
    length = message.headers.get("content-length")
    if length is None:
        yield Fault("N13", f"{name} without Content-Length", f"Content-Length: {len(body)}")
    elif length != str(len(body)):
        shown = length[:20]
        yield Fault("M14", f"{name} with Content-Length {shown}, body of {len(body)} octets", str(len(body)))
