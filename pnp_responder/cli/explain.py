"""`pnp-responder explain`: which rule serves a device, and why not the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pnp_responder.cli.console import CONFIGURATION
from pnp_responder.cli.loading import load_for_people

if TYPE_CHECKING:
    from pnp_responder.datagram import Local, SocketAddress
    from pnp_responder.enrollment import Enrollment

MAX_MESSAGE = 65_535
"""Octets: no UDP datagram is longer."""

_DEVICE_OPTIONS = ("--mac", "--vendor", "--model", "--version", "--user-agent", "--profile-type")


def explain(
    rules: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="default: ./rules.yaml, then /etc/pnp-responder/rules.yaml"),
    ] = None,
    mac: Annotated[str | None, typer.Option(help="the device's MAC, in any spelling")] = None,
    vendor: Annotated[str | None, typer.Option(help="as the device says it")] = None,
    model: Annotated[str | None, typer.Option(help="as the device says it")] = None,
    version: Annotated[str | None, typer.Option(help="its firmware version")] = None,
    user_agent: Annotated[str | None, typer.Option(help="its User-Agent header")] = None,
    profile_type: Annotated[str | None, typer.Option(help="default: device")] = None,
    source: Annotated[str | None, typer.Option(metavar="ADDRESS", help="where it asks from")] = None,
    interface: Annotated[str | None, typer.Option(metavar="NAME", help="where it is heard")] = None,
    message: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a SUBSCRIBE as captured, in place of the values")
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="also the rules after the one that wins")] = False,  # noqa: A002
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="do not mask passwords")] = False,
) -> None:
    """Tell which rule serves a device, why the rules before it do not, and the URL it gets.

    The same code decides as in service. What is not given is not given by the device; without
    --source or --interface these are unknown, and a rule that asks for them does not match.
    """
    from pnp_responder.cli.explanation import explain_enrollment, explain_message, print_json, print_text
    from pnp_responder.rules import RulesError
    from pnp_responder.service.configuration import find_rules_file
    from pnp_responder.service.wiring import listen_on

    given = (mac, vendor, model, version, user_agent, profile_type)
    if message is not None and any(value is not None for value in given):
        named = [name for name, value in zip(_DEVICE_OPTIONS, given, strict=True) if value is not None]
        raise typer.BadParameter(f"--message already says all about the device; leave out {', '.join(named)}")
    remote = _remote(source)
    device = _enrollment(mac, vendor, model, version, user_agent, profile_type)
    payload = None if message is None else _read_message(message)
    try:
        configuration = load_for_people(find_rules_file(rules))
    except RulesError as error:
        for problem in error.problems:
            typer.echo(problem.render(), err=True)
        raise typer.Exit(CONFIGURATION) from None
    local = _local(interface, listen_on(configuration.settings).reply_port)
    if payload is None:
        answer = explain_enrollment(configuration.rules, device._replace(remote=remote, local=local))
    else:
        answer = explain_message(configuration.rules, payload, remote, local)
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


def _remote(source: str | None) -> SocketAddress | None:
    import ipaddress

    from pnp_responder.datagram import SocketAddress

    if source is None:
        return None
    try:
        return SocketAddress(str(ipaddress.IPv4Address(source)), 5060)
    except ValueError:
        raise typer.BadParameter(f"'{source}' is no IPv4 address", param_hint="--source") from None


def _local(interface: str | None, port: int) -> Local | None:
    """Our end on `interface`; its address is "" where this host has none there."""
    if interface is None:
        return None
    from pnp_responder.datagram import Local, SocketAddress
    from pnp_responder.net.interfaces import read_interfaces

    try:
        found = next((known for known in read_interfaces() if known.name == interface), None)
    except OSError:
        found = None
    address = str(found.addresses[0].ip) if found is not None and found.addresses else ""
    return Local(interface, SocketAddress(address, port))


def _read_message(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_MESSAGE + 1)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="--message") from None
    if len(octets) > MAX_MESSAGE:
        raise typer.BadParameter(f"{path}: longer than any UDP datagram", param_hint="--message")
    return octets
