"""`pnp-responder interfaces`: what would be served, and why not the rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pnp_responder.cli.console import CONFIGURATION, UNAVAILABLE, json_text, say, table

if TYPE_CHECKING:
    from pnp_responder.net.interfaces import Choice


def interfaces(
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="whose `service:` counts [default: that of `run`, if there is one]",
            readable=False,
        ),
    ] = None,
    interface: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="as for `run`; wins over the file")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """List the network interfaces: what `run` would listen on, and why not on the others."""
    from pnp_responder.net.interfaces import choose_interfaces, read_interfaces

    wanted = tuple(interface or ()) or _wanted_by_file(rules)
    try:
        host = read_interfaces()
    except OSError as error:
        say(f"pnp-responder: cannot read the interfaces of this host: {error.strerror}")
        raise typer.Exit(UNAVAILABLE) from None
    choice = choose_interfaces(host, wanted)
    if json:
        typer.echo(json_text(_as_json(choice)))
        return
    rows = [["INTERFACE", "ADDRESSES", "SERVED"]]
    rows += [[i.name, _addresses(i.addresses), "yes"] for i in choice.chosen]
    rows += [[i.name, _addresses(i.addresses), f"no: {reason}"] for i, reason in choice.passed_over]
    rows += [[name, "-", "no: there is no such interface"] for name in choice.missing]
    for line in table(rows):
        typer.echo(line)
    if not choice.chosen:
        say("None can be served: `pnp-responder run` would wait for one.")


def _wanted_by_file(rules: Path | None) -> tuple[str, ...]:
    from pnp_responder.rules import RulesError
    from pnp_responder.service.configuration import DEFAULT_FILES, load_configuration

    file = rules or next((path for path in DEFAULT_FILES if path.exists()), None)
    if file is None:
        return ()
    try:
        return load_configuration(file, lenient=True).settings.interfaces
    except RulesError as error:
        for problem in error.problems:
            say(problem.render())
        raise typer.Exit(CONFIGURATION) from None


def _addresses(addresses: tuple[object, ...]) -> str:
    return ", ".join(map(str, addresses)) or "-"


def _as_json(choice: Choice) -> dict[str, Any]:
    every = [(i, "") for i in choice.chosen] + list(choice.passed_over)
    return {
        "interfaces": [
            {
                "name": i.name,
                "index": i.index,
                "addresses": [str(address) for address in i.addresses],
                "served": not reason,
                "reason": reason or None,
            }
            for i, reason in sorted(every, key=lambda row: row[0].index)
        ],
        "missing": list(choice.missing),
    }
