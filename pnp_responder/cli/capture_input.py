"""Capture files named on the command line: opened, read one after the other, with a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from pnp_responder.capture.datagrams import Captured, CaptureReader
from pnp_responder.capture.frame import CaptureCut, CaptureUnreadable
from pnp_responder.cli.progress import Progress

STANDARD_INPUT = "-"


class CaptureInput:
    """The datagrams of `paths`, `-` being standard input.

    `reader` counts what was read; `problems` has a line for each file that could not be read to its
    end; `damaged` tells whether one of them was more than cut short.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.problems: list[str] = []
        self.damaged = False
        self.reader = CaptureReader(self._tick)
        self._paths = paths
        self._progress = Progress(_octets(paths))
        self._before = 0
        self._position: Callable[[], int] = lambda: 0

    def __iter__(self) -> Iterator[Captured]:
        for path in self._paths:
            try:
                with _opened(path) as file:
                    self._position = _position_of(file)
                    yield from self.reader.read(file)
                    self._before += self._position()
            except CaptureUnreadable as error:
                self.damaged = self.damaged or not isinstance(error, CaptureCut)
                self.problems.append(f"{path}: {error}")
            except OSError as error:
                self.damaged = True
                self.problems.append(f"{path}: {error.strerror or error}")
        self._progress.clear()

    def _tick(self) -> None:
        self._progress.show(self._before + self._position(), f"{self.reader.packets:,} packets")


def _opened(path: Path) -> BinaryIO:
    if str(path) == STANDARD_INPUT:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    return path.open("rb", buffering=1 << 20)


def _position_of(file: BinaryIO) -> Callable[[], int]:
    return file.tell if file.seekable() else lambda: 0


def _octets(paths: Sequence[Path]) -> int | None:
    """How much there is to be read, if that is known."""
    try:
        return sum(path.stat().st_size for path in paths)
    except OSError:
        return None
