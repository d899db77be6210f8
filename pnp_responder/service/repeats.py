"""Keeps the journal readable under a flood: the first of a kind are told, the rest are counted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

# A stranger chooses what we refuse it for: beyond so many kinds, all further ones are one.
MOST_KINDS = 64
# A flood from forged addresses has many; beyond so many it says nothing more.
MOST_SOURCES = 1_000
VARIOUS = "various reasons"

Kind = tuple[str, str]
"""The name of the event, and a reason or nothing."""


class Summary(NamedTuple):
    """What was not told of one kind: how many, from how many sources (no more than MOST_SOURCES)."""

    kind: Kind
    times: int
    sources: int


@dataclass(slots=True)
class _Window:
    began: float
    told: int = 0
    untold: int = 0
    sources: set[str] = field(default_factory=set)


class Repeats:
    """Of each kind, `burst` are told in a window of `seconds`; `ended` sums up the others."""

    def __init__(self, burst: int, seconds: float) -> None:
        self._burst = burst
        self._seconds = seconds
        self._windows: dict[Kind, _Window] = {}

    def tell(self, kind: Kind, source: str, now: float) -> bool:
        """One more of `kind`; is it to be told?"""
        return self.tell_some(kind, 1, (source,), now) == 1

    def tell_some(self, kind: Kind, count: int, sources: Iterable[str], now: float) -> int:
        """So many more of `kind`, each from one of `sources`; how many of them, the first, are to be told?"""
        window = self._windows.get(kind)
        if window is None:
            if len(self._windows) >= MOST_KINDS:
                kind = kind[0], VARIOUS
            window = self._windows.setdefault(kind, _Window(now))
        told = min(count, self._burst - window.told)
        window.told += told
        if told < count:
            window.untold += count - told
            for source in islice(sources, told, None):
                if len(window.sources) < MOST_SOURCES:
                    window.sources.add(source)
        return told

    def ended(self, now: float, *, all_of_them: bool = False) -> list[Summary]:
        """The summaries of the windows that are over (or of all), which begin anew."""
        over = [k for k, w in self._windows.items() if all_of_them or now - w.began >= self._seconds]
        windows = [(kind, self._windows.pop(kind)) for kind in over]
        return [Summary(kind, w.untold, len(w.sources)) for kind, w in windows if w.untold]


class RecentlySeen:
    """Remembers `most` keys for `seconds`; the one longest unseen makes room."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._seen: OrderedDict[Hashable, float] = OrderedDict()

    def is_new(self, key: Hashable, now: float) -> bool:
        """Not seen for `seconds`? Then it counts as seen from now on."""
        seen = self._seen.get(key)
        if seen is not None and now - seen < self._seconds:
            self._seen.move_to_end(key)
            return False
        self._seen[key] = now
        self._seen.move_to_end(key)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return True
