"""One log entry as one line: for a person at a terminal, or as JSON for everything else."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from pnp_responder.datagram import UDP
from pnp_responder.enrollment import USUAL_PROFILE, Enrollment
from pnp_responder.escaping import escape

Format = Literal["console", "json"]
Fields = dict[str, Any]

_NAME_WIDTH = 20
_LEVELS = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warning",
    logging.ERROR: "error",
    logging.CRITICAL: "critical",
}
_COLOURS = {"debug": "\x1b[2m", "info": "\x1b[32m", "warning": "\x1b[33m", "error": "\x1b[31m"}
_PLAIN = "\x1b[0m"


class Entry(NamedTuple):
    """Something to log: wall clock time in seconds, level number of `logging`, stable event name, fields."""

    when: float
    level: int
    name: str
    fields: Fields


class PhoneEntry(NamedTuple):
    """An entry about a phone that was offered a URL: as an Entry with those `fields`, made with less."""

    when: float
    level: int
    name: str
    enrollment: Enrollment
    rule: str
    url: str
    status: int | None = None
    attempts: int | None = None

    @property
    def fields(self) -> Fields:
        """Those of the line."""
        (mac, vendor, model, version), profile_type, _, remote, local = self.enrollment
        return {
            "mac": mac,
            "vendor": vendor,
            "model": model,
            "version": version,
            "rule": self.rule,
            "url": self.url,
            "interface": local.interface if local else None,
            "source": str(remote) if remote else None,
            **({} if self.status is None else {"status": self.status}),
            **({} if self.attempts is None else {"attempts": self.attempts}),
            **({"transport": local.transport} if local and local.transport != UDP else {}),
            **({"profile_type": profile_type} if profile_type != USUAL_PROFILE else {}),
        }


AnyEntry = Entry | PhoneEntry


def line_renderer(form: Format, *, colour: bool = False) -> Callable[[AnyEntry], str]:
    """A function that makes an entry's line. Every text in it is escaped, so it is one line always."""
    return _Console(colour) if form == "console" else _json_line


def _json_line(entry: AnyEntry) -> str:
    if type(entry) is not PhoneEntry:
        return _plain_json_line(entry.when, entry.level, entry.name, entry.fields)
    # Written out, for it runs twice for each phone of a campus that asks at once. A MAC is digits and an
    # address digits and dots; all other texts are escaped.
    when, level, name, enrollment, rule, url, status, attempts = entry
    (mac, vendor, model, version), profile_type, _, remote, local = enrollment
    if not mac or local is None or remote is None or local[2] != UDP or profile_type != USUAL_PROFILE:
        return _plain_json_line(when, level, name, entry.fields)
    host, port = remote
    if not url.isprintable() or "\\" in url:
        url = escape(url)
    return (
        f'{_head(int(when * 1000), level, name)}, "mac": "{mac}"{_about(vendor, model, version, rule)}, '
        f'"url": {_quoted_ascii(url)}{_interface(local[0])}, '
        f'"source": "{host}:{port}"{_outcome(status, attempts)}'
    )


def _plain_json_line(when: float, level: int, name: str, fields: Fields) -> str:
    pairs = "".join([f', "{key}": {_json_value(value)}' for key, value in fields.items()])
    return f"{_head(int(when * 1000), level, name)}{pairs}}}"


# The two lines of each phone that is served in one millisecond begin alike.
@lru_cache(maxsize=16)
def _head(milliseconds: int, level: int, name: str) -> str:
    second, milliseconds = divmod(milliseconds, 1000)
    stamp = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z"
    return f'{{"timestamp": "{stamp}", "level": "{_LEVELS[level]}", "event": {_json_text(name)}'


@lru_cache(maxsize=512)
def _about(vendor: str, model: str, version: str, rule: str) -> str:
    texts = {"vendor": vendor, "model": model, "version": version, "rule": rule}
    return "".join(f', "{key}": {_json_text(text)}' for key, text in texts.items())


@lru_cache(maxsize=64)
def _interface(name: str) -> str:
    return f', "interface": {_json_text(name)}'


@lru_cache(maxsize=64)
def _outcome(status: int | None, attempts: int | None) -> str:
    numbers = {"status": status, "attempts": attempts}
    return "".join([f', "{key}": {number}' for key, number in numbers.items() if number is not None] + ["}"])


def _json_text(text: str) -> str:
    return _quoted_ascii(text if text.isprintable() and "\\" not in text else escape(text))


def _json_value(value: Any) -> str:
    return _json_text(value) if isinstance(value, str) else _encode(_escaped(value))


_quoted_ascii = json.encoder.encode_basestring_ascii
_encode = json.JSONEncoder(default=str).encode


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value)
    return [escape(str(item)) for item in value] if isinstance(value, (list, tuple)) else value


class _Console:
    """`2026-11-23 09:14:02.123 info     enrollment_offered   mac=00a859112233 model="VOIP PHONE"`.

    What the device did not give is left out.
    """

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, entry: AnyEntry) -> str:
        when = datetime.fromtimestamp(entry.when).astimezone()
        level = _LEVELS[entry.level]
        shown = f"{level:8}"
        if self._colour:
            shown = f"{_COLOURS.get(level, '')}{shown}{_PLAIN}"
        clock = f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03}"
        head = f"{clock} {shown} {escape(entry.name):{_NAME_WIDTH}}"
        fields = {key: _escaped(value) for key, value in entry.fields.items()}
        pairs = [f"{key}={_quoted(value)}" for key, value in fields.items() if value not in (None, "", [])]
        return " ".join([head, *pairs]).rstrip()


def _quoted(value: Any) -> str:
    """Unambiguous: bare words hold no blank, quote or equals sign; in quotes the same quote is escaped."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if text and not set(text) & set(" \"'="):
        return text
    if '"' in text and "'" not in text:
        return f"'{text}'"
    return '"' + text.replace('"', '\\"') + '"'
