"""Requests and responses, read from the octets of one datagram (RFC 3261 7).

The head is walked once. Values stay the octets that came, for From, To, Call-ID, CSeq and Via are
echoed untouched; what they mean is read on demand, once. What is wrong with a request that could
still be answered is kept in `Request.fault`: who was asked decides what to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.sip.address import NameAddr, SipUri
from pnp_responder.sip.event import Event
from pnp_responder.sip.grammar import is_token, split_list
from pnp_responder.sip.head import ECHOED, MAX_VALUE, label, read_head
from pnp_responder.sip.headers import Headers
from pnp_responder.sip.via import Via

MAX_MESSAGE = 65_535
"""Octets of one message; more does not fit a UDP datagram (RFC 3261 18.1.1)."""

_TEXT = bytes([9, *range(32, 127)])
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+([^ \t]+)")
_CALL_ID = re.compile(r"[!-~]+")


class Request:
    """A SIP request.

    `uri` is the Request-URI as written, `via` the top Via, `body` what Content-Length leaves.
    `fault` is None, or what is wrong with it as far as the head's form goes; a request with a fault
    has a usable Via and can be answered, its other headers may be missing or meaningless.
    """

    __slots__ = (
        "_contact",
        "_contact_uri",
        "_event",
        "_from",
        "_to",
        "body",
        "fault",
        "headers",
        "method",
        "uri",
        "via",
    )

    def __init__(
        self, method: str, uri: str, headers: Headers, via: Via, body: bytes, fault: RequestError | None
    ) -> None:
        self.method = method
        self.uri = uri
        self.headers = headers
        self.via = via
        self.body = body
        self.fault = fault
        self._from: NameAddr | None = None
        self._to: NameAddr | None = None
        self._event: Event | None = None
        self._contact: NameAddr | None = None
        self._contact_uri: SipUri | None = None

    def text(self, name: str) -> str:
        """The first value of that header as text, "" if there is none.

        Raises RequestError 400 if it is not UTF-8 or holds a control character other than HTAB,
        513 if it is too long to be read.
        """
        return _text(self.headers.get(name) or b"", name)

    def elements(self, name: str, read: Callable[[bytes, str], str] | None = None) -> list[str] | None:
        """The elements of all rows of a comma-separated header, or None if there is no such row.

        Raises RequestError as `text` does, unless `read` turns octets into text another way.
        """
        read = read or _text
        if self.headers.repeated(name):
            return split_list(",".join(read(row, name) for row in self.headers.all(name)))
        row = self.headers.get(name)
        if row is None:
            return None
        text = read(row, name)
        return split_list(text) if "," in text or not text else [text]

    @property
    def from_(self) -> NameAddr:
        """From (RFC 3261 20.20). Raises RequestError 400."""
        if self._from is None:
            self._from = NameAddr.parse(self.text("from"), "From")
        return self._from

    @property
    def to(self) -> NameAddr:
        """To (RFC 3261 20.39). Raises RequestError 400."""
        if self._to is None:
            self._to = NameAddr.parse(self.text("to"), "To")
        return self._to

    @property
    def event(self) -> Event:
        """Event (RFC 6665 8.2.1); its package is "" if there is none. Raises RequestError 400."""
        if self._event is None:
            self._event = Event.parse(self.text("event"))
        return self._event

    @property
    def contact(self) -> NameAddr | None:
        """The one Contact, or None if there is none. Raises RequestError 400, also for several."""
        if self._contact is None:
            values = self.elements("contact", loose_text)
            if values is None:
                return None
            if len(values) != 1:
                raise RequestError(400, "not exactly one Contact")
            self._contact = NameAddr.parse(values[0], "Contact")
        return self._contact

    @property
    def contact_uri(self) -> SipUri | None:
        """The Contact's URI taken apart. Raises RequestError 400 if it is no SIP URI (RFC 3261 8.1.1.8)."""
        if self._contact_uri is None:
            contact = self.contact
            if contact is None:
                return None
            try:
                self._contact_uri = SipUri.parse(contact.uri)
            except ValueError:
                raise RequestError(400, "Contact is no SIP URI") from None
        return self._contact_uri

    @property
    def cseq_number(self) -> str:
        """The number of CSeq as its digits without leading zeros; "" where CSeq cannot be read."""
        match = _CSEQ.fullmatch((self.headers.get("cseq") or b"").decode("latin-1"))
        return "" if match is None else match[1].lstrip("0") or "0"


class Response:
    """A SIP response. A client transaction looks at its status, Via and CSeq (RFC 3261 17.1.3)."""

    __slots__ = ("cseq_method", "headers", "status", "via")

    def __init__(self, status: int, via: Via, cseq_method: str, headers: Headers) -> None:
        self.status = status
        self.via = via
        self.cseq_method = cseq_method
        self.headers = headers


