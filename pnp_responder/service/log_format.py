"""One log entry as one line: for a person at a terminal, or as JSON for everything else."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import structlog

from pnp_responder.escaping import escape

Format = Literal["console", "json"]
Fields = dict[str, Any]

_NAME_WIDTH = 20
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
    last: Callable[[Any, str, MutableMapping[str, Any]], str]
    last = _Console(colour) if form == "console" else _json_line
    logger = structlog.wrap_logger(
        structlog.ReturnLogger(),
        processors=[structlog.processors.add_log_level, _escape_values, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
    ).bind()

    def render(entry: Entry) -> str:
        return str(logger.log(entry.level, entry.name, timestamp=entry.when, **entry.fields))

    return render


def _escape_values(_: object, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in fields.items():
        if isinstance(value, str):
            fields[key] = escape(value)
        elif isinstance(value, (list, tuple)):
            fields[key] = [escape(str(item)) for item in value]
    return fields


def _json_line(_: object, __: str, fields: MutableMapping[str, Any]) -> str:
    second, milliseconds = divmod(int(fields.pop("timestamp") * 1000), 1000)
    head = {
        "timestamp": f"{_utc(second)}.{milliseconds:03}Z",
        "level": fields.pop("level"),
        "event": fields.pop("event"),
    }
    return _encode(head | dict(fields))


# A burst has thousands of lines in the same second; and json.dumps would make an encoder for each.
_encode = json.JSONEncoder(default=str).encode


@lru_cache(maxsize=2)
def _utc(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"


class _Console:
    """`2026-11-23 09:14:02.123 info     enrollment_offered   mac=00a859112233 model="VOIP PHONE"`.

    What the device did not give is left out.
    """

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, _: object, __: str, fields: MutableMapping[str, Any]) -> str:
        when = datetime.fromtimestamp(fields.pop("timestamp")).astimezone()
        level = str(fields.pop("level"))
        shown = f"{level:8}"
        if self._colour:
            shown = f"{_COLOURS.get(level, '')}{shown}{_PLAIN}"
        clock = f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03}"
        head = f"{clock} {shown} {fields.pop('event')!s:{_NAME_WIDTH}}"
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
