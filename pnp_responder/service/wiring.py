"""The one place that names every part and plugs it in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence

from pnp_responder.admission import Admission
from pnp_responder.capture.recorder import Recorder
from pnp_responder.capture.recording import RecordedEngine
from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.engine import Engine, ServingEngine
from pnp_responder.enrollment import Decide, ForKind, no_kind
from pnp_responder.events import Event
from pnp_responder.net.driver import Driver
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.multicast import Listen, OpenInterface
from pnp_responder.net.tcp import TcpServer
from pnp_responder.net.troubles import Trouble
from pnp_responder.responder import Responder
from pnp_responder.service.settings import Settings
from pnp_responder.sip import Identifiers
from pnp_responder.sip.stream import StreamReader

MOST_BY_TCP = 32 * 1024
"""Octets of one message by TCP, so 8 MiB for 256 connections. A phone's has 600."""

Consumer = Callable[[Sequence[Event]], None]
"""A feature that listens to events, several at once, in order. Quick, and raises nothing."""


def listen_on(settings: Settings) -> Listen:
    """Where the settings say to listen."""
    auto = settings.reply_port == "auto"
    reply_port = Listen().reply_port if settings.reply_port == "auto" else settings.reply_port
    return Listen(
        settings.group,
        settings.port,
        reply_port,
        or_any=auto,
        packet=settings.receive == "packet",
        routed=bool(settings.allow),
    )


def admit(settings: Settings, opened: Iterable[OpenInterface], host: Iterable[Interface]) -> Admission:
    """Who may ask: each link's networks. `host` are all interfaces of this host: their addresses are ours."""
    return Admission(
        networks={o.interface.name: [a.network for a in o.interface.addresses] for o in opened},
        allow=settings.allow,
        own_addresses=[str(address.ip) for interface in host for address in interface.addresses],
    )


def wire(
    decide: Decide,
    settings: Settings,
    opened: Iterable[OpenInterface],
    host: Iterable[Interface],
    consumers: Sequence[Consumer],
    report: Callable[[Trouble], None],
    loop: asyncio.AbstractEventLoop,
    recorder: Recorder | None = None,
    at_once: Callable[[], bool] = lambda: False,
    for_kind: ForKind = no_kind,
) -> tuple[Responder, Driver[Event]]:
    """Serve the `opened` interfaces. `host` are all interfaces of this host: their addresses are our own.

    `at_once` tells whether a consumer has to hear of each event before the next datagram is answered.
    """
    opened = list(opened)
    responder = Responder(
        decide,
        identifiers=Identifiers(os.urandom),
        admission=admit(settings, opened, host),
        limits=settings.limits,
        notify_attempts=settings.notify_attempts,
        for_kind=for_kind,
    )

    def publish(events: Sequence[Event]) -> None:
        for consumer in consumers:
            consumer(events)

    engine: ServingEngine[Event] = responder if recorder is None else RecordedEngine(responder, recorder)
    driver = Driver(engine, publish, report, loop, at_once=at_once)
    if settings.tcp:
        driver.serve_streams(_tcp_server(responder, engine, driver, report, loop))
    for interface in opened:
        driver.add_interface(interface)
    return responder, driver


def _tcp_server(
    responder: Responder,
    engine: Engine[Event],
    driver: Driver[Event],
    report: Callable[[Trouble], None],
    loop: asyncio.AbstractEventLoop,
) -> TcpServer:
    def receive(datagram: Datagram) -> None:
        driver.deliver(lambda now: engine.receive_datagram(datagram, now), datagram)

    def closed(remote: SocketAddress) -> None:
        driver.deliver(lambda now: responder.receive_closed(remote, now))

    return TcpServer(
        make_reader=lambda: StreamReader(MOST_BY_TCP),
        admit=responder.refusal,
        receive=receive,
        closed=closed,
        report=report,
        loop=loop,
    )
