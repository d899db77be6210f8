"""Globs: `*`, `?`, `[…]` over a whole text; a stranger's text cannot make them slow."""

from __future__ import annotations

import re

GLOB_SIGNS = frozenset("*?[")


def is_glob(text: str) -> bool:
    """Does `text` hold a glob sign?"""
    return not GLOB_SIGNS.isdisjoint(text)


def glob_tokens(pattern: str) -> list[str]:
    """`pattern` cut into `*`, `?`, `[…]` and single characters.

    Raises ValueError, with words for people, for a `[` that is not closed and for an empty range.
    """
    tokens: list[str] = []
    position = 0
    while position < len(pattern):
        if pattern[position] != "[":
            tokens.append(pattern[position])
            position += 1
            continue
        # A `]` right behind `[` or `[!` stands for itself.
        first = position + (2 if pattern[position + 1 : position + 2] == "!" else 1)
        end = pattern.find("]", first + 1)
        if end < 0:
            raise ValueError("'[' is not closed; write '[[]' for the character itself")
        if pattern[first] == "^":
            raise ValueError("write '[!…]' for 'none of these characters'")
        token = pattern[position : end + 1]
        for low, high in re.findall(r"(.)-(.)(?!\]$)", token[first - position : -1], re.DOTALL):
            if low > high:
                raise ValueError(f"the range '{low}-{high}' is empty")
        tokens.append(token)
        position = end + 1
    return tokens


def compile_glob(tokens: list[str]) -> re.Pattern[str]:
    """A pattern for `fullmatch`, made of `glob_tokens`."""
    runs: list[str] = [""]
    for token in tokens:
        if token == "*":  # noqa: S105 -- a glob token, no password
            runs.append("")
        else:
            runs[-1] += _expression(token)
    if len(runs) == 1:
        return re.compile(runs[0], re.DOTALL)
    # Atomic groups: the earliest place of a middle run is always good enough, so never try a later one.
    middle = "".join(f"(?>.*?{run})" for run in runs[1:-1] if run)
    return re.compile(f"{runs[0]}{middle}.*{runs[-1]}", re.DOTALL)


def _expression(token: str) -> str:
    if token == "?":  # noqa: S105
        return "."
    if len(token) == 1:
        return re.escape(token)
    negated = token.startswith("[!")
    inside = token[2:-1] if negated else token[1:-1]
    ranges = []
    position = 0
    while position < len(inside):
        if position + 2 < len(inside) and inside[position + 1] == "-":
            ranges.append(f"{re.escape(inside[position])}-{re.escape(inside[position + 2])}")
            position += 3
        else:
            ranges.append(re.escape(inside[position]))
            position += 1
    return f"[{'^' if negated else ''}{''.join(ranges)}]"
