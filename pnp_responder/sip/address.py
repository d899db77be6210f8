"""From, To and Contact: name-addr and addr-spec (RFC 3261 20.10, 25.1), and SIP URIs."""

from __future__ import annotations

import re
from typing import NamedTuple

from pnp_responder.datagram import new
from pnp_responder.errors import RequestError
from pnp_responder.sip.grammar import (
    BLANKS,
    Parameter,
    is_token,
    parse_parameters,
    quoted_string,
    quotes_are_closed,
)

DEFAULT_PORT = 5060

# Everything that RFC 3261 25.1 lets stand somewhere in a URI; the rest would not survive a strict reader.
_URI_TEXT = r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-_.!~*'()&=+$,;?/:@%\[\]]+"
_URI = re.compile(_URI_TEXT)
# What nearly all phones write; the long way gives the same for it.
_USUAL_PORT = str(DEFAULT_PORT)
_USUAL = re.compile(rf"<({_URI_TEXT})>(?:;tag=([A-Za-z0-9\-.!%*_+`'~]+))?")
_USUAL_SIP_TEXT = r"(sips?):(?:([A-Za-z0-9\-_.!~*'()&=+$,/%]+)@)?([A-Za-z0-9.\-]+)(?::([0-9]{1,5}))?"
_USUAL_SIP = re.compile(_USUAL_SIP_TEXT)
_USUAL_IN_BRACKETS = re.compile(rf"<{_USUAL_SIP_TEXT.replace(',/%', '/%')}>")
_DISPLAY_TOKENS = re.compile(r"[A-Za-z0-9\-.!%*_+`'~ \t\u0080-\U0010ffff]*")


class NameAddr(NamedTuple):
    """`uri` without `<>`, as written; `parameters` are those of the header, not of the URI.

    `bracketed` tells whether it stood in `<>`. `tag` is the tag; an empty one counts as none.
    """

    uri: str
    parameters: tuple[Parameter, ...] = ()
    bracketed: bool = True
    tag: str | None = None

    @classmethod
    def parse(cls, text: str, header: str) -> NameAddr:
        """Read `"Display" <uri>;p=v`, `Display <uri>;p=v` or `uri;p=v`.

        Without `<>` everything after the first `;` belongs to the header (RFC 3261 20.10).
        Raises RequestError 400 that names `header`.
        """
        usual = _USUAL.fullmatch(text)
        if usual is not None:
            uri, tag = usual.groups()
            return new(cls, (uri, () if tag is None else (Parameter("tag", tag, False),), True, tag))
        text = text.strip(BLANKS)
        if not quotes_are_closed(text):
            raise RequestError(400, f"a quote is left open in {header}")
        if text[:1] == '"':
            display = quoted_string(text)
            assert display is not None  # it is closed
            rest = text[display[1] :].lstrip(BLANKS)
            if rest[:1] != "<":
                raise RequestError(400, f"no <URI> after the display name in {header}")
        else:
            before, bracket, after = text.partition("<")
            if not bracket:
                uri, _, parameters = text.partition(";")
                return cls._of(checked_uri(uri.strip(BLANKS), header), parameters, False, header)
            if _DISPLAY_TOKENS.fullmatch(before) is None:
                raise RequestError(400, f"display name without its quotes in {header}")
            rest = bracket + after
        uri, bracket, rest = rest[1:].partition(">")
        if not bracket:
            raise RequestError(400, f"no > after the URI in {header}")
        rest = rest.strip(BLANKS)
        if rest and rest[0] != ";":
            raise RequestError(400, f"text after the URI in {header}")
        return cls._of(checked_uri(uri.strip(BLANKS), header), rest[1:], True, header)

    @classmethod
    def _of(cls, uri: str, text: str, bracketed: bool, header: str) -> NameAddr:
        parameters = parse_parameters(text)
        tag = next((p.value for p in parameters if p.name.lower() == "tag"), None) or None
        # It goes into our NOTIFY, where anything else would be more than a tag.
        if tag is not None and not is_token(tag):
            raise RequestError(400, f"the tag in {header} is no token")
        return cls(uri, parameters, bracketed, tag)

    def parameter(self, name: str) -> str | None:
        """The value of a header parameter; None if it is missing or has no value."""
        for parameter in self.parameters:
            if parameter.name.lower() == name:
                return parameter.value
        return None


def checked_uri(text: str, header: str) -> str:
    """`text` if it looks like a URI of any scheme; else RequestError 400 that names `header`."""
    if _URI.fullmatch(text) is None:
        raise RequestError(400, f"no valid URI in {header}")
    return text


class SipUri(NamedTuple):
    """A sip: or sips: URI taken apart as far as anybody here needs it.

    `user` is None where there is no `@`. `host` may be empty or no address at all: phones put a
    MAC there. `port` is None where none is written, 0 where what is written is no port. `text` is the
    whole.
    """

    scheme: str
    user: str | None
    host: str
    port: int | None
    text: str

    @classmethod
    def parse(cls, uri: str) -> SipUri:
        """Raises ValueError for a scheme other than sip and sips."""
        usual = _USUAL_SIP.fullmatch(uri)
        if usual is not None:
            scheme, user, host, port = usual.groups()
            return new(cls, (scheme, user, host, None if port is None else parse_port(port) or 0, uri))
        scheme, _, rest = uri.partition(":")
        scheme = scheme.lower()
        if scheme not in ("sip", "sips"):
            raise ValueError("not a SIP URI")
        # RFC 3261 25.1: the user part may hold ; and ? but no @.
        user, at, after = rest.partition("@")
        hostport = after if at else rest
        for delimiter in ";?":
            hostport = hostport.partition(delimiter)[0]
        host, port = split_hostport(hostport)
        return cls(scheme, user if at else None, host, (parse_port(port) or 0) if port else None, uri)

    @classmethod
    def in_brackets(cls, value: str) -> SipUri | None:
        """The URI where `value` is nothing but one in `<>`, as most phones write a Contact; else None."""
        usual = _USUAL_IN_BRACKETS.fullmatch(value)
        if usual is None:
            return None
        scheme, user, host, port = usual.groups()
        return new(cls, (scheme, user, host, None if port is None else parse_port(port) or 0, value[1:-1]))


def split_hostport(text: str) -> tuple[str, str]:
    """`host:port` or `[v6]:port` taken apart; the port is "" if there is none."""
    if text[:1] == "[":
        host, bracket, rest = text.partition("]")
        return host + bracket, rest.partition(":")[2]
    host, _, port = text.partition(":")
    return host, port


def parse_port(text: str) -> int | None:
    """A port (1 to 65535) from its decimal digits, or None."""
    if text == _USUAL_PORT:
        return DEFAULT_PORT
    # int() takes signs, blanks, underscores and the digits of other scripts.
    if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < (port := int(text)) < 65536:
        return port
    return None
