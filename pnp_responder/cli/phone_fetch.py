"""`--fetch`: tries the files in the phone's order until one is there, and gets that one twice."""

from __future__ import annotations

from pnp_responder.phone.target import Target
from pnp_responder.phone_edge.fetch import Fetched, fetch

_SECONDS = 10.0


def fetch_target(target: Target, agent: str) -> list[tuple[Fetched, Fetched | None]]:
    """What each file brought, and what the second fetch of it did; None where there was nothing to repeat."""
    attempts: list[tuple[Fetched, Fetched | None]] = []
    for url in target.files:
        first = fetch(url, agent, _SECONDS)
        second = fetch(url, agent, _SECONDS) if first.found else None
        attempts.append((first, second))
        if first.found:
            break
    return attempts
