"""A text with gaps: what the messages of one kind of device have in common, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence

Values = tuple[str | None, ...]
"""What goes into the gaps, each in a place of its own. None stands where no gap asks."""


class Template:
    """`pieces` are texts and gaps in turn, a text first and last; a gap is the place of its value."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: Sequence[str | int]) -> None:
        self._pieces = tuple(pieces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and self._pieces == other._pieces

    def __hash__(self) -> int:
        return hash(self._pieces)

    @property
    def gaps(self) -> tuple[int, ...]:
        """The places of its values."""
        return tuple(piece for piece in self._pieces if isinstance(piece, int))

    def fill(self, values: Values) -> str:
        """The text with `values` in its gaps."""
        return "".join([piece if isinstance(piece, str) else values[piece] or "" for piece in self._pieces])
