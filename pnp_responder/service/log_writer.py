"""Writes log lines from a thread of its own: a slow, full or closed log never holds up the serving."""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

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
        self._most_waiting = most_waiting
        self._entries: deque[T] = deque()
        # One counter for each thread that counts: += is no atomic step.
        self._no_room = 0
        self._not_taken = 0
        self._told = 0
        self._wake = threading.Event()
        self._closing = threading.Event()
        # A daemon: a write that never returns must not keep the process.
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Lines lost since the start."""
        return self._no_room + self._not_taken

    def put(self, entry: T) -> None:
        """Hand over an entry. Never blocks."""
        if len(self._entries) >= self._most_waiting:
            self._no_room += 1
            return
        self._entries.append(entry)
        if not self._wake.is_set():
            self._wake.set()

    def close(self, timeout: float = 1.0) -> None:
        """Write what waits, for `timeout` seconds at most, and end."""
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._closing.wait(GATHER)
            self._wake.clear()
            while self._entries:
                with suppress(MemoryError):  # the lines are lost; this thread must not end
                    self._write_batch()
            if self._closing.is_set() and not self._entries:
                return

    def _write_batch(self) -> None:
        entries = [self._entries.popleft() for _ in range(min(BATCH, len(self._entries)))]
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
                if self._closing.is_set() and not self._ready_soon():
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
