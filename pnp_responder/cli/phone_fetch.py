"""`--fetch`: tries the files in the phone's order until one is there, and gets that one twice."""

from __future__ import annotations

from pnp_responder.phone.checklist import Fault
from pnp_responder.phone.target import Target
from pnp_responder.phone_edge.fetch import Fetched, agree, fetch

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


def fetch_faults(attempts: list[tuple[Fetched, Fetched | None]]) -> list[Fault]:
    """What is wrong with what came. Nothing where nothing was tried: the URL's own faults say why."""
    if not attempts:
        return []
    first, second = attempts[-1]
    if not first.found:
        number = len(attempts)
        saw = f"none of the {number} files comes" if number > 1 else "the file does not come"
        said = ", ".join(dict.fromkeys(attempt.status for attempt, _ in attempts))
        return [Fault("U6", f"{saw}: {said}", "the file that the phone asks for")]
    if second is not None and not agree(first, second):
        return [Fault("U7", "two fetches of one URL that do not agree", "the same octets again")]
    return []
