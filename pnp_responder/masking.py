"""Secrets out of what people see. The clear text of a URL belongs in the NOTIFY alone.

What is a secret is told by form here: the user-info of a URL, and what a name that sounds secret says
(`?token=`, `password:`). What is one by origin, a value out of a file or the environment, is known
where the URL is made: see `Offer.masked`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

MASK = "***"

_USER_INFO = re.compile(r"(?<=://)[^\s/?#@]+(?=@)")
# Passwords that are none: beside one of them, the user name is the secret.
_NO_PASSWORDS = ("", "x", "X", "x-oauth-basic")
_DOUBTFUL_PASSWORD = re.compile(r"(://[^:@]*:).*(?=@)")
_IN_URL = re.compile(r"""(?<=://)(?:\{\{[^{}"<>]*\}\}|[^\s"<>])+""")
_PARAMETER = re.compile(r"""[?&;#]([^\s=&;?#/]+)=((?:\{\{[^{}]*\}\}|[^\s&;#"<>])*)""")
# A URL with a mistake in it may have blanks, and lack its scheme.
_DOUBTFUL_PARAMETER = re.compile(r"""[?&;#]([^\s=&;?#/]+)=((?:\{\{[^{}]*\}\}|[^&"'])*)""")
_PLACEHOLDERS = re.compile(r"(?:\{\{[^{}]*\}\})*")

# In any part of a name, and as one of its words.
_SECRET = re.compile(r"token|secret|pass|pwd|auth|key|credential|signature|session|bearer|jwt", re.IGNORECASE)
_SECRET_WORD = re.compile(r"(?:\A|[^a-z])(?:sig|pw|pin|otp|sid|hmac)(?![a-z])", re.IGNORECASE)

# What may be one value of a line: in quotes, or up to a comma.
_VALUE = re.compile(r""""[^"]*"?|'[^']*'?|,\s|[^"',]+|,""")
# From a colon that ends neither a key (a blank follows) nor a scheme, up to the last @ of the value.
_BEFORE_AT = re.compile(r":(?!//|\s)(.*)@", re.DOTALL)
# The @ is forgotten: behind a host there would be the digits of a port.
_WITHOUT_AT = re.compile(r"""://[^:/?#@\s"']*:(?!\d{1,5}(?:[/?#\s"',}]|\Z))([^\s"'/@]+)(?!.*@)""", re.DOTALL)
# Behind a key in quotes, as in JSON, no blank need follow the colon.
_KEY = re.compile(r"""(?:\A|(?<=[\s{,]))(?:(["'])([\w.-]+)\1\s*:\s*|([\w.-]+)["']?\s*:\s+)(?=\S)""")
# A key whose value may go on in the lines below it.
_ANY_KEY = re.compile(
    r"""(?:\A|(?<=[\s{,]))(?:["']?([\w.-]+)["']?\s*:(?=\s|\Z)|\?\s+["']?([\w.-]+)["']?\s*\Z)"""
)
_OPENING = re.compile(r"(?:-\s+)*")
# Tells where a value is, not what it is.
_REFERENCE = re.compile(r"""\{\s*(?:file|env)\s*:\s+["']?[^\s"'{},=]+["']?\s*\}""")
_REFERENCE_LINE = re.compile(r"""\s*(?:file|env)\s*:\s+["']?[^\s"'{},=]+["']?\s*""")

Span = tuple[int, int]


def mask_url(url: str) -> str:
    """`url`, a valid one or a text with valid ones in it, with `***` for what is secret by its form.

    That is the password of a user-info, or all of it if there is no password, and the value of a
    parameter whose name sounds secret.
    """
    return _replace(url, _url_spans(url)) if may_hold_secrets(url) else url


def may_hold_secrets(url: str) -> bool:
    """At a glance: can `mask_url` find anything in it?"""
    return "@" in url or "=" in url


def mask_text(text: str) -> str:
    """Any text with `***` for what may be a secret in a URL in it, valid or not.

    It rather masks too much (a path with an `@`) than too little.
    """
    return mask_url("\n".join(map(_mask_doubtful, text.split("\n"))))


def mask_source(text: str) -> str:
    """A line of an administrator's file with `***` for what may be a password, whatever is wrong with it.

    URLs that lack their scheme or their `@` count, and the values of keys that sound secret.
    """
    return _replace(text, secret_spans(text))


def mask_values(text: str, secrets: Iterable[str]) -> str:
    """`text` with `***` for each of the `secrets` in it."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def sounds_secret(name: str) -> bool:
    """Is what a key or a parameter of this name says likely to be a secret?"""
    return _SECRET.search(name) is not None or _SECRET_WORD.search(name) is not None


def secret_spans(text: str) -> list[Span]:
    """Where in a line passwords may stand: (start, end), ascending, apart from each other."""
    key = next((match for match in _KEY.finditer(text) if _says_secret(match, text)), None)
    end = len(text) if key is None else key.end()
    spans = _url_spans(text[:end]) + _parameter_spans(_DOUBTFUL_PARAMETER, text, 0, end)
    for start, stop in _joined_values(text[:end]) if "@" in text or "://" in text else ():
        for pattern, sign in ((_BEFORE_AT, "@"), (_WITHOUT_AT, "://")):
            found = pattern.search(text, start, stop) if text.find(sign, start, stop) >= 0 else None
            if found is not None:
                spans.append(found.span(1))
                break
    if key is not None:
        spans.append((end, len(text)))
    return _apart(spans)


def speaks_of_secret(line: str) -> bool:
    """Is there a word in it that a key with a secret has? If not, no other line is its value."""
    return _SECRET.search(line) is not None


def goes_on_with_secret(above: Sequence[str], line: str) -> bool:
    """Does `line`, which follows the lines `above`, belong to the value of a key that sounds secret?

    It rather says yes too often. Only to be asked where one of those above `speaks_of_secret`.
    """
    if _REFERENCE_LINE.fullmatch(line):
        return False
    margin, listed = _margin(line), line.lstrip().startswith(("-", ":"))
    for text in reversed(above):
        stripped = text.lstrip()
        if not stripped or stripped.startswith("#"):
            continue
        own = _margin(text)
        opening = _OPENING.match(stripped)
        first = own + (opening.end() if opening is not None else 0)
        if first < margin or (listed and first == margin):
            keys = _ANY_KEY.findall(stripped)
            if keys and sounds_secret("".join(keys[-1])):
                return True
            listed = False
        if own < margin:
            margin = own
        if not margin and not listed:
            return False
    return False


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _says_secret(key: re.Match[str], text: str) -> bool:
    return sounds_secret(key[2] or key[3]) and _REFERENCE.match(text, key.end()) is None


def _mask_doubtful(line: str) -> str:
    head, at, tail = line.rpartition("@")
    return _DOUBTFUL_PASSWORD.sub(rf"\g<1>{MASK}", head + at) + tail


def _url_spans(text: str) -> list[Span]:
    spans = []
    for match in _USER_INFO.finditer(text):
        user, colon, password = match[0].partition(":")
        hidden = len(user) + 1 if colon and password not in _NO_PASSWORDS else 0
        spans.append((match.start() + hidden, match.end()))
    for url in _IN_URL.finditer(text) if "=" in text else ():
        spans += _parameter_spans(_PARAMETER, text, *url.span())
    return _apart(spans)


def _parameter_spans(pattern: re.Pattern[str], text: str, start: int, end: int) -> list[Span]:
    return [
        match.span(2)
        for match in pattern.finditer(text, start, end)
        if sounds_secret(unquote(match[1])) and not _PLACEHOLDERS.fullmatch(match[2])
    ]


def _apart(spans: list[Span]) -> list[Span]:
    """Ascending, those that overlap joined."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _replace(text: str, spans: list[Span]) -> str:
    pieces = []
    position = 0
    for start, end in spans:
        pieces += [text[position:start], MASK]
        position = end
    return "".join([*pieces, text[position:]])


def _joined_values(text: str) -> list[Span]:
    """The values of a line as (start, end); a quote within a plain value is part of it."""
    values: list[Span] = []
    for match in _VALUE.finditer(text):
        start, end = match.span()
        quoted = match[0][0] in "\"'"
        begins = not values or text[start - 1] in " ,[{" or text[start - 2 : start] == ", "
        if values and values[-1][1] == start and not (quoted and begins) and match[0] != ", ":
            values[-1] = values[-1][0], end
        else:
            values.append((start, end))
    return values
