"""YAML that remembers where everything stands, with every scalar as the text in the file.

Read as an event stream with caps, never composed: composing 100,000 nested brackets ends the
process in libyaml, and aliases and merge keys make bombs of a few hundred octets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from pnp_responder.rules.problems import Findings
from pnp_responder.rules.yaml_words import explain_yaml_error, quote_value

MAX_OCTETS = 16 * 1024 * 1024
MAX_NODES = 1_000_000
MAX_DEPTH = 32
MAX_REPAIRS = 20
REPAIRABLE_LENGTH = 1_000_000
"""After a value that lacks its quotes, reading goes on as if it had them; each time from the top."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")
_REFUSED = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Spot(NamedTuple):
    """A bare place, counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Text:
    """A scalar. `plain`: without quotes; `end_line`, `end_column`: just behind it."""

    value: str
    line: int
    column: int
    plain: bool = False
    end_line: int = 0
    end_column: int = 0


@dataclass(slots=True)
class Mapping:
    """A mapping; `entries` in file order, keys unique. `flow`: written with braces."""

    line: int
    column: int
    flow: bool = False
    entries: dict[str, tuple[Text, Node]] = field(default_factory=dict)


@dataclass(slots=True)
class Sequence:
    """A list."""

    line: int
    column: int
    flow: bool = False
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Unreadable:
    """Stands where a problem was found already; says nothing more."""

    line: int
    column: int


Node = Text | Mapping | Sequence | Unreadable


class _Stop(Exception):
    """Reading cannot go on; the problem is noted."""


def parse_yaml(text: str, findings: Findings) -> Mapping | None:
    """The top-level mapping of `text`; None if there is none, and then `findings` says why.

    Reads on after what it can read past, so that all problems come in one run. `text` may begin
    with a byte order mark.
    """
    if len(text) > MAX_OCTETS or len(text.encode("utf-8", "surrogatepass")) > MAX_OCTETS:
        findings.error(Spot(1, 1), "the file is larger than 16 MiB")
        return None
    if not _check_characters(text, findings):
        return None
    for _ in range(MAX_REPAIRS):
        try:
            root = _Builder(findings).build(yaml.parse(text, Loader=_LOADER))
        except _Stop:
            return None
        except yaml.YAMLError as error:
            words = explain_yaml_error(error, text)
            findings.error(words, words.message, words.hint)
            repaired = quote_value(text, words) if len(text) <= REPAIRABLE_LENGTH else None
            if repaired is None:
                return None
            text = repaired
            continue
        return _top_mapping(root, findings)
    return None


def _check_characters(text: str, findings: Findings) -> bool:
    """Refuse what no editor shows: NUL, control characters, stray line separators."""
    for found, match in enumerate(_REFUSED.finditer(text)):
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        findings.error(
            Spot(line, column),
            f"character U+{ord(match[0]):04X} cannot stand in this file",
            "is the file really UTF-8 text?" if found == 0 else "",
        )
        if found == MAX_REPAIRS:
            break
    return not findings.failed


def _top_mapping(root: Node | None, findings: Findings) -> Mapping | None:
    if isinstance(root, Mapping):
        return root
    if root is None or (isinstance(root, Text) and root.plain and not root.value):
        findings.error(Spot(1, 1), "the file holds no rules", "write at least 'rules: []'")
    elif not isinstance(root, Unreadable):
        what = "a list" if isinstance(root, Sequence) else "a single text"
        findings.error(root, f"expected keys such as 'rules:' at the top, found {what}")
    return None


class _Builder:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._nodes = 0

    def build(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._findings.error(
                        _spot(event), "a second document begins here; one file is one document"
                    )
                    raise _Stop
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 1)
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        mark, end = event.start_mark, event.end_mark
        line, column = mark.line + 1, mark.column + 1
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._findings.error(Spot(line, column), f"more than {MAX_NODES:,} values in one file")
            raise _Stop
        if event.anchor is not None:
            self._refuse_anchor(event, line, column)
        if isinstance(event, yaml.AliasEvent):
            return Unreadable(line, column)
        if event.tag not in _TEXT_TAGS:
            self._findings.error(Spot(line, column), f"tag '{event.tag}' is not allowed", "leave it out")
            if isinstance(event, yaml.ScalarEvent):
                return Unreadable(line, column)
        if isinstance(event, yaml.ScalarEvent):
            plain = not event.style
            return Text(event.value, line, column, plain, end.line + 1, end.column + 1)
        if depth > MAX_DEPTH:
            self._findings.error(Spot(line, column), f"nested deeper than {MAX_DEPTH} levels")
            raise _Stop
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self._node(inner, events, depth + 1))
                if self._findings.full:
                    raise _Stop
            return Sequence(line, column, bool(event.flow_style), items)
        return self._mapping(event, events, depth)

    def _mapping(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        mapping = Mapping(*_spot(event), bool(event.flow_style))
        readable = True
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key = self._node(inner, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Text):
                readable = False
                if mapping.flow and isinstance(key, Mapping):
                    self._findings.error(
                        mapping, "a value that begins with '{{' needs quotes", 'write "{{ … }}"'
                    )
                elif not isinstance(key, Unreadable):
                    self._findings.error(key, "a key must be a single text")
            elif key.value == "<<" and key.plain:
                self._findings.error(key, "merge keys ('<<') are not allowed", "write the keys out")
            elif (first := mapping.entries.get(key.value)) is not None:
                self._findings.error(key, f"duplicate key '{key.value}', first at line {first[0].line}")
            else:
                mapping.entries[key.value] = (key, value)
            if self._findings.full:  # bombs have a million; the first thousand tell enough
                raise _Stop
        return mapping if readable else Unreadable(mapping.line, mapping.column)

    def _refuse_anchor(self, event: Any, line: int, column: int) -> None:
        alias = isinstance(event, yaml.AliasEvent)
        kind, sign = ("an alias", "*") if alias else ("an anchor", "&")
        self._findings.error(
            Spot(line, column),
            f"{kind} ('{sign}{event.anchor}') is not allowed",
            f"put quotes round a text that begins with '{sign}'" if alias else "write the value out",
        )


def _spot(event: Any) -> Spot:
    return Spot(event.start_mark.line + 1, event.start_mark.column + 1)
