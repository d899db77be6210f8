"""Writes log lines from a thread of its own: a slow, full or closed log never holds up the serving."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pnp_responder.writer_thread import WriterThread

T = TypeVar("T")

# Characters that wait: of 12,000 lines about phones. journald itself drops after 10,000 lines in 30 s.
MOST_WAITING = 4 * 1024 * 1024
# So many pieces go out in one write; a piece are the lines of a slice of events, two or two hundred.
BATCH = 32
# So long lines gather before they are written, in seconds.
GATHER = 0.05


class LogWriter(Generic[T]):
    """Takes entries with `put_all` and writes their lines to the file descriptor `fd`, in order.

    `render` turns an entry into its line, or several, without the last line end. Lines that found no
    room, or that the descriptor did not take, are counted in `lost`; as soon as one gets through again,
    the entry `tell_lost(count)` goes before it. At most `most_waiting` characters wait.
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
        self._refused = self._not_taken = 0
        self._told = 0
        self._thread: WriterThread[str] = WriterThread(
            "log-writer", self._write_pieces, gather=GATHER, batch=BATCH, most=most_waiting, weigh=len
        )

    def put_all(self, entries: Sequence[T]) -> None:
        """Hand over entries. Never blocks.

        The lines are made here: they take half the room of the entries, and the thread, which would make them
        while phones are answered, would get in their way.
        """
        lines = "\n".join(map(self._render, entries))
        if not self._thread.put(lines):
            self._refused += lines.count("\n") + 1

    @property
    def lost(self) -> int:
        """Lines lost since the start."""
        return self._refused + self._not_taken

    def close(self, timeout: float = 1.0) -> None:
        """Write what waits, for `timeout` seconds at most, and end."""
        self._thread.close(timeout)

    def _write_pieces(self, pieces: list[str]) -> None:
        untold = self.lost - self._told
        if untold:
            pieces.insert(0, self._render(self._tell_lost(untold)))
        pieces.append("")
        text = "\n".join(pieces)
        left = self._write(text.encode("utf-8", "backslashreplace"))
        if not left:
            self._told += untold
            return
        # The line that tells of losses is none of those lost.
        self._not_taken += min(left.count(b"\n"), text.count("\n") - bool(untold))

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
