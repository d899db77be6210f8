"""How often what happened since the start. A consumer of events, on the path of every phone: it only adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, NamedTuple

from pnp_responder.events import (
    DatagramDropped,
    EnrollmentDeclined,
    EnrollmentDeferred,
    EnrollmentOffered,
    Event,
    NotifyAnswered,
    NotifyTimedOut,
    NotifyUndeliverable,
    ProbeHeard,
    RequestRefused,
    RequestRepeated,
)

MOST_REASONS = 64
"""Of each kind; what comes with further ones counts as OTHER_REASONS. A rule's name is in some."""

OTHER_REASONS = "other reasons"


class Kind(NamedTuple):
    """The name of a kind of event among the counters, and what divides it further: `detail_name`."""

    name: str
    detail_name: str = ""
    detail: Callable[[Any], object] | None = None


def _head(reason: str) -> str:
    """What comes behind a comma differs from phone to phone."""
    return reason.partition(", ")[0]


KINDS: dict[type, Kind] = {
    EnrollmentOffered: Kind("offered"),
    NotifyAnswered: Kind("answered", "answered_with", attrgetter("status")),
    NotifyTimedOut: Kind("timed_out"),
    NotifyUndeliverable: Kind("undeliverable"),
    EnrollmentDeclined: Kind("declined", "declined_because", lambda event: _head(event.decline.reason)),
    EnrollmentDeferred: Kind("deferred", "deferred_because", lambda event: _head(event.defer.reason)),
    RequestRefused: Kind("refused", "refused_because", attrgetter("reason")),
    DatagramDropped: Kind("dropped", "dropped_because", attrgetter("reason")),
    RequestRepeated: Kind("repeated"),
    ProbeHeard: Kind("probes"),
}
"""Every kind of event; a test holds it to that."""

_DETAILS = {kind: row.detail for kind, row in KINDS.items() if row.detail is not None}


class Counters:
    """`events` consumes the driver's."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(KINDS, 0)
        self._reasons: dict[type, dict[object, int]] = {kind: {} for kind in _DETAILS}

    def events(self, events: Iterable[Event]) -> None:
        """Count them."""
        counts = self._counts
        for event in events:
            kind = type(event)
            counts[kind] += 1
            detail = _DETAILS.get(kind)
            if detail is not None:
                reasons, reason = self._reasons[kind], detail(event)
                if reason not in reasons and len(reasons) >= MOST_REASONS:
                    reason = OTHER_REASONS
                reasons[reason] = reasons.get(reason, 0) + 1

    def of(self, kind: type) -> int:
        """How many events of this kind there were."""
        return self._counts[kind]

    def by_name(self) -> dict[str, int | dict[str, int]]:
        """All of them; reasons stand the most frequent first, as they came with the events."""
        found: dict[str, int | dict[str, int]] = {}
        for kind, row in KINDS.items():
            found[row.name] = self._counts[kind]
            if row.detail is not None:
                counts = sorted(self._reasons[kind].items(), key=lambda count: -count[1])
                found[row.detail_name] = {str(reason): count for reason, count in counts}
        return found
