"""`pnp-responder status`: how the running service is, on one screen."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from pnp_responder.cli.console import json_text
from pnp_responder.cli.service_client import ControlOption, ask_service, clean, local_time, span
from pnp_responder.cli.window import window_line

_INDENT = " " * 12
# Of a line about a problem; `journalctl` has the whole.
_WIDTH = 200


def status(
    control: ControlOption = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Show how the running service is: its rules, interfaces, counters since the start, last problems.

    Exit codes: 0 shown, 69 no service answers, 77 not permitted.
    """
    from pnp_responder.service.control_protocol import StatusAsked

    state = ask_service(StatusAsked(), control)["status"]
    if json:
        typer.echo(json_text(state))
        return
    for line in lines_of(state):
        typer.echo(clean(line))


def lines_of(state: dict[str, Any]) -> list[str]:
    """The screen for `state`, as the service sends it."""
    up = datetime.fromisoformat(state["now"]) - datetime.fromisoformat(state["started"])
    since = f"since {local_time(state['started'])} ({span(int(up.total_seconds()))})"
    return [
        f"pnp-responder {state['program']} (pid {state['pid']}), running {since}",
        "",
        *_rules(state["rules"]),
        *_interfaces(state),
        _row("window", _window(state["window"])),
        "",
        *_counters(state["counters"]),
        "",
        *_problems(state["problems"]),
    ]


def _row(name: str, text: str) -> str:
    return f"{name:12}{text}".rstrip()


def _window(state: dict[str, Any]) -> str:
    line, rules = window_line(state), state["rules"]
    return f"{line}; {rules} rule{' waits' if rules == 1 else 's wait'} for it" if rules else line


def _rules(rules: dict[str, Any]) -> list[str]:
    count = rules["count"]
    text = f"{count} rule{'' if count == 1 else 's'} of {local_time(rules['loaded'])} from {rules['file']}"
    lines = [_row("rules", text)]
    if not rules["good"]:
        lines.append(f"{_INDENT}THE FILE IS BAD as of {local_time(rules['last_read'])}; these rules stay:")
        lines += [f"{_INDENT}  {problem}" for problem in rules["problems"]]
        if rules["unlisted"]:
            lines.append(f"{_INDENT}  ... and {rules['unlisted']} more: `pnp-responder check` shows them all")
    if rules["restart_needed"]:
        lines.append(f"{_INDENT}`service:` of the file has changed: restart the service to take it")
    return lines


def _interfaces(state: dict[str, Any]) -> list[str]:
    rows = [f"{row['interface']} ({', '.join(row['addresses'])})" for row in state["interfaces"]]
    lines = [_row("serving" if not number else "", row) for number, row in enumerate(rows)]
    lines = lines or [_row("serving", "nothing")]
    if state["waiting_for"]:
        lines.append(_row("waiting", f"for {state['waiting_for']}"))
    if state["unusable"]:
        lines.append(_row("unusable", state["unusable"]))
    return lines


def _counters(counts: dict[str, Any]) -> list[str]:
    took = sum(n for status, n in counts["answered_with"].items() if status < "3")
    other = counts["answered"] - took
    phones = f"{counts['offered']} offered a URL: {took} took it, {counts['timed_out']} never answered"
    phones += f", {counts['undeliverable']} could not be reached"
    statuses = ", ".join(f"{n} x {status}" for status, n in counts["answered_with"].items() if status >= "3")
    phones += f", {other} refused it ({statuses})" if other else ""
    lines = [_row("phones", phones)]
    lines += _reasons(counts, "declined", "declined")
    lines += _reasons(counts, "deferred", "put off")
    lines += _reasons(counts, "refused", "SIP requests that are no phone's question")
    lines += _reasons(counts, "dropped", "datagrams dropped")
    lines.append(_INDENT + f"repeats: {counts['repeated']}, probes: {counts['probes']}")
    lost = {
        "queue_drops": "by a full queue",
        "kernel_drops": "by a full socket",
        "unsent": "unsent",
        "log_lines_lost": "log lines",
        "faults": "by faults of ours",
    }
    lines.append(_row("lost", ", ".join(f"{counts[name]} {words}" for name, words in lost.items())))
    return lines


def _reasons(counts: dict[str, Any], name: str, words: str) -> list[str]:
    """Nothing of what never happened."""
    if not counts[name]:
        return []
    reasons = list(counts[f"{name}_because"].items())
    shown = [f"{_INDENT}  {n:6} {reason}" for reason, n in reasons[:8]]
    if rest := sum(n for _, n in reasons[8:]):
        shown.append(f"{_INDENT}  {rest:6} for other reasons")
    return [f"{_INDENT}{words}: {counts[name]}", *shown]


def _problems(problems: list[dict[str, Any]]) -> list[str]:
    if not problems:
        return [_row("problems", "none since the start")]
    lines = []
    for number, problem in enumerate(reversed(problems)):
        pairs = " ".join(f"{key}={_shown(value)}" for key, value in problem["fields"].items())
        times = f"{problem['lines']} x, last " if problem["lines"] > 1 else ""
        text = f"{times}{local_time(problem['timestamp'])} {problem['event']} {pairs}"
        text = text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."
        lines.append(_row("" if number else "problems", text))
    return lines


def _shown(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if text and not set(text) & set(" \"'=") else f'"{text}"'
