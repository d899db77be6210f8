"""What a stranger can make us remember, do and send, in numbers."""

from __future__ import annotations

from typing import NamedTuple

AMPLIFICATION = 10
"""Octets that a request brings a peer that never answers, for each octet of the request, at most."""


def sendings_within(request: int, response: int, notify: int) -> int:
    """How often a NOTIFY may be sent for a request, whose response was sent as well; in octets of each."""
    return (AMPLIFICATION * request - response) // notify


class Limits(NamedTuple):
    """The limits that an administrator may set."""

    transactions: int = 10_000
    """SUBSCRIBEs held for their repeats, 32 s each, and NOTIFYs that wait for their answer, each:
    all phones of a large campus at once, at about 1.2 KiB a phone."""

    rate: int = 50
    """New requests a second from one source, in the long run. A phone sends one every few seconds; behind one
    address of a router may be many."""

    burst: int = 200
    """New requests from one source that may come at once."""


DEFAULT_LIMITS = Limits()

LEAK = 10
"""One in so many of the requests beyond the rate is let through: whoever forges a phone's address in a flood
does not silence the phone, which asks again."""

MOST_SOURCES = 2_048
"""Sources whose rate is known, twice that at most: half a MiB. More at once are forged, or ask once each."""


_BITS = 1 << 20
_KEPT = 2.5


class _Heard:
    """Which texts it was asked about in the last 2.5 to 5 seconds: a phone's first three repeats are in that.

    Two times 128 KiB, whatever is heard; at 20,000 texts a second one in ten is taken for a known one.
    """

    def __init__(self) -> None:
        self._bits = bytearray(_BITS // 8)
        self._before = bytearray(_BITS // 8)
        self._turns = float("-inf")

    def again(self, text: str, now: float) -> bool:
        """Was it asked about before? An empty text never was."""
        if now >= self._turns:
            stale = now - self._turns >= _KEPT
            self._before = bytearray(_BITS // 8) if stale else self._bits
            self._bits = bytearray(_BITS // 8)
            self._turns = now + _KEPT
        number = hash(text) % _BITS
        octet, bit = number >> 3, 1 << (number & 7)
        known = (self._bits[octet] | self._before[octet]) & bit
        self._bits[octet] |= bit
        return bool(known and text)


class SourceRates:
    """A token bucket for each source, in virtual scheduling: when it is full again says all of it."""

    def __init__(self, rate: int, burst: int, most_sources: int = MOST_SOURCES) -> None:
        """`rate` tokens a second come in, `burst` fit. Raises ValueError below 1."""
        if rate < 1 or burst < 1:
            raise ValueError("rate and burst must be at least 1")
        self._step = 1 / rate
        self._room = burst / rate
        # Within a thousandth of a token, for sums of floats are not exact.
        self._most_ahead = self._room + self._step / 1000
        self._most = most_sources
        # A bucket that has not been used for `_room` seconds is full, like one that is not there. Those of
        # this period and of the last one are kept.
        self._full_at: dict[str, float] = {}
        self._before: dict[str, float] = {}
        self._period_ends = float("-inf")
        self._refused = 0
        self._refusals = _Heard()

    def __len__(self) -> int:
        return len(self._full_at) + len(self._before)

    def admits(self, host: str, now: float, request: str = "") -> bool:
        """May one more new request come from `host`? `request` tells it from others.

        One that was refused and is heard again may: a phone asks again, and who floods in its name does
        not, or gets no more for it in the long run.
        """
        if now >= self._period_ends or len(self._full_at) >= self._most:
            self._before, self._full_at = self._full_at, {}
            self._period_ends = now + self._room
        full_at = self._full_at.get(host)
        if full_at is None:
            full_at = self._before.get(host, now)
        full_at = (full_at if full_at > now else now) + self._step
        room = self._most_ahead
        if full_at - now <= room or (self._refusals.again(request, now) and full_at - now <= 2 * room):
            self._full_at[host] = full_at
            return True
        self._refused += 1
        return self._refused % LEAK == 0
