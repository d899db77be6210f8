"""Problems of an administrator's file: where, what, and what to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Protocol

from pnp_responder.errors import ProblemsFound
from pnp_responder.escaping import escape_controls
from pnp_responder.masking import MASK, goes_on_with_secret, mask_source, secret_spans, speaks_of_secret

Severity = Literal["error", "warning"]

LINE_BREAK = re.compile(r"\r\n|\r|\n")
MOST_PROBLEMS = 1_000
"""Of one file. Further ones are counted."""
MOST_WORDS = 500
"""Characters of a message and of a hint: a key may have a million."""
LOOKED_AT = 5_000
"""Characters on both sides of the caret where passwords are looked for: more than one has, fewer than a line
can have."""
LINES_ABOVE = 50
"""Lines above the shown one where a key is looked for that its text belongs to."""
LONG_LINE = 500
MOST_LONG_LINES = 50
"""To look for passwords in a long line takes milliseconds: of so many problems it is shown."""
SHOWN_WIDTH = 120
"""A printed source line is cut to about this many characters round the caret."""


class Place(NamedTuple):
    """Where in a file; `line` and `column` count from 1, columns in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Placed(Protocol):
    """Anything that stands in the file; `line` and `column` count from 1."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `str()` is its one line; `render()` adds the source line and a caret.

    Passwords in URLs show as `***` in both.
    """

    place: Place
    message: str
    hint: str = ""
    severity: Severity = "error"
    source: str = ""

    def __str__(self) -> str:
        label = "warning: " if self.severity == "warning" else ""
        hint = f" ({self.hint})" if self.hint else ""
        return escape_controls(f"{self.place}: {label}{mask_source(self.message)}{mask_source(hint)}")

    def render(self) -> str:
        """The one line, then the source line and a caret below the offending character."""
        if not self.source.strip():
            return str(self)
        source, column = _near(self.source, self.place.column - 1)
        source = "".join(c if c.isprintable() or c == "\t" else "?" for c in source)
        line, column = _masked(source, column)
        line, column = _shortened(line, column)
        return f"{self}\n    {line}\n    {_padding(line[:column])}^"


class RulesError(ProblemsFound):
    """The file has errors. `problems` holds all of them, and the warnings, sorted by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Findings:
    """Collects the problems of one file."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text
        self._lines: list[str] | None = None
        self._first: str | None = None
        self._long = 0
        self._problems: dict[tuple[int, int, str], Problem] = {}
        self._errors = 0
        self._noted = 0
        self._unlisted = 0
        self._end: Problem | None = None
        self._hidden: set[int] = set()
        # Of those lines that were looked at: a thousand problems would look at each fifty times.
        self._speaking: dict[int, bool] = {}

    def hide_line(self, number: int) -> None:
        """Never show what stands in source line `number`: it has a secret that its form does not tell."""
        self._hidden.add(number)

    def line(self, number: int) -> str:
        """Source line `number` (from 1), without its line break; empty beyond the end."""
        if self._lines is None and number == 1:
            if self._first is None:  # a file that is refused for its size need not be cut into lines
                self._first = LINE_BREAK.split(self._text, maxsplit=1)[0]
            return self._first
        if self._lines is None:
            self._lines = LINE_BREAK.split(self._text)
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def error(self, at: Placed, message: str, hint: str = "") -> None:
        """Something that makes the meaning doubtful. The same words at the same place count once."""
        self._add(at, message, hint, "error")

    def warning(self, at: Placed, message: str, hint: str = "") -> None:
        """Something legal and probably wrong."""
        self._add(at, message, hint, "warning")

    def place(self, at: Placed) -> Place:
        """`at` with this file's name."""
        return Place(self.name, at.line, at.column)

    @property
    def noted(self) -> int:
        """How often a problem was noted, the same one again included."""
        return self._noted

    @property
    def count(self) -> int:
        """How many problems there are by now."""
        return len(self._problems) + self._unlisted

    @property
    def full(self) -> bool:
        """Are there so many errors that further ones are only counted?"""
        return self._errors >= MOST_PROBLEMS

    @property
    def failed(self) -> bool:
        """Is there any error?"""
        return self._errors > 0

    def end(self, at: Placed, message: str) -> None:
        """Say, behind all problems, that what follows `at` was not looked at, for there are errors before."""
        hint = "mend what is listed, then check again"
        self._end = self._end or Problem(self.place(at), message, hint, "error", self._shown_line(at.line))

    def sorted(self) -> tuple[Problem, ...]:
        """The problems in the order of the file; if there are more than MOST_PROBLEMS, the last says so."""
        found = sorted(
            map(self._without_hidden, self._problems.values()), key=lambda problem: problem.place[1:]
        )
        severity: Severity = "error" if self.failed else "warning"
        if len(found) > MOST_PROBLEMS:  # warnings make room for errors
            errors = [problem for problem in found if problem.severity == "error"]
            warnings = [problem for problem in found if problem.severity == "warning"]
            found = sorted(
                errors + warnings[: MOST_PROBLEMS - len(errors)], key=lambda problem: problem.place[1:]
            )
        more = self.count - len(found)
        if more:
            found.append(Problem(found[-1].place, f"and {more:,} more problems", "", severity))
        return (*found, self._without_hidden(self._end)) if self._end is not None else tuple(found)

    def _without_hidden(self, problem: Problem) -> Problem:
        """A line may have been hidden after the problem in it was noted."""
        if problem.place.line not in self._hidden:
            return problem
        return replace(problem, source=_covered(problem.source))

    def raise_errors(self) -> None:
        """Raise RulesError with all problems if one of them is an error."""
        if self.failed:
            raise RulesError(self.sorted())

    def _add(self, at: Placed, message: str, hint: str, severity: Severity) -> None:
        self._noted += 1
        message, hint = _cut(message), _cut(hint)
        key = at.line, at.column, message
        if key in self._problems:
            return
        alike = self._errors if severity == "error" else self.count - self._errors
        self._errors += severity == "error"
        if alike >= MOST_PROBLEMS:
            self._unlisted += 1
        else:
            self._problems[key] = Problem(self.place(at), message, hint, severity, self._shown_line(at.line))

    def _shown_line(self, number: int) -> str:
        """Source line `number`; "" if it is one of many long ones, `***` if those above make it secret."""
        line = self.line(number)
        if len(line) > LONG_LINE:
            self._long += 1
            if self._long > MOST_LONG_LINES:
                return ""
        return _covered(line) if self._goes_on_with_secret(number, line[:LOOKED_AT]) else line

    def _goes_on_with_secret(self, number: int, line: str) -> bool:
        if not self._lines:
            return False
        first = max(1, number - LINES_ABOVE)
        # Not any(): each has to be known, for the next problem is perhaps one line below.
        speaking = [above for above in range(first, number) if self._speaks_of_secret(above)]
        return bool(speaking) and goes_on_with_secret(self._lines[first - 1 : number - 1], line)

    def _speaks_of_secret(self, number: int) -> bool:
        found = self._speaking.get(number)
        if found is None:
            found = self._speaking[number] = speaks_of_secret(self.line(number))
        return found


