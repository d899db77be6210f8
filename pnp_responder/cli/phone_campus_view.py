"""What `phone --count` prints."""

from __future__ import annotations

import sys
from typing import Any

import typer

from pnp_responder.cli.console import json_text, styled
from pnp_responder.cli.phone_campus import Campus
from pnp_responder.cli.phone_json import phone_json, verdict_json
from pnp_responder.cli.phone_setup import Setup
from pnp_responder.cli.phone_view import count_faults, hints, print_fault, who
from pnp_responder.limits import DEFAULT_LIMITS
from pnp_responder.phone.events import Outcome
from pnp_responder.phone.judge import Verdict

SHARES = (0.5, 0.9, 0.99, 0.999)
LATE = 0.2
"""Seconds behind the plan from which on the times say more of this machine than of the server."""

_EDGES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_WIDTH = 40


def print_text(setup: Setup, campus: Campus, verdict: Verdict, show_secrets: bool) -> None:
    """For people."""
    count, served = campus.count, campus.served
    typer.echo(f"{count:,} phones within {campus.within:g} s, the first one {who(setup)}.")
    typer.echo(f"They asked {setup.target} from {setup.line.local.address}.")
    if setup.note:
        typer.echo(f"Note: {setup.note}.")
    typer.echo()
    style = "good" if served == count else "bad"
    typer.echo(styled(f"served           {served:>8,}  {_share(served, count)}", style, sys.stdout))
    for outcome in Outcome:
        if outcome is not Outcome.SERVED and campus.outcomes[outcome]:
            number = campus.outcomes[outcome]
            typer.echo(f"not served       {number:>8,}  {_share(number, count)}  {outcome.value}")
    typer.echo(f"at the first try {campus.at_first_try:>8,}  {_share(campus.at_first_try, count)}")
    typer.echo(f"asked again      {campus.asked_again:>8,}  SUBSCRIBEs")
    typer.echo(f"heard again      {campus.notifies_again:>8,}  NOTIFYs")
    if campus.refused or campus.dropped:
        typer.echo(f"not taken        {campus.refused + campus.dropped:>8,}  datagrams that fit no phone")
    typer.echo(f"different URLs   {len(campus.urls):>8,}")
    if campus.waits:
        typer.echo()
        typer.echo("from the request to the URL:")
        points = [f"{share * 100:g} % {_time(campus.percentile(share))}" for share in SHARES]
        typer.echo(f"  {', '.join(points)}, the last {_time(campus.waits[-1])}")
        for line in histogram(campus.waits):
            typer.echo(f"  {line}")
        for line in advice(campus):
            typer.echo(line)
    else:
        for hint in hints(verdict.outcome, setup):
            typer.echo(f"  {hint}")
    if verdict.server is not None or verdict.faults:
        typer.echo(f"\njudged by the first phone, and by what all heard: {count_faults(len(verdict.faults))}")
    for fault in verdict.faults:
        print_fault(fault, show_secrets)


def advice(campus: Campus) -> list[str]:
    """What else than a slow server may lie behind the times."""
    if campus.late > LATE:
        return [f"This machine could not keep up: phones asked up to {_time(campus.late)} late."]
    if campus.at_first_try < campus.count > DEFAULT_LIMITS.burst:
        number = campus.count
        return [
            "All phones ask from one address, and a server may limit what one address may ask. For a test",
            f"as this, give a pnp-responder `limits: {{rate: {number}, burst: {number}}}` under `service:`.",
        ]
    return []


def print_json(setup: Setup, campus: Campus, verdict: Verdict, show_secrets: bool) -> None:
    """For programs."""
    told: dict[str, Any] = {
        "phone": phone_json(setup),
        "count": campus.count,
        "within": campus.within,
        "served": campus.served,
        "outcomes": {outcome.name.lower(): campus.outcomes[outcome] for outcome in Outcome},
        "at_first_try": campus.at_first_try,
        "asked_again": campus.asked_again,
        "notifies_again": campus.notifies_again,
        "not_taken": campus.refused + campus.dropped,
        "statuses": {str(status): number for status, number in sorted(campus.statuses.items())},
        "urls": len(campus.urls),
        "seconds": round(campus.seconds, 6),
        "late": round(campus.late, 6),
        "percentiles": {f"{share * 100:g}": round(campus.percentile(share), 6) for share in SHARES},
        "longest": round(campus.waits[-1], 6) if campus.waits else None,
        "first": verdict_json(verdict, show_secrets),
    }
    typer.echo(json_text(told))


def histogram(waits: list[float]) -> list[str]:
    """One line for each class of times from the shortest wait to the longest."""
    numbers = [0] * (len(_EDGES) + 1)
    for wait in waits:
        numbers[next((i for i, edge in enumerate(_EDGES) if wait <= edge), len(_EDGES))] += 1
    used = [index for index, number in enumerate(numbers) if number]
    most = max(numbers)
    lines = []
    for index in range(used[0], used[-1] + 1):
        label = f"to {_time(_EDGES[index])}" if index < len(_EDGES) else f"over {_time(_EDGES[-1])}"
        bar = "#" * (-(-numbers[index] * _WIDTH // most))
        lines.append(f"{label:<11} {bar:<{_WIDTH}} {numbers[index]:,}".rstrip())
    return lines


def _share(number: int, count: int) -> str:
    # Not all is never 100.00 %.
    return f"{int(10_000 * number / count) / 100:6.2f} %"


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
