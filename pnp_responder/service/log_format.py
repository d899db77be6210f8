"""One log entry as one line: for a person at a terminal, or as JSON for everything else."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

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


def line_renderer(form: Format, *, colour: bool = False) -> Callable[[Entry], str]:
    """A function that makes an entry's line. Every text in it is escaped, so it is one line always."""
    return _Console(colour) if form == "console" else _json_line


def _json_line(entry: Entry) -> str:
    # Written out, for it runs twice for each phone of a campus that asks at once.
    when, level, name, fields = entry
    second, milliseconds = divmod(int(when * 1000), 1000)
    line = (
        f'{{"timestamp": "{_utc(second)}.{milliseconds:03}Z", "level": "{_LEVELS[level]}",'
        f' "event": {_json_text(name)}'
    )
    for key, value in fields.items():
        if key in _OFTEN_THE_SAME:
            line += f', "{key}": {_json_value_again(value)}'
        else:
            line += f', "{key}": {_json_text(value) if isinstance(value, str) else _json_value(value)}'
    return line + "}"


def _json_text(text: str) -> str:
    return _quoted_ascii(text if text.isprintable() and "\\" not in text else escape(text))


def _json_value(value: Any) -> str:
    return _json_text(value) if isinstance(value, str) else _encode(_escaped(value))


_json_value_again = lru_cache(maxsize=512)(_json_value)
_OFTEN_THE_SAME = frozenset({"vendor", "model", "version", "rule", "interface", "status", "attempts"})

_quoted_ascii = json.encoder.encode_basestring_ascii
_encode = json.JSONEncoder(default=str).encode


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value)
    return [escape(str(item)) for item in value] if isinstance(value, (list, tuple)) else value


@lru_cache(maxsize=2)
def _utc(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"


class _Console:
    """`2026-11-23 09:14:02.123 info     enrollment_offered   mac=00a859112233 model="VOIP PHONE"`.

    What the device did not give is left out.
    """

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, entry: Entry) -> str:
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
