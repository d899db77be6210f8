"""YAML that remembers where everything stands.

Read as an event stream with caps, never composed: composing 100,000 nested brackets ends the
process in libyaml, and aliases and merge keys make bombs of a few hundred octets. Of a large file
each rule is looked at as soon as it is there, so that one full of mistakes is not read to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import yaml

from pnp_responder.masking import MASK, sounds_secret
from pnp_responder.rules.places import (
    MAX_DEPTH,
    MAX_NODES,
    TOO_DEEP,
    Mapping,
    Node,
    Sequence,
    Spot,
    Text,
    Unreadable,
)
from pnp_responder.rules.problems import MOST_PROBLEMS, Findings
from pnp_responder.rules.survey import survey
from pnp_responder.rules.text_check import is_readable_text
from pnp_responder.rules.yaml_words import explain_yaml_error, quote_value

LARGE = 200_000
"""Characters. A smaller file is read in one go, and soon."""
MAX_REPAIRS = 20
REPAIRABLE_LENGTH = 1_000_000
MAX_READ_AGAIN = 1_000_000
"""After a value that lacks its quotes, reading goes on as if it had them; each time from the top. So many
characters are read again at most."""
AFTER_AN_ERROR = 100_000
"""Values of a large file that are still read behind its first mistake: about 10,000 rules."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALAR: Any = yaml.ScalarEvent
_TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")
_ITEMISED = ("rules", "tests")


Late = dict[str, Node | None]
"""Of `vars` and `defaults`, those that stand behind `rules`; None: too large to be known beforehand."""


class Listener(Protocol):
    """Is told what is there of a large file while it is read, and may note problems."""

    def key(self, key: Text) -> None:
        """A top-level key begins."""

    def item(self, root: Mapping, section: str, number: int, node: Node) -> None:
        """An item of the top-level list `section` is complete; `root` is what stands before that list."""

    def section(self, key: Text, node: Node) -> None:
        """The value of a top-level key is complete."""


class _Stop(Exception):
    """Reading cannot go on; the problem is noted."""


def parse_yaml(text: str, findings: Findings, listen: Callable[[Late], Listener]) -> Mapping | None:
    """The top-level mapping of `text`; None if there is none, and then `findings` says why.

    Reads on after what it can read past, so that all problems come in one run; a large file only so far.
    `text` has no byte order mark. `listen` gives the listener to one reading of a large file, given what the
    rules need and stands behind them.
    """
    if not is_readable_text(text, findings):
        return None
    large = len(text) > LARGE
    again = 0
    for _ in range(MAX_REPAIRS):
        try:
            listener = None
            if large:
                excess, late = survey(text, _LOADER)
                if excess is not None:
                    findings.error(excess, excess.message, excess.hint)
                    return None
                listener = listen({name: _section_of(name, late[name], findings) for name in late})
            root = _Builder(findings, listener).build(text)
        except _Stop:
            return None
        except yaml.YAMLError as error:
            words = explain_yaml_error(error, text)
            findings.error(words, words.message, words.hint)
            again += len(text)
            if again > MAX_READ_AGAIN or len(text) > REPAIRABLE_LENGTH:
                return None
            repaired = quote_value(text, words)
            if repaired is None:
                return None
            text = repaired
            continue
        return _top_mapping(root, findings)
    return None


