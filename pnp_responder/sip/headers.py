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

USUAL_SPELLINGS: dict[str, str] = {
    name: name.lower()
    for name in (
        *(
            "Via",
            "From",
            "To",
            "Call-ID",
            "CSeq",
            "Contact",
            "Max-Forwards",
            "User-Agent",
            "Expires",
            "Event",
        ),
        *("Accept", "Content-Length", "Content-Type", "Allow", "Allow-Events", "Supported", "Server", "Date"),
    )
}
USUAL_SPELLINGS |= COMPACT_FORMS
"""One look-up for what nearly all rows have; `canonical_name` gives the same for every spelling."""


def canonical_name(written: str) -> str | None:
    """The name in lower case and long form, or None for what is no header name.

    Only SP and HTAB may stand before the colon; any other control octet there makes it another
    name, or none, lest we and a proxy read different headers.
    """
    name = written.rstrip(" \t")
    if not is_token(name):
        return None
    name = name.lower()
    return COMPACT_FORMS.get(name, name)


class Headers(dict[str, str]):
    """The value of the first row of each name, unfolded and stripped of blanks at both ends.

    Names are in lower case and long form: `headers.get("call-id")`. A value is the octets that came,
    decoded as UTF-8; octets that are none stand in it as lone surrogates (PEP 383), so that nothing
    is lost. `octets_of` is the way back.
    """

    _more: dict[str, list[str]] | None = None

    def add(self, name: str, value: str) -> None:
        """One more row, below those of the same name (RFC 3261 7.3.1: their order counts)."""
        if name not in self:
            self[name] = value
            return
        if self._more is None:
            self._more = {}
        self._more.setdefault(name, []).append(value)

    def all(self, name: str) -> list[str]:
        """The values of all rows of that name, in order."""
        first = self.get(name)
        return [] if first is None else [first, *(self._more or {}).get(name, ())]

    def repeated(self, name: str) -> bool:
        """Is there more than one row of that name?"""
        return self._more is not None and name in self._more

    def repeated_names(self) -> list[str]:
        """The names that have more than one row."""
        return list(self._more or ())


def text_of(octets: bytes) -> str:
    """Octets as they stand in `Headers`."""
    return octets.decode("utf-8", "surrogateescape")


def octets_of(value: str) -> bytes:
    """The octets that a value of `Headers` was made of."""
    return value.encode("utf-8", "surrogateescape")


def length_of(value: str) -> int:
    """How many octets a value of `Headers` was made of."""
    return len(value) if value.isascii() else len(octets_of(value))
