"""Which devices were offered a URL lately, for rules that offer `once` in a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from math import inf

from pnp_responder.enrollment import Enrollment, Offer
from pnp_responder.events import (
    EnrollmentOffered,
    Event,
    NotifyAnswered,
    NotifyTimedOut,
    NotifyUndeliverable,
)

MOST_REMEMBERED = 10_000
"""Offers that were answered, and as many that were not: about 3 MiB in all. When there are more, the oldest
of their kind is forgotten; so a flood of invented devices, which answer nothing, pushes out no real one."""

_Key = tuple[str, str]


class OffersMade:
    """A consumer of events. `clock` gives seconds that never go back.

    An offer counts from when it is made, so that a device that asks again at once is not told again.
    It counts no more once its NOTIFY has failed: nobody is known to have read it.
    """

    def __init__(self, clock: Callable[[], float], capacity: int = MOST_REMEMBERED) -> None:
        self._clock = clock
        self._capacity = capacity
        self._rules: frozenset[str] = frozenset()
        self._unanswered: dict[_Key, float] = {}
        self._answered: dict[_Key, float] = {}

    def watch(self, rules: Collection[str]) -> None:
        """Remember the offers of the rules of these names, from now on."""
        self._rules = frozenset(rules)

    def are_watched(self) -> bool:
        """Does a decision hang on them? Then they are to be told before the next one is made: two requests of
        one device may come together."""
        return bool(self._rules)

    def since(self, enrollment: Enrollment, rule: str) -> float:
        """Seconds since the device's last offer by that rule; infinity for never."""
        key = _key(enrollment, rule)
        now = self._clock()
        made = max(self._unanswered.get(key, -inf), self._answered.get(key, -inf))
        return now - made

    def events(self, events: Iterable[Event]) -> None:
        """Those of the driver."""
        if self._rules:
            for event in events:
                self.event(event)

    def event(self, event: Event) -> None:
        """One of them."""
        match event:
            case EnrollmentOffered() if event.rule in self._rules:
                self._put(self._unanswered, _key(event.enrollment, event.rule), self._clock())
            case NotifyAnswered() if event.offered.rule in self._rules:
                made = self._take(event.enrollment, event.offer)
                if made is not None:
                    self._put(self._answered, _key(event.enrollment, event.offer.rule), made)
            case NotifyTimedOut(enrollment, offer) | NotifyUndeliverable(enrollment, offer):
                self._take(enrollment, offer)

    def _take(self, enrollment: Enrollment, offer: Offer) -> float | None:
        return self._unanswered.pop(_key(enrollment, offer.rule), None)

    def _put(self, table: dict[_Key, float], key: _Key, made: float) -> None:
        table.pop(key, None)
        if len(table) >= self._capacity:
            del table[next(iter(table))]
        table[key] = made


def _key(enrollment: Enrollment, rule: str) -> _Key:
    """A device is its MAC, or, if it gives none, its address."""
    host = "" if enrollment.remote is None else enrollment.remote.host
    return enrollment.device.mac or host, rule
