"""The Event header (RFC 6665 8.2.1)."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.errors import RequestError
from pnp_responder.sip.grammar import BLANKS, Parameter, is_token, parse_parameters


class Event(NamedTuple):
    """`package` as written, "" where the header is missing; `parameters` unescaped, in order."""

    package: str
    parameters: tuple[Parameter, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Event:
        """Raises RequestError 400 for a package that is no token."""
        package, _, parameters = text.partition(";")
        package = package.strip(BLANKS)
        if package and not is_token(package):
            raise RequestError(400, "not a valid Event")
        return cls(package, parse_parameters(parameters))

    def __str__(self) -> str:
        """The value in strict form, made anew from its parts."""
        return ";".join([self.package, *map(str, self.parameters)])
