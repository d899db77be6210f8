"""Header rows of a message, found by name whatever their spelling or order."""

from __future__ import annotations

from pnp_responder.sip.grammar import is_token

COMPACT_FORMS = {
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
}
"""RFC 3261 7.3.3 and 20, RFC 6665 8.2.1 and 8.2.2."""

USUAL_SPELLINGS: dict[bytes, str] = {
    b"Via": "via",
    b"From": "from",
    b"To": "to",
    b"Call-ID": "call-id",
    b"CSeq": "cseq",
    b"Contact": "contact",
    b"Max-Forwards": "max-forwards",
    b"User-Agent": "user-agent",
    b"Expires": "expires",
    b"Event": "event",
    b"Accept": "accept",
    b"Content-Length": "content-length",
}
USUAL_SPELLINGS |= {short.encode(): full for short, full in COMPACT_FORMS.items()}
"""One look-up for what nearly all rows have; `canonical_name` gives the same for every spelling."""


def canonical_name(octets: bytes) -> str | None:
    """The name in lower case and long form, or None for what is no header name.

    Only SP and HTAB may stand before the colon; any other control octet there makes it another
    name, or none, lest we and a proxy read different headers.
    """
    text = octets.rstrip(b" \t").decode("latin-1")
    if not is_token(text):
        return None
    text = text.lower()
    return COMPACT_FORMS.get(text, text)


class Headers:
    """Header values as the octets that came, unfolded and stripped of blanks at both ends.

    Names are given in lower case and long form: `headers.get("call-id")`.
    """

    __slots__ = ("_first", "_more")

    def __init__(self) -> None:
        self._first: dict[str, bytes] = {}
        self._more: dict[str, list[bytes]] = {}

    def add(self, name: str, value: bytes) -> None:
        """One more row, below those of the same name (RFC 3261 7.3.1: their order counts)."""
        if name in self._first:
            self._more.setdefault(name, []).append(value)
        else:
            self._first[name] = value

    def get(self, name: str) -> bytes | None:
        """The value of the first row of that name."""
        return self._first.get(name)

    def all(self, name: str) -> list[bytes]:
        """The values of all rows of that name, in order."""
        first = self._first.get(name)
        return [] if first is None else [first, *self._more.get(name, ())]

    def repeated(self, name: str) -> bool:
        """Is there more than one row of that name?"""
        return name in self._more

    def repeated_names(self) -> list[str]:
        """The names that have more than one row."""
        return list(self._more)

    def longest(self) -> int:
        """Octets of the longest value among the first rows of all names."""
        return max(map(len, self._first.values()), default=0)
