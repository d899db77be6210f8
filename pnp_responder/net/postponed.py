"""Datagrams that the kernel has no room for now, and when each is tried again.

A link whose neighbour table or queue is full refuses what is sent to one more host; a little later it
takes it. Pure: time is a number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pnp_responder.datagram import Datagram

# Half a MiB. A phone whose answers are not among them asks again, and its NOTIFY is sent again by timer E.
MOST_KEPT = 500
# 64*T1 (RFC 3261 17): after that neither the phone's SUBSCRIBE nor our NOTIFY waits for anything.
PATIENCE = 32.0
# Between two tries, in seconds: soon, and less often while nothing gets through.
FIRST_DELAY, LONGEST_DELAY = 0.05, 1.0
# One try sends so many, and ends after so many refusals in a row.
MOST_AT_ONCE = 500
REFUSALS_AT_ONCE = 64


class GivenUp(NamedTuple):
    """It was kept as long as it may be. `times` is how often it was refused."""

    datagram: Datagram
    times: int


class _Kept(NamedTuple):
    since: float
    refusals: int


class Postponed:
    """At most `most` datagrams, each for `patience` seconds. `now` is a clock that never goes back."""

    def __init__(self, most: int = MOST_KEPT, patience: float = PATIENCE) -> None:
        self._most = most
        self._patience = patience
        self._kept: dict[Datagram, _Kept] = {}
        self._delay = FIRST_DELAY
        self.deadline: float | None = None
        """When `retry` wants to be called; None while nothing is kept."""

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, datagram: Datagram, now: float) -> GivenUp | None:
        """It was refused. The same one again is one. Returns the one that made room, if it had to."""
        kept = self._kept.get(datagram)
        if kept is not None:
            self._kept[datagram] = kept._replace(refusals=kept.refusals + 1)
            return None
        gone = None
        if len(self._kept) >= self._most:
            oldest = next(iter(self._kept))
            gone = GivenUp(oldest, self._kept.pop(oldest).refusals)
        self._kept[datagram] = _Kept(now, 1)
        if self.deadline is None:
            self._delay = FIRST_DELAY
            self.deadline = now + self._delay
        return gone

    def retry(self, now: float, send: Callable[[Datagram], bool]) -> list[GivenUp]:
        """Send again what waits; `send` says whether it was not refused. Returns what has waited too long.

        Who was refused goes to the end, so that a full link does not hold up another one.
        """
        sent = refused_in_a_row = 0
        for datagram in list(self._kept)[:MOST_AT_ONCE]:
            kept = self._kept.pop(datagram)
            if send(datagram):
                sent += 1
                refused_in_a_row = 0
                continue
            self._kept[datagram] = kept._replace(refusals=kept.refusals + 1)
            refused_in_a_row += 1
            if refused_in_a_row == REFUSALS_AT_ONCE:
                break
        self._delay = FIRST_DELAY if sent else min(2 * self._delay, LONGEST_DELAY)
        given_up = self._end_of_patience(now)
        self.deadline = now + self._delay if self._kept else None
        return given_up

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()
        self.deadline = None

    def _end_of_patience(self, now: float) -> list[GivenUp]:
        over = [datagram for datagram, kept in self._kept.items() if now - kept.since >= self._patience]
        return [GivenUp(datagram, self._kept.pop(datagram).refusals) for datagram in over]
