"""A text in a template that people see as `***`."""

from __future__ import annotations

from pnp_responder.masking import MASK


class Secret:
    """The value of the variable `name`.

    `written`: it stands in the rules file itself. `known`: it is the value; else `***` stands for one
    that cannot be read here, and what is wrong with a URL with it in it is not known.
    """

    __slots__ = ("known", "name", "value", "written")

    def __init__(self, name: str, value: str, *, known: bool = True, written: bool = False) -> None:
        self.name = name
        self.value = value
        self.known = known
        self.written = written

    def __repr__(self) -> str:
        return f"Secret({self.name!r}, {MASK!r})"


Variable = str | Secret


def clear(part: object) -> str | None:
    """The text of a part that is the same for all devices; None for a placeholder."""
    if isinstance(part, Secret):
        return part.value
    return part if isinstance(part, str) else None
