"""`pnp-responder explain`: which rule serves a device, and why not the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from pnp_responder.cli.console import CONFIGURATION
from pnp_responder.cli.loading import load_for_people

if TYPE_CHECKING:
    from pnp_responder.circumstances import Assumed
    from pnp_responder.datagram import Local, SocketAddress
    from pnp_responder.enrollment import Enrollment
    from pnp_responder.net.interfaces import Interface

T = TypeVar("T")

MAX_MESSAGE = 65_535
"""Octets: no UDP datagram is longer."""

_DEVICE_OPTIONS = ("--mac", "--vendor", "--model", "--version", "--user-agent", "--profile-type")


def explain(
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="default: ./rules.yaml, then /etc/pnp-responder/rules.yaml", readable=False
        ),
    ] = None,
    mac: Annotated[str | None, typer.Option(help="the device's MAC, in any spelling")] = None,
    vendor: Annotated[str | None, typer.Option(help="as the device says it")] = None,
    model: Annotated[str | None, typer.Option(help="as the device says it")] = None,
    version: Annotated[str | None, typer.Option(help="its firmware version")] = None,
    user_agent: Annotated[str | None, typer.Option(help="its User-Agent header")] = None,
    profile_type: Annotated[str | None, typer.Option(help="default: device")] = None,
    source: Annotated[str | None, typer.Option(metavar="ADDRESS", help="where it asks from")] = None,
    interface: Annotated[str | None, typer.Option(metavar="NAME", help="where it is heard")] = None,
    neighbour: Annotated[
        str | None, typer.Option(metavar="MAC", help="in the neighbour table for it; or none, or routed")
    ] = None,
    window: Annotated[str | None, typer.Option(metavar="open|closed", help="the enrolment window")] = None,
    offered: Annotated[
        str | None, typer.Option(metavar="TIME", help="how long ago it got an offer, such as 5m; or never")
    ] = None,
    message: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="a SUBSCRIBE as captured, in place of the values",
            readable=False,
        ),
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="also the rules after the one that wins")] = False,  # noqa: A002
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="do not mask passwords")] = False,
) -> None:
    """Tell which rule serves a device, why the rules before it do not, and the URL it gets.

    The same code decides as in service. What is not given is not given by the device; without
    --source or --interface these are unknown, and a rule that asks for them does not match. What only
    the service knows (--neighbour, --window, --offered) is taken to be in order where it is not given.
    """
    from pnp_responder.cli.explanation import explain_enrollment, explain_message, print_json, print_text
    from pnp_responder.rules import RulesError
    from pnp_responder.rules.assumptions import parse_neighbour
    from pnp_responder.service.configuration import find_rules_file
    from pnp_responder.service.wiring import listen_on

    given = (mac, vendor, model, version, user_agent, profile_type)
    if message is not None and any(value is not None for value in given):
        named = [name for name, value in zip(_DEVICE_OPTIONS, given, strict=True) if value is not None]
        raise typer.BadParameter(f"--message already says all about the device; leave out {', '.join(named)}")
    remote = _remote(source)
    device = _enrollment(mac, vendor, model, version, user_agent, profile_type)
    payload = None if message is None else _read_message(message)
    stated = _stated(neighbour, window, offered)
    try:
        configuration = load_for_people(find_rules_file(rules))
    except RulesError as error:
        for problem in error.problems:
            typer.echo(problem.render(), err=True)
        raise typer.Exit(CONFIGURATION) from None
    link = None if interface is None else _interface(interface)
    port = listen_on(configuration.settings).reply_port
    local = None if interface is None else _local(interface, link, port)
    if stated.neighbour_is is None and remote is not None and link is not None and not _on(link, remote):
        stated = stated._replace(neighbour_is=parse_neighbour("routed"))
    if payload is None:
        answer = explain_enrollment(configuration.rules, device._replace(remote=remote, local=local), stated)
    else:
        answer = explain_message(configuration.rules, payload, remote, local, stated)
    if json:
        print_json(answer, show_secrets)
    else:
        print_text(answer, all, show_secrets)


def _enrollment(
    mac: str | None,
    vendor: str | None,
    model: str | None,
    version: str | None,
    user_agent: str | None,
    profile_type: str | None,
) -> Enrollment:
    from pnp_responder.enrollment import Device, Enrollment
    from pnp_responder.mac import Mac

    try:
        parsed = Mac.parse(mac) if mac else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--mac") from None
    device = Device(parsed, vendor or "", model or "", version or "")
    kind = "device" if profile_type is None else profile_type
    return Enrollment(device, kind, user_agent or "")


def _stated(neighbour: str | None, window: str | None, offered: str | None) -> Assumed:
    from pnp_responder.circumstances import Assumed
    from pnp_responder.rules.assumptions import parse_neighbour, parse_offered, parse_window

    def read(text: str | None, parse: Callable[[str], T], option: str) -> T | None:
        try:
            return None if text is None else parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint=option) from None

    return Assumed(
        read(neighbour, parse_neighbour, "--neighbour"),
        read(window, parse_window, "--window"),
        read(offered, parse_offered, "--offered"),
    )


def _remote(source: str | None) -> SocketAddress | None:
    import ipaddress

    from pnp_responder.datagram import SocketAddress

    if source is None:
        return None
    try:
        return SocketAddress(str(ipaddress.IPv4Address(source)), 5060)
    except ValueError:
        raise typer.BadParameter(f"'{source}' is no IPv4 address", param_hint="--source") from None


def _interface(name: str) -> Interface | None:
    """The interface of this host with that name."""
    from pnp_responder.net.interfaces import read_interfaces

    try:
        return next((known for known in read_interfaces() if known.name == name), None)
    except OSError:
        return None


def _local(name: str, link: Interface | None, port: int) -> Local:
    """Our end on the interface `name`; its address is "" where this host has none there."""
    from pnp_responder.datagram import Local, SocketAddress

    address = str(link.addresses[0].ip) if link is not None and link.addresses else ""
    return Local(name, SocketAddress(address, port))


def _on(link: Interface, remote: SocketAddress) -> bool:
    """Is it an address of the link's own networks, so that the neighbour table can have it?"""
    from ipaddress import IPv4Address

    return any(IPv4Address(remote.host) in address.network for address in link.addresses)


def _read_message(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_MESSAGE + 1)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="--message") from None
    if len(octets) > MAX_MESSAGE:
        raise typer.BadParameter(f"{path}: longer than any UDP datagram", param_hint="--message")
    return octets
