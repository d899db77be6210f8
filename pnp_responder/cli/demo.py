"""`pnp-responder demo`: one phone is answered before your eyes, on this computer alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pnp_responder.cli.console import CONFIGURATION, UNAVAILABLE, say, styled
from pnp_responder.cli.loading import load_for_people
from pnp_responder.escaping import escape
from pnp_responder.masking import mask_text

if TYPE_CHECKING:
    from pnp_responder.events import EnrollmentDeclined
    from pnp_responder.net.interfaces import Interface
    from pnp_responder.service.configuration import Configuration


def demo(
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="default: that of `run`, else the one that comes with the source",
            readable=False,
        ),
    ] = None,
) -> None:
    """Play a phone against the responder on the loopback interface, and print both sides.

    Uses ports that are free and disturbs nobody. Exit 0 if the phone was told a URL, else 1.
    """
    import asyncio

    from pnp_responder.errors import InterfaceUnusable
    from pnp_responder.net.interfaces import read_interfaces
    from pnp_responder.rules import RulesError

    try:
        file = _rules_file(rules)
        configuration = load_for_people(file)
    except RulesError as error:
        for problem in error.problems:
            say(problem.render())
        say("pnp-responder: put the rules file right, or name another: pnp-responder demo --rules FILE")
        raise typer.Exit(CONFIGURATION) from None
    try:
        told = asyncio.run(_play(configuration, file, read_interfaces()))
    except InterfaceUnusable as error:
        say(f"pnp-responder: {error}")
        raise typer.Exit(UNAVAILABLE) from None
    raise typer.Exit(0 if told else 1)


def _rules_file(given: Path | None) -> Path:
    from pnp_responder.rules import RulesError
    from pnp_responder.service.configuration import find_rules_file

    try:
        return find_rules_file(given)
    except RulesError:
        shipped = Path(__file__).parents[2] / "rules.yaml"
        if shipped.exists():
            return shipped
        raise


async def _play(configuration: Configuration, file: Path, host: tuple[Interface, ...]) -> bool:
    """Was the phone told a URL?"""
    import asyncio
    import sys

    from pnp_responder.cli.demo_phone import DemoPhone
    from pnp_responder.errors import InterfaceUnusable
    from pnp_responder.events import EnrollmentDeclined, Event
    from pnp_responder.net.multicast import open_interface
    from pnp_responder.service.journal import Journal
    from pnp_responder.service.log_format import line_renderer
    from pnp_responder.service.wiring import listen_on, wire

    loopback = next((i for i in host if i.loopback and i.up and i.addresses), None)
    if loopback is None:
        raise InterfaceUnusable("lo", "there is no loopback interface that is up", "ip link set lo up")
    listen = listen_on(configuration.settings)._replace(port=0, reply_port=0, packet=False)
    opened = open_interface(loopback, listen)
    events: list[Event] = []
    render = line_renderer("console")
    _, driver = wire(
        configuration.rules.decide,
        configuration.settings,
        [opened],
        host,
        [events.extend],
        Journal(lambda entries: say("\n".join(map(render, entries)))).trouble,
        asyncio.get_running_loop(),
    )
    mask = configuration.rules.mask
    typer.echo(f"A phone asks, and pnp-responder answers by {file}. All of it stays on {loopback.name}.\n")
    try:
        with DemoPhone(opened.local.address.host, loopback.index, partial(_print, mask)) as phone:
            url = await phone.ask(opened.group)
    finally:
        driver.stop()
    if url is not None:
        verdict = f"The phone was told its configuration is at {escape(mask(url))}"
        typer.echo(styled(verdict, "good", sys.stdout))
        typer.echo("Serve your own phones: add rules to the file, then `pnp-responder run`.")
        return True
    declined = next((event for event in events if isinstance(event, EnrollmentDeclined)), None)
    _say_why_not(declined, file)
    return False


def _say_why_not(declined: EnrollmentDeclined | None, file: Path) -> None:
    from pnp_responder.service.rule_hint import rule_hint

    if declined is None:
        say("No answer came. Does a firewall on this computer drop UDP on the loopback interface?")
        return
    enrollment, decline, _ = declined
    if decline.rule is None:
        say(f"No NOTIFY came, for no rule of {file} matches this phone. A rule that does:")
        say(f"  {rule_hint(enrollment)}")
    else:
        say(f"No NOTIFY came: rule '{decline.rule}' of {file} declines this phone ({decline.reason}).")
        mac = f" --mac {enrollment.device.mac}" if enrollment.device.mac else ""
        say(f"  pnp-responder explain --rules {file}{mac} --source 127.0.0.1 --interface lo")


def _print(mask: Callable[[str], str], title: str, payload: bytes) -> None:
    """One datagram, whole: its line ends are line ends, everything else is made printable."""
    import sys

    typer.echo(styled(title, "bold", sys.stdout))
    head, blank, body = payload.decode("utf-8", "backslashreplace").partition("\r\n\r\n")
    text = (head + blank + mask(body)).replace("\r\n", "\n")
    for line in text.rstrip("\n").split("\n"):
        typer.echo(f"    {escape(mask_text(line))}".rstrip())
    typer.echo()
