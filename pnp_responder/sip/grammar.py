"""Fragments of RFC 3261 25.1 that several headers share: tokens, quoted strings, parameters.

Liberal in what is read: a bare value may hold blanks, a quote may be left open. What is written
is strict. All text has been unfolded before it comes here. Every function takes time linear in
its input, whatever a stranger put there.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pnp_responder.errors import RequestError

MAX_PARAMETERS = 32
"""Parameters in one header value. Phones use 6 at most; a response would echo them all."""

BLANKS = " \t"

_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_CLOSED = re.compile(r'[^"]*(?:"(?:[^"\\]|\\.)*"[^"]*)*', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PARAMETER = re.compile(
    r"""[ \t]* (?P<name> [^;="]* )
        (?: = [ \t]* (?: "(?P<quoted> (?:[^"\\]|\\.)* )"[ \t]*(?=;|\Z) | (?P<bare> [^;]* ) ) )?
        (?P<junk> [^;]* ) (?: ; | \Z )""",
    re.VERBOSE | re.DOTALL,
)
_DELIMITERS = re.compile(r'[\\"<>,;]')


class Parameter(NamedTuple):
    """`;name`, `;name=value` or `;name="value"`. `value` is unescaped; None where there is no `=`."""

    name: str
    value: str | None
    quoted: bool

    def __str__(self) -> str:
        """The parameter in strict form: a bare value that is no token comes out quoted."""
        if self.value is None:
            return self.name
        if not self.quoted and is_token(self.value):
            return f"{self.name}={self.value}"
        return f"{self.name}={quote(self.value)}"


def quotes_are_closed(text: str) -> bool:
    """Does every quoted-string in `text` end?"""
    return '"' not in text or _CLOSED.fullmatch(text) is not None


def is_token(text: str) -> bool:
    """Is `text` a token (RFC 3261 25.1)?"""
    return _TOKEN.fullmatch(text) is not None


def quote(text: str) -> str:
    """`text` as a quoted-string."""
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def quoted_string(text: str) -> tuple[str, int] | None:
    """The unescaped value of the quoted-string that `text` begins with, and where it ends."""
    match = _QUOTED.match(text)
    return None if match is None else (_unescape(match[1]), match.end())


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def parse_parameters(text: str) -> tuple[Parameter, ...]:
    """The parameters in `text`, which is what follows the first `;` of a header value.

    The name is as written. A bare value runs to the next `;`, blanks included; so does a quoted
    one whose quote is never closed. A second parameter of the same name is left out, as are
    parameters whose name is no token. Raises RequestError 513 above MAX_PARAMETERS.
    """
    if text.count(";") >= MAX_PARAMETERS and '"' not in text:
        raise _too_many()
    found: dict[str, Parameter] = {}
    position = seen = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        assert match is not None  # junk takes whatever the rest does not
        position = match.end()
        seen += 1
        if seen > MAX_PARAMETERS:
            raise _too_many()
        name, quoted, bare, junk = match.groups()
        name = name.rstrip(BLANKS)
        key = name.lower()
        if junk or key in found or not is_token(name):
            continue
        if quoted is not None:
            found[key] = Parameter(name, _unescape(quoted), True)
        elif bare is None:
            found[key] = Parameter(name, None, False)
        else:
            value = bare.strip(BLANKS)
            if value[:1] == '"':
                found[key] = Parameter(name, value[1:], True)
            else:
                found[key] = Parameter(name, value, False)
    return tuple(found.values())


def _too_many() -> RequestError:
    return RequestError(513, f"more than {MAX_PARAMETERS} parameters in one header")


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """`text` cut at each `separator` (`,` or `;`) that stands neither in quotes nor in `<>`.

    What follows a quote or bracket that is left open is not cut.
    """
    if '"' not in text and "<" not in text:
        return text.split(separator)
    pieces = []
    start = escaped = 0
    closing = ""
    for match in _DELIMITERS.finditer(text):
        delimiter, position = match[0], match.start()
        if closing == '"' and delimiter == "\\" and position >= escaped:
            escaped = position + 2
        elif closing:
            if delimiter == closing and (closing == ">" or position >= escaped):
                closing = ""
        elif delimiter == '"':
            closing = '"'
        elif delimiter == "<":
            closing = ">"
        elif delimiter == separator:
            pieces.append(text[start:position])
            start = position + 1
    pieces.append(text[start:])
    return pieces


def split_list(text: str) -> list[str]:
    """The elements of a comma-separated list, stripped.

    Empty elements are left out (RFC 3261 7.3.1 allows none; nobody means them).
    """
    elements = (element.strip(BLANKS) for element in split_outside_quotes(text, ","))
    return [element for element in elements if element]
