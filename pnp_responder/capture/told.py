"""What a server in the capture told a phone, and what the phone said to it; found by Call-ID."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.errors import MalformedMessage
from pnp_responder.sip.head import read_head
from pnp_responder.sip.headers import octets_of

_LONGEST_URL = 2_000


class Message(NamedTuple):
    """The little of a SIP message that a replay looks at. `status` is None for a request."""

    method: str
    status: int | None
    call_id: bytes
    body: bytes

    @property
    def url(self) -> str:
        """The body as the URL that it is; a body of several lines is shown as it is, escaped later."""
        return self.body[:_LONGEST_URL].decode("utf-8", "replace").strip()


def read_message(payload: bytes) -> Message | None:
    """A request by its method, a response by the method of its CSeq. None for what is no SIP."""
    start, _, rows = payload.lstrip(b"\r\n").partition(b"\n")
    words = start.split()
    if len(words) < 2:
        return None
    response = words[0][:4].upper() == b"SIP/"
    if not response and words[-1][:4].upper() != b"SIP/":
        return None
    try:
        _, headers, body = read_head(rows)
    except MalformedMessage:
        return None
    call_id = octets_of(headers.get("call-id", ""))
    if not response:
        return Message(words[0].decode("latin-1"), None, call_id, body)
    digits = words[1]
    if not (len(digits) == 3 and digits.isdigit()):
        return None
    asked = headers.get("cseq", "").split()
    return Message(asked[-1] if asked else "", int(digits), call_id, body)


def answer_to(notify: bytes, status: int) -> bytes:
    """The response `status` to our NOTIFY, as the phone would have sent it (RFC 3261 8.2.6.2)."""
    rows = notify.partition(b"\r\n\r\n")[0].split(b"\r\n")
    copied = [row for row in rows if row.partition(b":")[0] in (b"Via", b"From", b"To", b"Call-ID", b"CSeq")]
    start = f"SIP/2.0 {status} {'OK' if status == 200 else 'As Recorded'}".encode()
    return b"\r\n".join([start, *copied, b"Content-Length: 0", b"", b""])
