"""The Event header (RFC 6665 8.2.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from pnp_responder.errors import RequestError
from pnp_responder.sip.grammar import BLANKS, Parameter, is_token, parse_parameters


class Event(NamedTuple):
    """`package` as written, "" where the header is missing; `parameters` unescaped, in order.

    `strict` is the value made anew from its parts, in the form that we send.
    """

    package: str
    parameters: tuple[Parameter, ...]
    strict: str

    # All phones of one model and version send one value. 128 values of at most MAX_VALUE octets
    # are half a mebibyte, whoever sends them.
    @staticmethod
    @lru_cache(maxsize=128)
    def parse(text: str) -> Event:
        """Raises RequestError 400 for a package that is no token."""
        package, _, rest = text.partition(";")
        package = package.strip(BLANKS)
        if package and not is_token(package):
            raise RequestError(400, "not a valid Event")
        parameters = parse_parameters(rest)
        return Event(package, parameters, ";".join([package, *map(str, parameters)]))
