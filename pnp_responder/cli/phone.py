"""`pnp-responder phone`: play a phone against any server, and judge the answers."""

from __future__ import annotations

import errno
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pnp_responder.cli.console import UNAVAILABLE, Outcome, say

if TYPE_CHECKING:
    from pnp_responder.cli.phone_setup import Setup

NOT_SERVED = 1
FAULTS = 2
MOST_PHONES = 100_000


class Transport(StrEnum):
    """How the phone speaks."""

    UDP = "udp"
    TCP = "tcp"


def phone(
    like: Annotated[
        str | None, typer.Option(metavar="PHONE", help="which phone to play; --list shows them")
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="list the phones that can be played, with the evidence")
    ] = False,
    mac: Annotated[
        str | None, typer.Option(metavar="MAC", help="default: the first one of that vendor")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL")] = None,
    version: Annotated[str | None, typer.Option(metavar="VERSION")] = None,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="ask with this kept SUBSCRIBE instead",
            readable=False,
        ),
    ] = None,
    interface: Annotated[
        str | None, typer.Option(metavar="NAME", help="multicast there [default: the only one there is]")
    ] = None,
    server: Annotated[
        str | None, typer.Option(metavar="HOST[:PORT]", help="ask this server alone, by unicast")
    ] = None,
    group: Annotated[str, typer.Option(metavar="ADDRESS", help="where phones multicast to")] = "224.0.1.75",
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="N", help="the port there")] = 5060,
    source_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, metavar="N", help="ours [default: as that phone; if taken, any]"),
    ] = None,
    transport: Annotated[Transport, typer.Option(help="tcp needs --server")] = Transport.UDP,
    timeout: Annotated[
        float | None,
        typer.Option(min=0.1, max=3600, metavar="S", help="patience [default: 10; for many phones 32]"),
    ] = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="miss the first NOTIFY, ask once more: does the server repeat?")
    ] = False,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="get the file that the phone would get, twice")
    ] = False,
    count: Annotated[
        int, typer.Option(min=1, max=MOST_PHONES, metavar="N", help="play so many phones at once")
    ] = 1,
    within: Annotated[
        float, typer.Option(min=0, max=3600, metavar="S", help="let them wake up within S seconds")
    ] = 2.0,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="do not mask passwords")] = False,
) -> None:
    """Play a phone against any server, print the exchange, and judge the answers.

    Each fault is named with its item of the checklist, what was seen, and what the RFCs expect. Asks by
    multicast, or one server by unicast. Exit codes: 0 served, 1 not served, 2 served with faults, 64
    wrong use, 69 this host's network does not let us ask.
    """
    from pnp_responder.cli.phone_setup import Wishes, open_setup
    from pnp_responder.phone_edge.lines import CannotSend

    if list_:
        _print_catalogue()
        return
    if transport is Transport.TCP and server is None:
        raise typer.BadParameter("multicast has no connections: name the server", param_hint="--transport")
    if transport is Transport.TCP and thorough:
        raise typer.BadParameter("by TCP nothing is lost, so nothing is repeated", param_hint="--thorough")
    if from_ is not None and like is not None:
        raise typer.BadParameter("either a kept message or a phone of the catalogue", param_hint="--from")
    if from_ is not None and count > 1:
        raise typer.BadParameter("one message is one phone", param_hint="--count")
    if timeout is None:
        timeout = 32.0 if count > 1 else 10.0
    wishes = Wishes(
        like=like,
        mac=mac,
        model=model,
        version=version,
        kept=from_,
        interface=interface,
        server=server,
        group=group,
        port=port,
        source_port=source_port,
        transport=transport.upper(),
        timeout=timeout,
    )
    setup = open_setup(wishes)
    try:
        if count > 1:
            code = _campus(setup, count, within, thorough, json, show_secrets)
        else:
            code = _single(setup, thorough, fetch, json, show_secrets)
    except CannotSend as error:
        say(f"pnp-responder: cannot send to {setup.target}: {error.strerror}")
        if error.errno == errno.ENOBUFS:
            say("Is the neighbour table full? `sysctl net.ipv4.neigh.default.gc_thresh3` is its limit.")
        code = UNAVAILABLE
    finally:
        setup.line.close()
    raise Outcome(code)


def _single(setup: Setup, thorough: bool, fetch: bool, json: bool, show_secrets: bool) -> int:
    from pnp_responder.cli.phone_fetch import fetch_faults, fetch_target
    from pnp_responder.cli.phone_json import JsonView
    from pnp_responder.cli.phone_play import play_one
    from pnp_responder.cli.phone_view import TextView, View

    view: View = JsonView(show_secrets) if json else TextView(show_secrets)
    view.begin(setup)
    steps, ended = play_one(setup, thorough, view.step)
    verdict = setup.judge(steps, ended)
    view.verdict(verdict)
    if fetch and verdict.target is not None:
        attempts = fetch_target(verdict.target, setup.agent)
        view.fetched(attempts)
        verdict = verdict._replace(faults=(*verdict.faults, *fetch_faults(attempts)))
    view.end(verdict)
    if not verdict.url:
        return NOT_SERVED
    return FAULTS if verdict.faults else 0


def _campus(setup: Setup, count: int, within: float, thorough: bool, json: bool, show_secrets: bool) -> int:
    from pnp_responder.cli.phone_campus import play_campus
    from pnp_responder.cli.phone_campus_view import print_json, print_text

    campus = play_campus(setup, count, within, thorough)
    verdict = setup.judge(campus.first_steps, campus.first_ended)
    verdict = verdict._replace(faults=(*verdict.faults, *campus.faults))
    (print_json if json else print_text)(setup, campus, verdict, show_secrets)
    if campus.served < count:
        return NOT_SERVED
    return FAULTS if verdict.faults else 0


def _print_catalogue() -> None:
    from pnp_responder.cli.console import table
    from pnp_responder.phone.catalogue import CATALOGUE

    rows = [["PHONE", "VENDOR", "MODEL", "PORT", "REQUEST", "EVIDENCE"]]
    for shape in CATALOGUE.values():
        wire = shape.wire
        trust = wire.trust.name.lower()
        rows.append([shape.name, wire.vendor or "-", wire.model, str(wire.port), trust, wire.evidence])
    for line in table(rows):
        typer.echo(line)
    typer.echo("\nThese take a NOTIFY outside of their dialog; the others answer 481:")
    for name, shape in CATALOGUE.items():
        if shape.habits.outside_dialog:
            typer.echo(f"  {name}: {shape.habits.outside_dialog}")
    typer.echo("\nseen: printed in a capture or by the vendor; partly: some of it is; composed: nothing is.")
