"""Circumstances as people state them, for `explain` and in tests of rules."""

from __future__ import annotations

from math import inf

from pnp_responder.circumstances import Neighbour, NeighbourState
from pnp_responder.mac import Mac
from pnp_responder.rules.durations import parse_duration


def parse_neighbour(text: str) -> Neighbour:
    """What the neighbour table has: a MAC, `none` for nothing yet, `routed` for what it never has.

    Raises ValueError in words for the administrator, as all of these.
    """
    word = text.casefold()
    if word == "none":
        return Neighbour(NeighbourState.MISSING)
    if word == "routed":
        return Neighbour(NeighbourState.NEVER)
    try:
        return Neighbour(NeighbourState.CONFIRMED, Mac.parse(text))
    except ValueError:
        raise ValueError("expected the MAC in the neighbour table, none or routed") from None


def parse_window(text: str) -> bool:
    """`open` or `closed`."""
    word = text.casefold()
    if word not in ("open", "closed"):
        raise ValueError("expected open or closed")
    return word == "open"


def parse_offered(text: str) -> float:
    """Seconds since the last offer: `5m`, or `never`."""
    if text.casefold() == "never":
        return inf
    try:
        return float(parse_duration(text))
    except ValueError:
        raise ValueError("expected how long ago, such as 5m, or never") from None
