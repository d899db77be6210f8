"""Passwords out of what people see. The clear text of a URL belongs in the NOTIFY alone."""

from __future__ import annotations

import re

MASK = "***"

_PASSWORD = re.compile(r"(://[^\s/?#:@]*:)[^\s/?#@]*(?=@)")
_DOUBTFUL_PASSWORD = re.compile(r"(://[^:@]*:).*(?=@)")

# What may be one value of a line: in quotes, or up to a comma.
_VALUE = re.compile(r""""[^"]*"?|'[^']*'?|,\s|[^"',]+|,""")
# From a colon that ends neither a key (a blank follows) nor a scheme, up to the last @ of the value.
_BEFORE_AT = re.compile(r":(?!//|\s)(.*)@", re.DOTALL)
# The @ is forgotten: behind a host there would be the digits of a port.
_WITHOUT_AT = re.compile(r"""://[^:/?#@\s"']*:(?!\d{1,5}(?:[/?#\s"',}]|\Z))([^\s"'/@]+)(?!.*@)""", re.DOTALL)
_SECRET_KEY = re.compile(
    r"""(?:\A|[\s{,])["']?[\w.-]*(?:passw|pwd|\bpw|secret|token)[\w.-]*["']?\s*:\s+(\S.*)""",
    re.IGNORECASE | re.DOTALL,
)


def mask_url(url: str) -> str:
    """`url`, a valid one, with `***` for the password of its user-info, if it has one."""
    return _PASSWORD.sub(rf"\g<1>{MASK}", url)


def mask_text(text: str) -> str:
    """Any text with `***` for what may be a password in a URL in it, valid or not.

    It rather masks too much (a path with an `@`) than too little.
    """
    return _DOUBTFUL_PASSWORD.sub(rf"\g<1>{MASK}", text)


def mask_source(text: str) -> str:
    """A line of an administrator's file with `***` for what may be a password, whatever is wrong with it.

    URLs that lack their scheme or their `@` count, and the values of keys that sound secret.
    """
    pieces = []
    position = 0
    for start, end in secret_spans(text):
        pieces += [text[position:start], MASK]
        position = end
    return "".join([*pieces, text[position:]])


def secret_spans(text: str) -> list[tuple[int, int]]:
    """Where in a line passwords may stand: (start, end), ascending, apart from each other."""
    key = _SECRET_KEY.search(text)
    end = len(text) if key is None else key.start(1)
    spans = []
    for value in _joined_values(text[:end]):
        for pattern in (_BEFORE_AT, _WITHOUT_AT):
            found = pattern.search(text, *value)
            if found is not None:
                spans.append(found.span(1))
                break
    return spans if key is None else [*spans, key.span(1)]


def _joined_values(text: str) -> list[tuple[int, int]]:
    """The values of a line as (start, end); a quote within a plain value is part of it."""
    values: list[tuple[int, int]] = []
    for match in _VALUE.finditer(text):
        start, end = match.span()
        quoted = match[0][0] in "\"'"
        begins = not values or text[start - 1] in " ,[{" or text[start - 2 : start] == ", "
        if values and values[-1][1] == start and not (quoted and begins) and match[0] != ", ":
            values[-1] = values[-1][0], end
        else:
            values.append((start, end))
    return values
