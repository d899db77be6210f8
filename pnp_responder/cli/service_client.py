"""What `status`, `reload` and `window` have in common: asking a running service, and how that may end."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pnp_responder import __version__
from pnp_responder.cli.console import PERMISSION, UNAVAILABLE, say

if TYPE_CHECKING:
    from pnp_responder.service.control_protocol import Request

ControlOption = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        # Whether we may, the attempt says; and then in words for a socket.
        readable=False,
        help="the socket of the service, as for `run` [default: /run/pnp-responder/control, then that in "
        "$XDG_RUNTIME_DIR]",
    ),
]


def ask_service(request: Request, control: Path | None, patience: float | None = None) -> dict[str, Any]:
    """The service's answer. Without one it says why and ends the command: 69 no service, 77 not permitted."""
    from pnp_responder.service.control_client import PATIENCE, NoService, NotPermitted, ask
    from pnp_responder.service.control_protocol import ControlError

    try:
        answer = ask(request, control, patience=patience or PATIENCE)
    except NotPermitted as error:
        say(f"pnp-responder: {error}")
        say("try sudo, or let an administrator add you to the group of the service")
        raise typer.Exit(PERMISSION) from None
    except NoService as error:
        say(f"pnp-responder: {error}")
        if control is None:
            say("is it running (systemctl status pnp-responder)? or say where it listens: --control PATH")
        raise typer.Exit(UNAVAILABLE) from None
    except ControlError as error:
        say(f"pnp-responder: {clean(error.text)}")
        raise typer.Exit(UNAVAILABLE) from None

    running = str(answer.get("program"))
    if running != __version__:
        say(f"the service still is version {clean(running)}, and this {__version__}: restart it")
    return answer


def clean(text: str) -> str:
    """A line that the service sent, fit for a terminal whoever it was that answered."""
    return "".join(c if c.isprintable() or c == "\t" else "?" for c in text)


def local_time(text: str) -> str:
    """A time of day as the service sends it, on this host's clock: `14:05:09`, with the date if not today."""
    when = datetime.fromisoformat(text).astimezone()
    today = when.date() == datetime.now().astimezone().date()
    return f"{when:%H:%M:%S}" if today else f"{when:%Y-%m-%d %H:%M:%S}"


def span(seconds: int) -> str:
    """`90 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if minutes < 2:
        return f"{seconds} s"
    if not hours:
        return f"{minutes} min"
    if not days:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"