def _section_of(name: str, events: list[Any] | None, findings: Findings) -> Node | None:
    return None if events is None else _Builder(findings, None).replay(events, name)


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
    def __init__(self, findings: Findings, listener: Listener | None) -> None:
        self._findings = findings
        self._listener = listener
        self._left = MAX_NODES
        self._hurried = False
        self._next: Any = None

    def build(self, text: str) -> Node | None:
        loader = _LOADER(text)
        self._next = loader.get_event
        try:
            return self._documents()
        finally:
            loader.dispose()

    def replay(self, events: list[Any], name: str) -> Node:
        """The value of the top-level key `name`, of which these are the events, or more."""
        self._next = iter(events).__next__
        return self._node(self._next(), 2, name)

    def _documents(self) -> Node | None:
        root: Node | None = None
        documents = 0
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._findings.error(
                        _spot(event), "a second document begins here; one file is one document"
                    )
                    raise _Stop
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, 1, "")
        return root

    def _node(self, event: Any, depth: int, under: str) -> Node:
        """The node that `event` begins. `under`: the key that it belongs to, at whatever depth of lists."""
        self._left -= 1
        if self._left < 0:
            self._end(event)
        if type(event) is _SCALAR and event.tag is None and event.anchor is None:
            start, end = event.start_mark, event.end_mark
            return Text(
                event.value, start.line + 1, start.column + 1, not event.style, end.line + 1, end.column + 1
            )
        return self._other(event, depth, under)

    def _other(self, event: Any, depth: int, under: str) -> Node:
        spot, end = _spot(event), event.end_mark
        if event.anchor is not None:
            self._refuse_anchor(event, spot, under)
        if isinstance(event, yaml.AliasEvent):
            return Unreadable(*spot)
        if event.tag not in _TEXT_TAGS:
            tag = MASK if sounds_secret(under) else event.tag
            self._error(spot, f"tag '{tag}' is not allowed", "leave it out")
            if isinstance(event, yaml.ScalarEvent):
                return Unreadable(*spot)
        if isinstance(event, yaml.ScalarEvent):
            return Text(event.value, *spot, not event.style, end.line + 1, end.column + 1)
        if depth > MAX_DEPTH:
            self._findings.error(spot, *TOO_DEEP)
            raise _Stop
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while type(inner := self._next()) is not yaml.SequenceEndEvent:
                items.append(self._node(inner, depth + 1, under))
            return Sequence(*spot, bool(event.flow_style), items)
        return self._mapping(event, depth, under)

    def _mapping(self, event: Any, depth: int, under: str) -> Node:
        mapping = Mapping(*_spot(event), bool(event.flow_style))
        entries = mapping.entries
        readable = True
        while type(inner := self._next()) is not yaml.MappingEndEvent:
            key = self._node(inner, depth + 1, under)
            name = key.value if type(key) is Text else ""
            if depth == 1 and self._listener is not None and type(key) is Text and name not in entries:
                value = self._section(self._listener, mapping, key)
            else:
                value = self._node(self._next(), depth + 1, name)
            if type(key) is Text and name not in entries and (name != "<<" or not key.plain):
                entries[name] = (key, value)
            else:
                readable = self._refuse_key(mapping, key, under) and readable
        return mapping if readable else Unreadable(mapping.line, mapping.column)

    def _section(self, listener: Listener, root: Mapping, key: Text) -> Node:
        """The value of a top-level key. The listener hears of it, and of each rule or test."""
        listener.key(key)
        self._mind(key)
        event: Any = self._next()
        plain = type(event) is yaml.SequenceStartEvent and event.anchor is None and event.tag is None
        if key.value not in _ITEMISED or not plain:
            node = self._node(event, 2, key.value)
            listener.section(key, node)
            self._mind(node)
            return node
        node = Sequence(*_spot(event), bool(event.flow_style))
        while type(inner := self._next()) is not yaml.SequenceEndEvent:
            item = self._node(inner, 3, "")
            node.items.append(item)
            listener.item(root, key.value, len(node.items), item)
            self._mind(item)
        return node

    def _refuse_key(self, mapping: Mapping, key: Node, under: str) -> bool:
        """Note what is wrong with the key. Is the mapping still of use?"""
        if not isinstance(key, Text):
            if mapping.flow and isinstance(key, Mapping):
                self._error(mapping, "a value that begins with '{{' needs quotes", 'write "{{ … }}"')
            elif not isinstance(key, Unreadable):
                self._error(key, "a key must be a single text")
            return False
        first = mapping.entries.get(key.value)
        if first is not None:
            name = MASK if sounds_secret(under) else key.value
            self._error(key, f"duplicate key '{name}', first at line {first[0].line}")
        else:
            self._error(key, "merge keys ('<<') are not allowed", "write the keys out")
        return True

    def _refuse_anchor(self, event: Any, spot: Spot, under: str) -> None:
        alias = isinstance(event, yaml.AliasEvent)
        kind, sign = ("an alias", "*") if alias else ("an anchor", "&")
        name = MASK if sounds_secret(under) else f"{sign}{event.anchor}"
        self._error(
            spot,
            f"{kind} ('{name}') is not allowed",
            f"put quotes round a text that begins with '{sign}'" if alias else "write the value out",
        )

    def _error(self, at: Any, message: str, hint: str = "") -> None:
        self._findings.error(at, message, hint)
        self._mind(at)

    def _mind(self, at: Any) -> None:
        """Bombs have a million mistakes; the first thousand tell enough."""
        if self._findings.full:
            self._findings.end(at, f"more than {MOST_PROBLEMS:,} problems: the file is read no further")
            raise _Stop
        if self._listener is not None and self._findings.failed and not self._hurried:
            self._hurried = True
            self._left = min(self._left, AFTER_AN_ERROR)

    def _end(self, event: Any) -> None:
        if self._hurried:
            self._findings.end(_spot(event), "a large file with mistakes is read no further than this")
        else:
            self._findings.error(_spot(event), f"more than {MAX_NODES:,} values in one file")
        raise _Stop


def _spot(event: Any) -> Spot:
    return Spot(event.start_mark.line + 1, event.start_mark.column + 1)
