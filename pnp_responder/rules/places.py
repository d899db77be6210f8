"""What a rules file is made of: nodes that remember where they stand, and how much of it is taken.

Every scalar is the text in the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

MAX_OCTETS = 16 * 1024 * 1024
MAX_LINES = 1_000_000
MAX_NODES = 1_000_000
MAX_ENTRIES = 100_000
"""Rules, tests, or variables of one file; also the values within one of them. 50,000 rules are 5 MB."""
MAX_DEPTH = 32
TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels", "close some of them"
"""Message and hint."""


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
