"""The enrolment window: a rule with `window: true` counts only while an administrator holds it open."""

from __future__ import annotations

import time

LONGEST_OPEN = 86_400
"""Seconds. Who wants it open for longer does not want `window: true`."""


def window_clock() -> float:
    """The time for `now`: nobody can set this clock, and it goes on while the host sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Window:
    """Closed at first, so also after a restart. `now` is in seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self.closes_at: float | None = None
        """When it closes, or None. May lie in the past until `has_expired` was asked."""

    def open(self, seconds: float, now: float) -> None:
        """Open it for so long from now, also if it is open. ValueError if that is over LONGEST_OPEN."""
        if not 0 < seconds <= LONGEST_OPEN:
            raise ValueError("a window is open for more than no time and for a day at most")
        self.closes_at = now + seconds

    def close(self, now: float) -> bool:
        """Close it. Was it open?"""
        was_open = self.is_open(now)
        self.closes_at = None
        return was_open

    def is_open(self, now: float) -> bool:
        """Do rules with `window: true` count?"""
        return self.closes_at is not None and now < self.closes_at

    def has_expired(self, now: float) -> bool:
        """Has it closed by itself? True once for each time."""
        if self.closes_at is None or now < self.closes_at:
            return False
        self.closes_at = None
        return True
