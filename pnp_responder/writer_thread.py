"""A thread that writes for others: a slow disk or a full pipe holds up nobody who has something to say."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class WriterThread(Generic[T]):
    """Gives what is `put` to `write`, in order, from a thread of its own, until `close`.

    They gather for `gather` seconds; `write` gets `batch` of them at most, and raises nothing.
    Where more than `most` would wait, one is refused and counted: `most` of them, or, with
    `weigh`, so much in all.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[list[T]], None],
        *,
        gather: float,
        batch: int,
        most: int,
        weigh: Callable[[T], int] | None = None,
    ) -> None:
        self._write = write
        self._gather = gather
        self._batch = batch
        self._most = most
        self._weigh = weigh
        self._waiting: deque[T] = deque()
        # One counter for each thread: += is no atomic step.
        self._came = self._went = 0
        self.refused = 0
        """How many found no room."""
        self._wake = threading.Event()
        # Whether it is set, for little.
        self._woken = False
        self._closing = threading.Event()
        # A daemon: a write that never returns must not keep the process.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_closing(self) -> bool:
        """Has it been told to end?"""
        return self._closing.is_set()

    def put(self, item: T) -> bool:
        """Hand over. Never blocks, raises nothing. False if there was no room."""
        if self._came - self._went >= self._most:
            self.refused += 1
            return False
        self._came += 1 if self._weigh is None else self._weigh(item)
        self._waiting.append(item)
        if not self._woken:
            self._woken = True
            self._wake.set()
        return True

    def close(self, timeout: float) -> bool:
        """Write what waits, for `timeout` seconds at most, and end. False if that was not long enough."""
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._closing.wait(self._gather)
            # In that order: what is put meanwhile is in the queue before it looks whether to wake us.
            self._wake.clear()
            self._woken = False
            while self._waiting:
                with suppress(MemoryError):  # these are lost; the thread must not end
                    self._write_batch()
            if self._closing.is_set() and not self._waiting:
                return

    def _write_batch(self) -> None:
        waiting = self._waiting
        items = [waiting.popleft() for _ in range(min(self._batch, len(waiting)))]
        self._went += len(items) if self._weigh is None else sum(map(self._weigh, items))
        self._write(items)
