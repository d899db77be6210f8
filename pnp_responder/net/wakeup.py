"""The one timer of a driver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf


class Wakeup:
    """Calls `wake` once, at the earliest time that it was told since the last call."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        self._loop = loop
        self._wake = wake
        self._when = inf
        self._timer: asyncio.TimerHandle | None = None

    def at(self, when: float) -> None:
        """Not later than that, in the loop's time. To come too early costs less than another timer for each
        datagram."""
        if when < self._when:
            self.cancel()
            self._when = when
            self._timer = self._loop.call_at(when, self._fire)

    def cancel(self) -> None:
        """Not before `at` says when."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._when = None, inf

    def _fire(self) -> None:
        self._timer, self._when = None, inf
        self._wake()
