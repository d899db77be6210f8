"""`pnp-responder reload`: let the running service read its rules file now."""

from __future__ import annotations

import typer

from pnp_responder.cli.console import CONFIGURATION, say
from pnp_responder.cli.service_client import ControlOption, ask_service, clean

# Longer than the service itself waits for the file.
PATIENCE = 75.0


def reload(control: ControlOption = None) -> None:
    """Let the running service read its rules file now, and say how that went.

    Only a good file is taken: with problems, which are listed as by `check`, the rules loaded before
    stay in service. Exit codes: 0 taken, 69 no service answers, 77 not permitted, 78 the file has errors.
    """
    from pnp_responder.service.control_protocol import ReloadAsked

    done = ask_service(ReloadAsked(), control, PATIENCE)["reload"]
    good = bool(done["good"])
    for problem in done["problems"]:
        for line in problem["shown"].split("\n"):
            typer.echo(clean(line), err=not good)
    if done["unlisted"]:
        say(f"... and {done['unlisted']} more: `pnp-responder check` shows them all")
    if not good:
        say("pnp-responder: not reloaded; the rules loaded before stay in service")
        raise typer.Exit(CONFIGURATION)
    typer.echo(f"reloaded {clean(done['file'])}: {done['rules_before']} -> {done['rules']} rules")
    if done["restart_needed"]:
        typer.echo("`service:` is read at start only, and has changed: restart the service to take it")
