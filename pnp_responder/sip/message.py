"""Requests and responses (RFC 3261 7). What their headers mean is read on demand, once."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from pnp_responder.errors import MalformedMessage, RequestError
from pnp_responder.sip.address import NameAddr, SipUri
from pnp_responder.sip.event import Event
from pnp_responder.sip.grammar import split_list
from pnp_responder.sip.head import MAX_VALUE, label
from pnp_responder.sip.headers import Headers, length_of, octets_of
from pnp_responder.sip.via import Via

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_UTF_8 = re.compile(r"[\udc80-\udcff]")
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+([^ \t]+)")


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
        return _text(self.headers.get(name, ""), name)

    def elements(self, name: str, read: Callable[[str, str], str] | None = None) -> list[str] | None:
        """The elements of all rows of a comma-separated header, or None if there is no such row.

        Raises RequestError as `text` does, unless `read` makes text of a value another way.
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
            subscriber = self._from
            if subscriber is not None and subscriber.tag is None and self._said_alike("to", "from"):
                self._to = subscriber  # as phones ask for themselves
            else:
                self._to = NameAddr.parse(self.text("to"), "To")
        return self._to

    def _said_alike(self, one: str, other: str) -> bool:
        return self.headers.get(one) == self.headers.get(other)

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
            if not self.headers.repeated("contact"):
                self._contact_uri = SipUri.in_brackets(self.headers.get("contact", ""))
                if self._contact_uri is not None:
                    return self._contact_uri
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
        cseq = read_cseq(self.headers.get("cseq", ""))
        return "" if cseq is None else cseq[0]


class Response:
    """A SIP response. A client transaction looks at its status, Via and CSeq (RFC 3261 17.1.3)."""

    __slots__ = ("cseq_method", "headers", "status", "via")

    def __init__(self, status: int, via: Via, cseq_method: str, headers: Headers) -> None:
        self.status = status
        self.via = via
        self.cseq_method = cseq_method
        self.headers = headers


def loose_text(value: str, name: str) -> str:
    """A value of which only some is needed: what is no text in it becomes U+FFFD.

    Raises RequestError 513 if it is too long to be read.
    """
    _check_length(value, name)
    return value if value.isascii() else octets_of(value).decode(errors="replace")


def _text(value: str, name: str) -> str:
    _check_length(value, name)
    if not value.isprintable():
        try:
            check_echo(value, label(name))
        except MalformedMessage as error:
            raise RequestError(400, f"{error.reason} in {label(name)}") from None
    return value


def _check_length(value: str, name: str) -> None:
    if length_of(value) > MAX_VALUE:
        raise RequestError(513, f"{label(name)} has more than {MAX_VALUE} octets")


def check_echo(value: str, header: str) -> None:
    """Raises MalformedMessage for what nobody may echo: control octets but HTAB, octets that are no UTF-8."""
    if _CONTROL.search(value):
        raise MalformedMessage("a control octet", header)
    if _NOT_UTF_8.search(value):
        raise MalformedMessage("not UTF-8", header)


# Nearly every message has one of a few values: the first request of a dialog is numbered 1.
@lru_cache(maxsize=64)
def read_cseq(value: str) -> tuple[str, str] | None:
    """The number, its digits without leading zeros, and the method; None for what is no CSeq."""
    match = _CSEQ.fullmatch(value)
    return None if match is None else (match[1].lstrip("0") or "0", match[2])
