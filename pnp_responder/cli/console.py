"""The terminal: standard streams that may be closed, full or no terminal, and what may be written to them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TextIO

from pnp_responder.escaping import escape, escape_controls

# sysexits.h
USAGE = 64
DATA_ERROR = 65
UNAVAILABLE = 69
SOFTWARE = 70
OS_ERROR = 71
IO_ERROR = 74
PERMISSION = 77
CONFIGURATION = 78

_STYLES = {"bold": "\x1b[1m", "dim": "\x1b[2m", "good": "\x1b[32m", "bad": "\x1b[31m"}
_PLAIN = "\x1b[0m"


class Outcome(SystemExit):
    """The end of a command whose own exit codes include 2, which from typer itself means wrong usage."""


def open_missing_streams() -> None:
    """Give descriptors 0 to 2 to /dev/null where the caller closed them.

    Else the first sockets that we open would take their numbers, and the log would go out to phones.
    What a command writes to a standard output that is closed is an error, as a full disk is.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # Takes the lowest number that is free: this one. Writing to a 1 that can only be read fails.
            os.open(os.devnull, os.O_RDONLY if descriptor == 1 else os.O_RDWR)
    # Python has no such object where the descriptor was closed when it started.
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def wants_colour(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Is `stream` a terminal whose owner likes colours (no-color.org)?"""
    if stream is None or environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except (OSError, ValueError):
        return False


def styled(text: str, style: str, stream: TextIO) -> str:
    """`text` in a style of the terminal: bold, dim, good, bad. As it is where colours are not wanted."""
    return f"{_STYLES[style]}{text}{_PLAIN}" if wants_colour(stream) else text


def say(text: str) -> None:
    """Lines of our own words on standard error, in which a file's name may stand. Never fails."""
    shown = "\n".join(escape_controls(line) for line in text.split("\n"))
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{shown}\n")
        sys.stderr.flush()


def json_text(value: object, *, indent: int | None = None) -> str:
    """`value` as JSON that does a terminal no harm: printable ASCII, whatever a stranger put into it."""
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines, in columns as wide as their widest cell; the first row is the head."""
    cells = [[escape(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
