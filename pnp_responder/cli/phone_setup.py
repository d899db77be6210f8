"""What `phone` needs before it asks: which phone, from where, to whom. Wrong wishes end here, in words."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import typer

from pnp_responder.cli.console import UNAVAILABLE, USAGE, say
from pnp_responder.datagram import TCP, Datagram, Local, SocketAddress
from pnp_responder.enrollment import Device
from pnp_responder.errors import RequestError
from pnp_responder.mac import Mac
from pnp_responder.net.interfaces import choose_interfaces, read_interfaces
from pnp_responder.phone.catalogue import CATALOGUE, DEFAULT, UNKNOWN, habits_of_vendor
from pnp_responder.phone.events import Ended
from pnp_responder.phone.judge import Verdict, judge
from pnp_responder.phone.render import Asking, numbered_mac, render, render_kept
from pnp_responder.phone.shape import Habits, Shape
from pnp_responder.phone.transcript import Step
from pnp_responder.phone_edge.lines import Line, TcpLine, UdpLine, is_taken
from pnp_responder.sip import Identifiers, Request, parse_message
from pnp_responder.ua_profile import read_enrollment

_LARGEST_FILE = 65_535
_DEFAULT_PORT = 5060


class Wishes(NamedTuple):
    """The options, as they were given."""

    like: str | None
    mac: str | None
    model: str | None
    version: str | None
    kept: Path | None
    interface: str | None
    server: str | None
    group: str
    port: int
    source_port: int | None
    transport: str
    timeout: float


@dataclass
class Setup:
    """A phone that is ready to ask: `render(n)` gives the SUBSCRIBE of the n-th phone like it, from 0."""

    shape: Shape | None
    kept: bytes | None
    device: Device
    habits: Habits
    line: Line
    target: SocketAddress
    multicast: bool
    interface: str
    asking: Asking
    identifiers: Identifiers
    patience: float
    note: str = ""

    def render(self, number: int = 0) -> bytes:
        """Raises typer.Exit in words for what cannot be sent."""
        mac = self.device.mac
        device = replace_mac(self.device, None if mac is None else numbered_mac(mac, number))
        if self.shape is not None:
            return render(self.shape.wire, device, self.asking, self.identifiers)
        assert self.kept is not None
        return render_kept(self.kept, device, self.asking, self.identifiers)

    @property
    def attempts(self) -> int:
        """How often this phone asks at most."""
        return self.habits.attempts

    @property
    def agent(self) -> str:
        """What the phone calls itself when it fetches."""
        message = parse_message(self.render())
        agent = message.headers.get("user-agent", "")
        return agent if agent.isprintable() and agent else "pnp-responder phone"

    def judge(self, steps: list[Step], ended: Ended) -> Verdict:
        """The verdict over one phone's story."""
        return judge(steps, ended, self.habits, self.device, self.multicast)


def replace_mac(device: Device, mac: Mac | None) -> Device:
    """`device` with that MAC."""
    return device._replace(mac=mac)


def open_setup(wishes: Wishes) -> Setup:
    """Raises typer.Exit after words on standard error, typer.BadParameter for a wrong option."""
    shape, kept, device, habits = _who(wishes)
    interface, index, local_host, target = _where(wishes)
    multicast = wishes.server is None
    wanted = wishes.source_port or (shape.wire.port if shape else _DEFAULT_PORT)
    line, note = _open_line(wishes, interface, index if multicast else None, local_host, wanted)
    identifiers = Identifiers(os.urandom)
    asking = Asking(line.local.address, wishes.transport, wishes.group)
    patience = min(wishes.timeout, habits.patience)
    setup = Setup(
        *(shape, kept, device, habits, line, target, multicast, interface),
        *(asking, identifiers, patience, note),
    )
    try:
        octets = setup.render()
    except ValueError as error:
        line.close()
        say(f"pnp-responder: {error}")
        raise typer.Exit(USAGE) from None
    return setup if kept is None else _with_told_device(setup, octets)


def _who(wishes: Wishes) -> tuple[Shape | None, bytes | None, Device, Habits]:
    mac = None if wishes.mac is None else _mac(wishes.mac)
    if wishes.kept is not None:
        kept = _read(wishes.kept)
        return None, kept, Device(mac, "", wishes.model or "", wishes.version or ""), UNKNOWN
    name = (wishes.like or DEFAULT).casefold()
    shape = CATALOGUE.get(name)
    if shape is None:
        known = ", ".join(CATALOGUE)
        raise typer.BadParameter(f"no phone of that name; there are: {known}", param_hint="--like")
    wire = shape.wire
    device = Device(
        mac or Mac.parse(f"{wire.oui}000001"),
        wire.vendor or "",
        wire.model if wishes.model is None else wishes.model,
        wire.version if wishes.version is None else wishes.version,
    )
    return shape, None, device, shape.habits


