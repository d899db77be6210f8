"""Writes log lines from a thread of its own: a slow, full or closed log never holds up the serving."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from pnp_responder.writer_thread import WriterThread

T = TypeVar("T")

# Two lines for each of 10,000 phones; at 1 KB an entry 20 MB. journald itself drops after 10,000 in 30 s.
MOST_WAITING = 20_000
# So many lines go out in one write.
BATCH = 1_000
# So long lines gather before they are written, in seconds.
GATHER = 0.05


class LogWriter(Generic[T]):
    """Takes entries with `put` and writes them to the file descriptor `fd`, a line each, in order.

    `render` turns an entry into its line, without the line end. Entries that found no room, or
    that the descriptor did not take, are counted in `lost`; as soon as a line gets through again,
    the entry `tell_lost(count)` goes before it.
    """

    def __init__(
        self,
        fd: int,
        render: Callable[[T], str],
        tell_lost: Callable[[int], T],
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._fd = fd
        self._render = render
        self._tell_lost = tell_lost
        self._not_taken = 0
        self._told = 0
        self._thread: WriterThread[T] = WriterThread(
            "log-writer", self._write_lines, gather=GATHER, batch=BATCH, most=most_waiting
        )
        self.put = self._thread.put
        """Hand over an entry. Never blocks."""

    @property
    def lost(self) -> int:
        """Lines lost since the start."""
        return self._thread.refused + self._not_taken

    def close(self, timeout: float = 1.0) -> None:
        """Write what waits, for `timeout` seconds at most, and end."""
        self._thread.close(timeout)

    def _write_lines(self, entries: list[T]) -> None:
        untold = self.lost - self._told
        if untold:
            entries.insert(0, self._tell_lost(untold))
        text = "".join(f"{self._render(entry)}\n" for entry in entries)
        left = self._write(text.encode("utf-8", "backslashreplace"))
        if not left:
            self._told += untold
            return
        # The line that tells of losses is none of those lost.
        self._not_taken += min(left.count(b"\n"), len(entries) - bool(untold))

    def _write(self, octets: bytes) -> bytes:
        """What could not be written."""
        left = memoryview(octets)
        while left:
            try:
                left = left[os.write(self._fd, left) :]
            except BlockingIOError:  # someone made our standard error non-blocking
                if self._thread.is_closing and not self._ready_soon():
                    break
                self._ready_soon()
            except OSError:  # closed pipe, full disk, ...
                break
        return bytes(left)

    def _ready_soon(self) -> bool:
        """Wait until the descriptor takes more, half a second at most."""
        try:
            return bool(select.select([], [self._fd], [], 0.5)[1])
        except (OSError, ValueError):
            time.sleep(0.5)
            return False