def _covered(line: str) -> str:
    return f"{line[: len(line) - len(line.lstrip())]}{MASK}" if line else ""


def _cut(text: str) -> str:
    """Beginning and end, if that is long. Masked before: half a secret has no form."""
    if len(text) <= MOST_WORDS:
        return text
    text = mask_source(text)
    return f"{text[: MOST_WORDS // 2]}…{text[-MOST_WORDS // 2 :]}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean 'vendor'?`, or nothing if no known word is near."""
    from difflib import get_close_matches  # only wanted where something is wrong already

    by_folded = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold()[:80], by_folded, n=1, cutoff=0.6)
    return f"did you mean '{by_folded[near[0]]}'?" if near else ""


def shown(text: str) -> str:
    """`text` in quotes for a message: one line, not endless; masked before it is cut."""
    if len(text) > 60:
        text = mask_source(text[:LOOKED_AT])
    clean = "".join(c if c.isprintable() else "?" for c in text[:61])
    return f"'{clean[:60]}…'" if len(clean) > 60 else f"'{clean}'"


def _near(line: str, column: int) -> tuple[str, int]:
    """What stands near `column` of `line`, and where `column` is in it."""
    start, end = max(0, column - LOOKED_AT), column + LOOKED_AT
    before, after = "…" if start else "", "…" if end < len(line) else ""
    return f"{before}{line[start:end]}{after}", column - start + len(before)


def _masked(line: str, column: int) -> tuple[str, int]:
    """`line` without passwords, and where `column` of it went: to the mask, if it stood in one."""
    moved = 0
    for start, end in secret_spans(line):
        if end <= column:
            moved += len(MASK) - (end - start)
        elif start < column:
            column = start
    return mask_source(line), column + moved


def _shortened(line: str, column: int) -> tuple[str, int]:
    if len(line) <= SHOWN_WIDTH:
        return line, column
    start = max(0, min(column - SHOWN_WIDTH // 2, len(line) - SHOWN_WIDTH))
    piece = line[start : start + SHOWN_WIDTH]
    if start + SHOWN_WIDTH < len(line):
        piece += "…"
    return (f"…{piece}", column - start + 1) if start else (piece, column)


def _padding(text: str) -> str:
    """Blanks as wide as `text` in a terminal; a tab stays a tab."""
    widths = []
    for character in text:
        if character == "\t":
            widths.append("\t")
        elif unicodedata.combining(character) == 0:
            widths.append("  " if unicodedata.east_asian_width(character) in "WF" else " ")
    return "".join(widths)
