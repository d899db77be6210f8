"""How often the same thing is told: at once, then at most once a minute with its count."""

from __future__ import annotations

from collections.abc import Hashable

TELL_EVERY = 60.0
# The kinds are interfaces times error numbers, and places in our own code: few. A stranger adds none.
MOST_KINDS = 256


class Occasions:
    """Counts what happens, by kind."""

    def __init__(self, tell_every: float = TELL_EVERY) -> None:
        self._tell_every = tell_every
        self._kinds: dict[Hashable, tuple[float, int]] = {}

    def to_tell(self, kind: Hashable, now: float, more: int = 1) -> int:
        """So many `more` of `kind` at `now` (seconds). How many since the last telling to tell now, or 0."""
        told, times = self._kinds.pop(kind, (None, 0))
        times += more
        if told is not None and now - told < self._tell_every:
            self._kinds[kind] = told, times
            return 0
        if len(self._kinds) >= MOST_KINDS:
            del self._kinds[next(iter(self._kinds))]
        self._kinds[kind] = now, 0
        return times
