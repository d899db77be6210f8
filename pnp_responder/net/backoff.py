"""When to try again what did not work."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

# In seconds. The first retry is soon: most refusals meet a link in the middle of a change.
DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)

K = TypeVar("K", bound=Hashable)


class _Failure(NamedTuple):
    what: str
    times: int
    retry: float


class Backoff(Generic[K]):
    """What did not work, by its key, with the reason in words. `now` is a clock that never goes back."""

    def __init__(self) -> None:
        self._failures: dict[K, _Failure] = {}

    def failed(self, key: K, reason: str, now: float) -> int:
        """It did not work at `now`. How often in a row, for this reason."""
        last = self._failures.get(key)
        times = last.times + 1 if last and last.what == reason else 1
        self._failures[key] = _Failure(reason, times, now + DELAYS[min(times, len(DELAYS)) - 1])
        return times

    def worked(self, key: K) -> None:
        """Forget it."""
        self._failures.pop(key, None)

    def keep_only(self, keys: frozenset[K]) -> None:
        """Forget all others: nobody wants them any more."""
        self._failures = {key: failure for key, failure in self._failures.items() if key in keys}

    def must_wait(self, key: K, now: float) -> bool:
        """Is it too early to try again?"""
        failure = self._failures.get(key)
        return failure is not None and now < failure.retry

    @property
    def reasons(self) -> tuple[str, ...]:
        """All that does not work now."""
        return tuple(failure.what for failure in self._failures.values())

    @property
    def deadline(self) -> float | None:
        """When the first may be tried again."""
        return min((failure.retry for failure in self._failures.values()), default=None)
