"""A first walk over a large file, that makes nothing of it: is it YAML, and is it more than is taken?

To read a million values takes seconds, to count them less than one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from pnp_responder.rules.places import MAX_DEPTH, MAX_ENTRIES, MAX_NODES, TOO_DEEP
from pnp_responder.rules.problems import shown

_STARTS = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
_ENDS = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


NEEDED_BY_RULES = ("vars", "defaults")
MOST_KEPT = 100_000


class Excess(NamedTuple):
    """What there is too much of, and where that begins; both count from 1."""

    line: int
    column: int
    message: str
    hint: str = ""


class Survey(NamedTuple):
    """`late`: of `vars` and `defaults` that stand behind `rules`, the parser's events; None if too many."""

    excess: Excess | None
    late: dict[str, list[Any] | None]


def survey(text: str, loader: Any) -> Survey:
    """What `text` has too much of. Raises YAMLError where it stops being YAML. `loader`: PyYAML's class."""
    reading = loader(text)
    late: dict[str, list[Any] | None] = {}
    try:
        excess = _walk(reading.get_event, late)
    finally:
        reading.dispose()
    return Survey(
        excess, {name: events if len(events or ()) < MOST_KEPT else None for name, events in late.items()}
    )


def _walk(next_event: Any, late: dict[str, list[Any] | None]) -> Excess | None:
    """Sections are the values of the top-level keys; their entries stand one level deeper."""
    depth = values = entries = documents = children = 0
    kept: list[Any] | None = None
    rules_seen = False
    limit = MAX_NODES
    section, nodes_of_an_entry = "", 1
    scalar, alias = yaml.ScalarEvent, yaml.AliasEvent
    while True:
        event = next_event()
        kind = type(event)
        if kept is not None and len(kept) < MOST_KEPT:
            kept.append(event)
        inside = depth
        if kind is scalar or kind is alias:
            values += 1
            if depth > 2 and values <= limit:
                continue
        elif kind in _STARTS:
            values += 1
            depth += 1
            if depth > MAX_DEPTH:
                return _excess(event, *TOO_DEEP)
        elif kind in _ENDS:
            depth -= 1
            continue
        elif kind is yaml.StreamEndEvent:
            return None
        elif kind is yaml.DocumentStartEvent:
            documents += 1
            if documents > 1:
                return _excess(event, "a second document begins here; one file is one document")
            continue
        else:
            continue
        if values > MAX_NODES:
            return _excess(event, f"more than {MAX_NODES:,} values in one file", _HINT)
        if inside < 2:
            section = event.value if kind is scalar else section
            children += inside
            if children % 2:  # a key
                kept = late.setdefault(section, []) if rules_seen and section in NEEDED_BY_RULES else None
                rules_seen = rules_seen or section == "rules"
            entries, limit = 0, MAX_NODES
            nodes_of_an_entry = 2 if kind is yaml.MappingStartEvent else 1
        elif inside == 2:
            entries += 1
            if entries > nodes_of_an_entry * MAX_ENTRIES:
                return _excess(event, f"more than {MAX_ENTRIES:,} entries under {shown(section)}", _HINT)
            limit = min(values + MAX_ENTRIES, MAX_NODES)
        elif values > limit:
            message = f"more than {MAX_ENTRIES:,} values within one entry of {shown(section)}"
            return _excess(event, message, _HINT)


_HINT = "leave some out: one rule with a list or a wider match can say what many say"


def _excess(event: Any, message: str, hint: str = "") -> Excess:
    return Excess(event.start_mark.line + 1, event.start_mark.column + 1, message, hint)