def _mac(text: str) -> Mac:
    try:
        return Mac.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--mac") from None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        octets = file.read(_LARGEST_FILE + 1)
    if len(octets) > _LARGEST_FILE:
        raise typer.BadParameter("too large for a message", param_hint="--from")
    head, blank, body = octets.partition(b"\r\n\r\n")
    # Kept with an editor, most likely.
    return octets if blank else head.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + body


def _with_told_device(setup: Setup, octets: bytes) -> Setup:
    """Vendor, model and version as the kept message tells them, for what such a phone does with the URL."""
    message = parse_message(octets)
    assert isinstance(message, Request)
    line = setup.line
    try:
        told = read_enrollment(message, Datagram(octets, line.local.address, line.local)).device
    except RequestError:
        # A message that asks for something else is asked all the same: the server is to refuse it.
        told = Device()
    given = setup.device
    device = Device(
        given.mac or told.mac, told.vendor, given.model or told.model, given.version or told.version
    )
    return replace(setup, device=device, habits=habits_of_vendor(told.vendor))


def _where(wishes: Wishes) -> tuple[str, int, str, SocketAddress]:
    """Interface (its name and index), our address, and whom to ask."""
    if wishes.server is not None:
        if wishes.interface is not None:
            raise typer.BadParameter("a server is asked by unicast", param_hint="--interface")
        target = _resolve(wishes.server, wishes.port)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(target)
            except OSError as error:
                say(f"pnp-responder: no way to {target}: {error.strerror}")
                raise typer.Exit(UNAVAILABLE) from None
            return "", 0, str(probe.getsockname()[0]), target
    try:
        group = socket.inet_ntoa(socket.inet_aton(wishes.group))
    except OSError:
        raise typer.BadParameter("not an IPv4 address", param_hint="--group") from None
    choice = choose_interfaces(read_interfaces(), [wishes.interface] if wishes.interface else [])
    if len(choice.chosen) != 1:
        _say_interfaces([i.name for i in choice.chosen], wishes.interface)
        for one, reason in choice.passed_over:
            if one.name == wishes.interface:
                say(f"pnp-responder: {one.name}: {reason}")
        raise typer.Exit(USAGE if choice.chosen else UNAVAILABLE)
    (chosen,) = choice.chosen
    host = str(chosen.addresses[0].ip)
    return chosen.name, chosen.index, host, SocketAddress(group, wishes.port)


def _say_interfaces(names: list[str], wanted: str | None) -> None:
    if names:
        say(f"pnp-responder: on which interface? Give --interface with one of: {', '.join(names)}")
    elif wanted:
        say(f"pnp-responder: no interface {wanted} to ask on; `pnp-responder interfaces` lists them")
    else:
        say("pnp-responder: no interface to ask on but the loopback: --interface lo, or --server HOST")


def _resolve(text: str, default: int) -> SocketAddress:
    host, colon, port_text = text.partition(":")
    port = default
    if colon:
        if not (port_text.isascii() and port_text.isdigit() and len(port_text) <= 5):
            raise typer.BadParameter("HOST or HOST:PORT", param_hint="--server")
        port = int(port_text)
    if not 0 < port < 65536:
        raise typer.BadParameter("a port is 1 to 65535", param_hint="--server")
    try:
        found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)
    except (socket.gaierror, UnicodeError):
        say(f"pnp-responder: {host!r} has no IPv4 address that could be found")
        raise typer.Exit(UNAVAILABLE) from None
    return SocketAddress(str(found[0][4][0]), port)


def _open_line(wishes: Wishes, interface: str, index: int | None, host: str, port: int) -> tuple[Line, str]:
    """On the port that this phone uses; on another one if it is taken and nobody insists."""
    for candidate in [port] if wishes.source_port else [port, 0]:
        local = Local(interface, SocketAddress(host, candidate))
        try:
            line: Line = TcpLine(local) if wishes.transport == TCP else UdpLine(local, index, _DEFAULT_PORT)
        except OSError as error:
            if is_taken(error) and candidate and not wishes.source_port:
                continue
            say(f"pnp-responder: cannot use port {candidate} of {host}: {error.strerror}")
            raise typer.Exit(UNAVAILABLE) from None
        at = line.local.address.port
        note = "" if at == port else f"port {port}, which this phone uses, is taken; it asks from {at}"
        return line, note
    raise AssertionError("a free port is always tried last")
