"""Log entries as lines: for a person at a terminal, or as JSON for everything else."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from pnp_responder.datagram import UDP
from pnp_responder.enrollment import USUAL_PROFILE
from pnp_responder.escaping import escape
from pnp_responder.events import EnrollmentOffered
from pnp_responder.masking import may_hold_secrets
from pnp_responder.service.phone_fields import Fields, offer_fields

Format = Literal["console", "json"]

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


class Offers(NamedTuple):
    """Phones that were offered a URL at one time, an entry each: thousands come in a second."""

    when: float
    offered: Sequence[EnrollmentOffered]

    @property
    def level(self) -> int:
        """Of all of them."""
        return logging.INFO

    @property
    def entries(self) -> list[Entry]:
        """One by one."""
        return [
            Entry(self.when, self.level, OFFERED, offer_fields(event.enrollment, event.rule, event.masked))
            for event in self.offered
        ]


OFFERED = "enrollment_offered"

AnyEntry = Entry | Offers


def one_by_one(entries: Iterable[AnyEntry]) -> Iterator[Entry]:
    """Each that is among or in `entries`."""
    for entry in entries:
        if isinstance(entry, Offers):
            yield from entry.entries
        else:
            yield entry


def line_renderer(form: Format, *, colour: bool = False) -> Callable[[AnyEntry], str]:
    """A function that makes an entry's line, or the lines of all that are in it. Every text is escaped, so it
    is one line each."""
    return _Console(colour) if form == "console" else _json_lines


def _json_lines(entry: AnyEntry) -> str:
    return "\n".join(_json_offers(*entry)) if isinstance(entry, Offers) else _json_line(entry)


def _json_offers(when: float, offered: Sequence[EnrollmentOffered]) -> list[str]:
    """Written out, for all phones of a campus may ask at once. A MAC is digits, an address digits and dots;
    all other texts are escaped."""
    head = f'{_head(int(when * 1000), logging.INFO, OFFERED)}, "mac": "'
    urls = [event.url if event.shown is None else event.shown for event in offered]
    # All at once: nearly never has one of them anything to hide, or that JSON or a terminal might mistake.
    if may_hold_secrets("".join(urls)):
        urls = [event.masked for event in offered]
    urls, rules = _json_texts(urls), _json_texts([event.rule for event in offered])
    lines: list[str] = []
    for event, url, rule in zip(offered, urls, rules, strict=True):
        (_, vendor, model, version), profile_type, _, _, _ = event.said
        mac, remote, local = event.mac, event.remote, event.local
        if not mac or local is None or remote is None or local[2] != UDP or profile_type != USUAL_PROFILE:
            lines += map(_json_line, Offers(when, [event]).entries)
            continue
        lines.append(
            f'{head}{mac}"{_about(vendor, model, version)}, "rule": "{rule}", "url": "{url}"'
            f'{_interface(local[0])}, "source": "{remote[0]}:{remote[1]}"}}'
        )
    return lines


def _json_texts(texts: list[str]) -> list[str]:
    """As `_json_text`, without the quotes."""
    every = "".join(texts)
    if every.isascii() and every.isprintable() and '"' not in every and "\\" not in every:
        return texts
    return [_json_text(text)[1:-1] for text in texts]


def _json_line(entry: Entry) -> str:
    pairs = "".join([f', "{key}": {_json_value(value)}' for key, value in entry.fields.items()])
    return f"{_head(int(entry.when * 1000), entry.level, entry.name)}{pairs}}}"


@lru_cache(maxsize=16)
def _head(milliseconds: int, level: int, name: str) -> str:
    second, milliseconds = divmod(milliseconds, 1000)
    stamp = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z"
    return f'{{"timestamp": "{stamp}", "level": "{_LEVELS[level]}", "event": {_json_text(name)}'


@lru_cache(maxsize=512)
def _about(vendor: str, model: str, version: str) -> str:
    texts = {"vendor": vendor, "model": model, "version": version}
    return "".join(f', "{key}": {_json_text(text)}' for key, text in texts.items())


@lru_cache(maxsize=64)
def _interface(name: str) -> str:
    return f', "interface": {_json_text(name)}'


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
        return "\n".join(map(self._line, one_by_one([entry])))

    def _line(self, entry: Entry) -> str:
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
