"""From rounds to a table: medians, and ratios within a round."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """A subject; `rounds` are seconds of CPU for one exchange, one figure a round."""

    name: str
    rounds: Sequence[float]

    @property
    def median(self) -> float:
        """Seconds of CPU for one exchange."""
        return statistics.median(self.rounds)

    def over(self, other: Row) -> float:
        """How many times the cost of `other`: the median of the ratios within each round."""
        return statistics.median(
            mine / theirs for mine, theirs in zip(self.rounds, other.rounds, strict=True)
        )

    def spread(self, other: Row) -> str:
        """The least and the greatest of these ratios."""
        ratios = [mine / theirs for mine, theirs in zip(self.rounds, other.rounds, strict=True)]
        return f"{min(ratios):.2f} to {max(ratios):.2f}"


class Part(NamedTuple):
    """Rows that are compared with one another: with each of `floors`, and with `base` (its first row)."""

    title: str
    floors: Sequence[Row]
    rows: Sequence[Row]

    def row(self, name: str) -> Row | None:
        """The row of that name."""
        return next((row for row in self.rows if row.name == name), None)


def table(part: Part) -> str:
    """A table in Markdown."""
    base = part.rows[0]
    head = [
        part.title,
        "CPU µs",
        *(f"over {row.name}" for row in part.floors),
        "least to greatest",
        f"over {base.name}",
    ]
    lines = [[row.name, f"{row.median * 1e6:.1f}", *("" for _ in part.floors), "", ""] for row in part.floors]
    lines += [
        [
            row.name,
            f"{row.median * 1e6:.1f}",
            *(f"{row.over(floor):.2f}" for floor in part.floors),
            row.spread(part.floors[0]),
            f"{row.over(base):.2f}",
        ]
        for row in part.rows
    ]
    return _markdown([head, *lines])


def as_data(part: Part) -> dict[str, object]:
    """The same with each round's figures."""
    return {
        "title": part.title,
        "floors": [floor.name for floor in part.floors],
        "cpu_seconds": {row.name: list(row.rounds) for row in (*part.floors, *part.rows)},
        "over_floors": {row.name: [row.over(floor) for floor in part.floors] for row in part.rows},
        "over_first": {row.name: row.over(part.rows[0]) for row in part.rows},
    }


def _markdown(lines: Iterable[Sequence[str]]) -> str:
    lines = list(lines)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rule = ["-" * width for width in widths]
    shown = [lines[0], rule, *lines[1:]]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in shown
    )
