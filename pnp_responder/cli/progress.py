"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

import sys
import time
from contextlib import suppress

_WIDTH = 30
_PAUSE = 0.1
"""Seconds between two drawings."""
_CLEAR = "\r\x1b[K"


class Progress:
    """`total` is what `done` reaches at the end; None where nobody knows. Silent where nobody watches."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._drawn = 0.0
        self._shown = False
        try:
            self._wanted = sys.stderr is not None and sys.stderr.isatty()
        except (OSError, ValueError):
            self._wanted = False

    def show(self, done: int, words: str) -> None:
        """Draw, unless it was drawn a moment ago."""
        if not self._wanted:
            return
        now = time.monotonic()
        if now - self._drawn < _PAUSE:
            return
        self._drawn = now
        self._shown = True
        self._write(f"{_CLEAR}{bar(done, self._total)}{words}")

    def clear(self) -> None:
        """Leave the line empty."""
        if self._shown:
            self._shown = False
            self._write(_CLEAR)

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()


def bar(done: int, total: int | None) -> str:
    """`[#####     ]  50 %  `, or nothing where `total` is unknown."""
    if not total:
        return ""
    part = min(done / total, 1.0)
    return f"[{'#' * int(part * _WIDTH):<{_WIDTH}}] {part:4.0%}  "