def parse_message(payload: bytes) -> Request | Response:
    """Read one message. Raises MalformedMessage, and nothing else, if nobody is to be told.

    Taken: any order and case of headers, compact names, folded rows (each fold becomes one
    blank), blanks round separators, bare LF, a missing last empty line, leading empty lines
    (RFC 3261 7.5), octets past Content-Length (18.3), rows that are no header. Not taken: what
    could not be echoed, that is a control octet other than HTAB, or octets that are not UTF-8, in
    From, To, Call-ID, CSeq or Via.
    """
    if len(payload) > MAX_MESSAGE:
        raise MalformedMessage("too long for a datagram", "message")
    data = payload.lstrip(b"\r\n")
    if not data:
        raise MalformedMessage("empty or a keep-alive", "message")
    start_line, _, rows = data.partition(b"\n")
    start = start_line.rstrip(b"\r \t").split(b" ")
    if len(start) != 3:
        start = [word for word in start if word] or [b""]
    is_response = start[0][:4].upper() == b"SIP/"
    if not is_response and start[-1][:4].upper() != b"SIP/":
        raise MalformedMessage("not SIP", "start line")
    fault, headers, body = read_head(rows)
    via = _read_via(headers)
    if is_response:
        return _response(start, headers, via, fault)
    return _request(start, headers, via, body, fault)


def _read_via(headers: Headers) -> Via:
    rows = headers.all("via")
    if not rows:
        raise MalformedMessage("missing", "Via")
    for name in ECHOED:
        value = headers.get(name)
        if value is not None and value.translate(None, _TEXT):
            _check_echo(value, label(name))
    for row in rows:
        if row.translate(None, _TEXT):
            _check_echo(row, "Via")
    if sum(map(len, rows)) > MAX_VALUE:
        raise MalformedMessage(f"more than {MAX_VALUE} octets", "Via")
    try:
        return Via.parse(rows[0].decode())
    except ValueError:
        raise MalformedMessage("not a Via", "Via") from None


def _check_echo(value: bytes, header: str) -> None:
    if any((octet < 32 and octet != 9) or octet == 127 for octet in value):
        raise MalformedMessage("a control octet", header)
    try:
        value.decode()
    except UnicodeDecodeError:
        raise MalformedMessage("not UTF-8", header) from None


def _request(
    start: list[bytes], headers: Headers, via: Via, body: bytes, fault: RequestError | None
) -> Request:
    method = start[0].decode("latin-1")
    uri = start[1].decode("latin-1") if len(start) == 3 else ""
    if fault is None:
        fault = _check_start_line(method, start) or _check_mandatory(method, headers)
        if fault is None and start[-1].upper() != b"SIP/2.0":
            fault = RequestError(505, "not SIP/2.0")
    return Request(method, uri, headers, via, body, fault)


def _check_start_line(method: str, start: list[bytes]) -> RequestError | None:
    if len(start) != 3:
        return RequestError(400, "the request line has not three words")
    if not is_token(method):
        return RequestError(400, "the method is no token")
    return None


def _check_mandatory(method: str, headers: Headers) -> RequestError | None:
    # RFC 3261 8.1.1: what every request carries. Max-Forwards, too, but phones forget it and nobody needs it.
    for name in ECHOED:
        if not headers.get(name):
            return RequestError(400, f"no {label(name)}")
    if _CALL_ID.fullmatch((headers.get("call-id") or b"").decode()) is None:
        return RequestError(400, "not a valid Call-ID")
    cseq = _CSEQ.fullmatch((headers.get("cseq") or b"").decode())
    if cseq is None or int(cseq[1]) >= 2**32:
        return RequestError(400, "not a valid CSeq")
    if cseq[2] != method:
        return RequestError(400, "CSeq names another method")
    return None


def _response(start: list[bytes], headers: Headers, via: Via, fault: RequestError | None) -> Response:
    if fault is not None:
        raise MalformedMessage(fault.reason, "response")
    status = start[1] if len(start) > 1 else b""
    if not (len(status) == 3 and status.isdigit() and b"1" <= status[:1] <= b"6"):
        raise MalformedMessage("no status code", "start line")
    # RFC 3261 8.1.3.3: more than one Via means that it was not for us.
    if via.rest or headers.repeated("via"):
        raise MalformedMessage("more than one Via in a response", "Via")
    cseq = _CSEQ.fullmatch((headers.get("cseq") or b"").decode("latin-1"))
    if cseq is None:
        raise MalformedMessage("not a valid CSeq", "CSeq")
    return Response(int(status), via, cseq[2], headers)


def loose_text(value: bytes, name: str) -> str:
    """A value of which only some is needed: what is no text in it becomes U+FFFD.

    Raises RequestError 513 if it is too long to be read.
    """
    _check_length(value, name)
    return value.decode(errors="replace")


def _text(value: bytes, name: str) -> str:
    _check_length(value, name)
    if value.translate(None, _TEXT):
        try:
            _check_echo(value, label(name))
        except MalformedMessage as error:
            raise RequestError(400, f"{error.reason} in {label(name)}") from None
    return value.decode()


def _check_length(value: bytes, name: str) -> None:
    if len(value) > MAX_VALUE:
        raise RequestError(513, f"{label(name)} has more than {MAX_VALUE} octets")
