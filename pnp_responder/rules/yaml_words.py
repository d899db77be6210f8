"""A YAML parser's complaint in an administrator's words, at the place that caused it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import yaml

from pnp_responder.rules.places import MAX_DEPTH, TOO_DEEP
from pnp_responder.rules.problems import LINE_BREAK

_MACRO_FIRST = re.compile(r"(?:^|[:,\[]\s*|-\s+)(?=(?:\{\{[^{}\"']*\}\}|\{\w+\})[^\s,\]}])")
"""Where a value begins with a placeholder or a phone's macro, and goes on behind it."""
_KEY = re.compile(r"\s*(?:-\s+)*[^\s:#'\"{\[,][^:#'\"{\[,]*:\s+")
_TOKENS = ("alias", "anchor", "tag", "block scalar")


class YamlWords(NamedTuple):
    """What is wrong at (line, column); `start`, if not 0, is the column of a value that lacks quotes."""

    line: int
    column: int
    message: str
    hint: str = ""
    start: int = 0


def explain_yaml_error(error: yaml.YAMLError, text: str) -> YamlWords:
    """Where `text` stops being YAML, and what to do about it."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return YamlWords(1, 1, "the file is no YAML text")
    lines = LINE_BREAK.split(text)
    problem = str(getattr(error, "problem", "") or "")
    context = str(getattr(error, "context", "") or "")
    began = getattr(error, "context_mark", None)
    line, column = mark.line + 1, mark.column + 1
    source = _line(lines, mark.line)
    character = source[mark.column : mark.column + 1]
    if "nesting depth" in problem:
        # libyaml looks ahead, and has a limit of its own, far above ours.
        return YamlWords(line, _too_deep_at(source[: mark.column]) + 1, *TOO_DEEP)
    if began is not None and "quoted scalar" in context and "escape" not in problem:
        return YamlWords(began.line + 1, began.column + 1, "this quote is never closed")
    if "\t" in source[: len(source) - len(source.lstrip())] or character == "\t":
        return YamlWords(line, source.find("\t") + 1, "a tab cannot indent", "use blanks")
    if "escape" in problem or "hexadecimal" in problem:
        return YamlWords(
            line, column, "an unknown '\\' escape", r"write '\\' for a backslash, or use ' quotes"
        )
    unquoted = _unquoted(lines, mark, began, f"{context}; {problem}")
    if unquoted is not None:
        return unquoted
    if "mapping values are not allowed" in problem:
        return _stray_colon(source, line, column)
    if began is not None and "flow" in context:
        opened = _line(lines, began.line)[began.column : began.column + 1]
        if opened in ("{", "["):
            message = f"this '{opened}' is not closed properly"
            return YamlWords(began.line + 1, began.column + 1, message, "quotes missing?")
        return YamlWords(line, column, "a '{' or '[' before this point is not closed", "quotes missing?")
    if "did not find expected" in problem or "could not find expected" in problem:
        hint = "is it indented as its neighbours are, and does each key have its ':'?"
        return YamlWords(line, column, "this line does not fit the lines above it", hint)
    return YamlWords(line, column, f"not YAML: {problem or 'unreadable'}")


def quote_value(text: str, words: YamlWords) -> str | None:
    """`text` with quotes round the value that lacks them; None if that is not what is wrong."""
    lines = text.split("\n")
    if not words.start or words.line > len(lines):
        return None
    source = lines[words.line - 1].rstrip("\r")
    before, rest = source[: words.start - 1], source[words.start - 1 :]
    end = _end_in_flow(rest) if "{" in before or "[" in before else _end_in_block(rest)
    if end == 0:
        return None
    quoted = rest[:end].replace("'", "''")
    lines[words.line - 1] = f"{before}'{quoted}'{rest[end:]}"
    return "\n".join(lines)


def _line(lines: list[str], index: int) -> str:
    """The parser's marks may lie behind the last line."""
    return lines[index] if index < len(lines) else ""


def _too_deep_at(source: str) -> int:
    """Where the brackets in it, which stand in a mapping, are first open more than MAX_DEPTH deep; or its
    end."""
    depth = 1
    for position, character in enumerate(source):
        depth += (character in "{[") - (character in "}]")
        if depth > MAX_DEPTH:
            return position
    return len(source)


def _end_in_block(rest: str) -> int:
    comment = re.search(r"\s+#", rest)
    return comment.start() if comment is not None else len(rest.rstrip())


def _end_in_flow(rest: str) -> int:
    depth = 0
    for position, character in enumerate(rest):
        if depth == 0 and character in ",}]":
            return len(rest[:position].rstrip())
        depth += (character in "{[") - (character in "}]")
    return len(rest.rstrip())


def _unquoted(lines: list[str], mark: Any, began: Any, context: str) -> YamlWords | None:
    """The value near the trouble that needs quotes, if that is the trouble."""
    spots = [mark]
    if began is not None:
        spots.append(began)
    for spot in spots:
        source = _line(lines, spot.line)
        found = _MACRO_FIRST.search(source)
        if found is not None:
            return _quotes_missing(spot.line, found.end(), source)
    source = _line(lines, mark.line)
    if source[mark.column : mark.column + 1] in ("@", "`", "%") and "any token" in context:
        return _quotes_missing(mark.line, mark.column, source)
    if began is not None and any(
        f"scanning a {token}" in context.replace(" an ", " a ") for token in _TOKENS
    ):
        return _quotes_missing(began.line, began.column, _line(lines, began.line))
    return None


def _quotes_missing(index: int, start: int, source: str) -> YamlWords:
    sign = "{{" if source.startswith("{{", start) else source[start]
    message = f"a value that begins with '{sign}' needs quotes"
    return YamlWords(index + 1, start + 1, message, 'write "…" round it', start + 1)


def _stray_colon(source: str, line: int, column: int) -> YamlWords:
    match = _KEY.match(source)
    if match is not None and match.end() < column:
        start = match.end() + 1
        return YamlWords(line, start, "a text with ': ' in it needs quotes", 'write "…" round it', start)
    hint = "is the line indented as its neighbours are?"
    return YamlWords(line, column, "a ':' that does not fit here", hint)
