"""`pnp-responder replay`: what the rules would have said to the phones of a capture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from pnp_responder.cli.console import CONFIGURATION, DATA_ERROR, IO_ERROR, say
from pnp_responder.cli.loading import load_for_people

if TYPE_CHECKING:
    from pnp_responder.capture.replay import Write
    from pnp_responder.datagram import SocketAddress
    from pnp_responder.rules import RuleSet
    from pnp_responder.service.configuration import Configuration

UNANSWERED_EXIT = 1


def replay(
    captures: Annotated[
        list[Path],
        typer.Argument(
            metavar="CAPTURE", help="pcap or pcapng (also .gz), or a SUBSCRIBE as text; - reads a pipe"
        ),
    ],
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="default: ./rules.yaml, then /etc/pnp-responder/rules.yaml", readable=False
        ),
    ] = None,
    address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="our address there, for {{ local_ip }}")
    ] = None,
    interface: Annotated[
        str | None, typer.Option(metavar="NAME", help="our interface there, where the capture names none")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.pcap",
            help="write the exchange, requests and our answers",
            readable=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="exit 1 if a phone went unanswered")] = False,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="do not mask passwords")] = False,
) -> None:
    """Run the responder over captured requests, as it would have served them: one row a phone.

    Nothing is sent. Where the capture holds a server's answers, they stand beside ours. A phone is
    unanswered if it got nothing and no rule says so. Exit codes: 0 done, 1 unanswered (--strict),
    65 not a capture, 74 cannot write, 78 the rules file has errors.
    """
    import os

    from pnp_responder.capture.replay import STAND_IN_LOCAL, UNKNOWN_INTERFACE, Replay
    from pnp_responder.cli.capture_input import CaptureInput
    from pnp_responder.cli.replay_view import JsonView, TableView
    from pnp_responder.sip import Identifiers

    local = STAND_IN_LOCAL if address is None else _address(address)
    configuration = _configuration(rules)
    if write is not None and any(_same(write, path) for path in captures):
        raise typer.BadParameter("that is the capture itself", param_hint="--write")
    source = CaptureInput(captures)
    out = None if write is None else _opened(write)
    view = JsonView(show_secrets) if json else TableView(show_secrets)
    try:
        engine = Replay(
            configuration.rules.decide,
            identifiers=Identifiers(os.urandom),
            local=local,
            interface=interface or UNKNOWN_INTERFACE,
            write=None if out is None else _writer(out, show_secrets, configuration.rules.secrets),
            limits=configuration.settings.limits,
        )
        for captured in source:
            for row in engine.feed(captured):
                view.add(row)
        for row in engine.end():
            view.add(row)
    finally:
        if out is not None:
            out.close()
    view.end(source)
    for problem in source.problems:
        say(f"pnp-responder: {problem}")
    if not json:
        for hint in _hints(
            configuration.rules, address is None, interface is None and not view.interfaces_known
        ):
            say(hint)
        say(view.summary())
    if source.damaged:
        raise typer.Exit(DATA_ERROR)
    if strict and view.unanswered:
        raise typer.Exit(UNANSWERED_EXIT)


def _address(text: str) -> SocketAddress:
    from ipaddress import IPv4Address

    from pnp_responder.capture.datagrams import SIP_PORT
    from pnp_responder.datagram import SocketAddress

    try:
        return SocketAddress(str(IPv4Address(text)), SIP_PORT)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no IPv4 address", param_hint="--address") from None


def _configuration(rules: Path | None) -> Configuration:
    from pnp_responder.rules import RulesError
    from pnp_responder.service.configuration import find_rules_file

    try:
        return load_for_people(find_rules_file(rules))
    except RulesError as error:
        for problem in error.problems:
            say(problem.render())
        raise typer.Exit(CONFIGURATION) from None


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        say(f"pnp-responder: cannot write {path}: {error.strerror or error}")
        raise typer.Exit(IO_ERROR) from None


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _writer(out: BinaryIO, show_secrets: bool, secrets: frozenset[str]) -> Write:
    from pnp_responder.capture.masked import mask_payload
    from pnp_responder.capture.segments import Packets
    from pnp_responder.capture.writer import PCAP_HEAD, pcap_record

    out.write(PCAP_HEAD)
    packets = Packets()

    def write(
        when: int, source: SocketAddress, destination: SocketAddress, payload: bytes, transport: str
    ) -> None:
        shown = payload if show_secrets else mask_payload(payload, secrets)
        for packet in packets.of(source, destination, shown, transport):
            out.write(pcap_record(when, packet))

    return write


def _hints(rules: RuleSet, address_unknown: bool, interface_unknown: bool) -> list[str]:
    """What nobody told, and the rules ask for."""
    from pnp_responder.capture.replay import STAND_IN_LOCAL
    from pnp_responder.rules.outcome_reader import UrlOutcome

    hints = []
    names: set[str] = set()
    for rule in rules.rules:
        if isinstance(rule.outcome, UrlOutcome):
            names.update(rule.outcome.template.names)
        if rule.match.condition("interface") is not None:
            names.add("interface")
    if address_unknown and "local_ip" in names:
        hints.append(f"{STAND_IN_LOCAL.host} stands for our address ({{{{ local_ip }}}}): give --address")
    if interface_unknown and "interface" in names:
        hints.append("the rules ask for the interface, and the capture does not tell it: give --interface")
    return hints
