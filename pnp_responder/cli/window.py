"""`pnp-responder window`: hold the enrolment open for rules with `window: true`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pnp_responder.cli.service_client import ControlOption, ask_service, local_time, span

if TYPE_CHECKING:
    from pnp_responder.service.control_protocol import Request

window = typer.Typer(
    help="Open the enrolment for a while. Rules with `window: true` serve phones only while it is open.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@window.command("open", short_help="Open it for a time: 30m.")
def open_(
    time: Annotated[str, typer.Argument(metavar="TIME", help="how long: 90s, 30m, 2h; a day at most")],
    control: ControlOption = None,
) -> None:
    """Open the window for TIME from now, also if it is open. It closes by itself, and when the service ends.

    Exit codes: 0 open, 64 usage, 69 no service answers, 77 not permitted.
    """
    from pnp_responder.service.control_protocol import OpenWindow

    _show(OpenWindow(_seconds(time)), control)
    typer.echo("it closes by itself, and when the service ends or is restarted")


@window.command("close", short_help="Close it.")
def close(control: ControlOption = None) -> None:
    """Close the window. Phones that were served keep what they have.

    Exit codes: 0 closed, 69 no service answers, 77 not permitted.
    """
    from pnp_responder.service.control_protocol import CloseWindow

    _show(CloseWindow(), control)


@window.command("status", short_help="Is it open, and until when?")
def status(control: ControlOption = None) -> None:
    """Say whether the window is open, and until when. It is closed after each start of the service.

    Exit codes: 0 open or closed, 69 no service answers, 77 not permitted.
    """
    from pnp_responder.service.control_protocol import WindowAsked

    _show(WindowAsked(), control)


def _show(request: Request, control: Path | None) -> None:
    state = ask_service(request, control)["window"]
    typer.echo(window_line(state))
    if not state["rules"]:
        typer.echo("no rule has `window: true`, so it makes no difference")


def window_line(state: dict[str, Any]) -> str:
    """`closed`, or until when it is open."""
    if not state["open"]:
        return "closed"
    return f"open until {local_time(state['closes'])}, for {span(state['seconds_left'])} more"


def _seconds(text: str) -> int:
    from pnp_responder.rules.durations import parse_duration
    from pnp_responder.service.window import LONGEST_OPEN

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is {error}", param_hint="TIME") from None
    if seconds > LONGEST_OPEN:
        raise typer.BadParameter(f"{text!r} is over a day", param_hint="TIME")
    return seconds
