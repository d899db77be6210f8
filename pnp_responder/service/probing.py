"""Asks on an interface for PnP servers, for `probe` and for the watch for rivals."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import NamedTuple

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.enrollment import Device
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.mac import Mac
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.question import Question
from pnp_responder.phone.render import Asking, render
from pnp_responder.phone.shape import Shape
from pnp_responder.probe.prober import Answer, Prober
from pnp_responder.sip import Identifiers
from pnp_responder.ua_profile.phones_probed import PROBED_AS
from pnp_responder.ua_profile.probe import probe_mac, probe_subscribe

USUAL_PORT = 5060
"""From where most phones ask, and where some servers answer wherever a question came from."""

MOST_DATAGRAMS = 10_000
"""A probe looks at no more than so many: 64 servers with 30 repeats each, five times over."""

SLICE = 64
"""So many at a time; between two slices the loop serves phones."""


class Probed(NamedTuple):
    """What was found on an interface by asking as `mac` from `address`. `answers` in order of arrival."""

    interface: str
    address: SocketAddress
    mac: Mac
    answers: tuple[Answer, ...]


def new_mac() -> Mac:
    """A MAC for a probe, one of 65,536."""
    return probe_mac(os.urandom(2))


async def probe(
    interface: Interface,
    group: SocketAddress,
    seconds: float,
    mac: Mac,
    like: Shape | None = None,
    port: int = 0,
) -> Probed:
    """Ask `group` as a phone with this MAC and listen for so long. Raises InterfaceUnusable.

    `like` is the phone of the catalogue that is played, if not the one that nearly all servers serve.
    It asks from `port` if that is free.
    """
    loop = asyncio.get_running_loop()
    question = Question(interface, port)
    came = asyncio.Event()
    try:
        identifiers = Identifiers(os.urandom)
        local = question.local
        subscribe = _subscribe(local.address, group, mac, like, identifiers)
        began = loop.time()
        prober = Prober(subscribe, local, group, identifiers, began)
        _ask(question, interface, subscribe, group)
        output = prober.handle_timeout(began)  # asked just now
        loop.add_reader(question, came.set)
        left = MOST_DATAGRAMS
        while (now := loop.time()) < began + seconds and left:
            if output.deadline is not None and output.deadline <= now:
                output = prober.handle_timeout(now)
                _send(question, output.datagrams)
            came.clear()
            for _ in range(min(SLICE, left)):
                heard = question.receive()
                if heard is None:
                    break
                left -= 1
                output = prober.receive_datagram(Datagram(*heard, local), loop.time())
                _send(question, output.datagrams)
            wake = min(began + seconds, output.deadline or began + seconds)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(wake):
                    await came.wait()
        return Probed(interface.name, local.address, mac, prober.answers)
    finally:
        loop.remove_reader(question)
        question.close()


def _subscribe(
    address: SocketAddress, group: SocketAddress, mac: Mac, like: Shape | None, identifiers: Identifiers
) -> bytes:
    if like is None:
        return probe_subscribe(PROBED_AS._replace(mac=mac), address, group, identifiers)
    wire = like.wire
    device = Device(mac, wire.vendor or "", wire.model, wire.version)
    return render(wire, device, Asking(address, group=group.host), identifiers)


def _ask(question: Question, interface: Interface, subscribe: bytes, group: SocketAddress) -> None:
    try:
        question.send(subscribe, group)
    except OSError as error:
        reason = f"a question to {group} cannot be sent: {error.strerror}"
        remedy = f"see `ip link show {interface.name}` and the firewall of this host"
        raise InterfaceUnusable(interface.name, reason, remedy) from error


def _send(question: Question, datagrams: tuple[Datagram, ...]) -> None:
    for datagram in datagrams:
        with suppress(OSError):
            question.send(datagram.payload, datagram.remote)
