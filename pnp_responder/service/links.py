"""The interfaces that are served: opened at start, waited for where there is none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pnp_responder.capture.recorder import Recorder
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.events import Event
from pnp_responder.net.driver import Driver
from pnp_responder.net.interfaces import Choice, Interface, choose_interfaces, read_interfaces
from pnp_responder.net.multicast import OpenInterface, open_interface
from pnp_responder.net.ports import port_holders
from pnp_responder.responder import Responder
from pnp_responder.service.configuration import Configuration
from pnp_responder.service.daemon_thread import in_daemon_thread
from pnp_responder.service.journal import Journal
from pnp_responder.service.settings import Settings
from pnp_responder.service.status import Status
from pnp_responder.service.wiring import listen_on, wire

# While there is no interface to serve.
LOOK_FOR_INTERFACES = 2.0


class NothingServed(Exception):
    """Interfaces are there, and none can be served. `refusals` has one entry for each."""

    def __init__(self, refusals: list[InterfaceUnusable]) -> None:
        super().__init__("\n".join(map(str, refusals)))
        self.refusals = refusals


class Links:
    """Opens what `settings` choose. `shown` is called when the status line has something new to tell."""

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        settings: Settings,
        journal: Journal,
        status: Status,
        shown: Callable[[], None],
        recorder: Recorder | None = None,
    ) -> None:
        self._configuration = configuration
        self._settings = settings
        self._journal = journal
        self._status = status
        self._shown = shown
        self._recorder = recorder
        self.responder: Responder | None = None
        self.driver: Driver[Event] | None = None

    async def start(self) -> bool:
        """Serve what there is. False if that is nothing yet. Raises NothingServed."""
        host = await in_daemon_thread(read_interfaces)
        choice = choose_interfaces(host, self._settings.interfaces)
        if choice.chosen:
            self._serve(host, choice)
        else:
            self._wait_for(choice)
        return bool(choice.chosen)

    def _serve(self, host: tuple[Interface, ...], choice: Choice) -> None:
        """Open what is chosen and begin to answer. Raises NothingServed."""
        listen = listen_on(self._settings)
        others = [holder for holder in port_holders(listen.port) if holder.address == listen.group]
        opened: list[OpenInterface] = []
        refusals: list[InterfaceUnusable] = []
        for interface in choice.chosen:
            try:
                opened.append(open_interface(interface, listen))
            except InterfaceUnusable as refusal:
                refusals.append(refusal)
        if not opened:
            raise NothingServed(refusals)
        for refused in refusals:
            self._journal.note(
                "interface_unusable",
                logging.ERROR,
                interface=refused.interface,
                reason=refused.reason,
                remedy=refused.remedy,
            )
        for name in choice.missing:
            self._journal.note(
                "interface_unusable", logging.WARNING, interface=name, reason="no such interface"
            )
        for holder in others:
            self._journal.note(
                "second_responder",
                logging.WARNING,
                reason=f"phones may get two answers: {holder} listens as well",
            )
        self.responder, self.driver = wire(
            self._configuration().rules.decide,
            self._settings,
            opened,
            host,
            [self._journal.event, self._status.event],
            self._journal.trouble,
            asyncio.get_running_loop(),
            self._recorder,
        )
        for it in opened:
            self._journal.note(
                "interface_joined",
                interface=it.interface.name,
                address=str(it.local.address),
                group=str(it.group),
                receive_buffer=it.receive_buffer,
            )
        self._status.serving = [f"{it.interface.name} ({it.local.address.host})" for it in opened]

    def _wait_for(self, choice: Choice) -> None:
        wanted = ", ".join(self._settings.interfaces) or "an interface that can multicast"
        self._status.waiting = wanted
        for interface, reason in choice.passed_over:
            self._journal.note("interface_unusable", logging.DEBUG, interface=interface.name, reason=reason)
        self._journal.note("waiting_for_interface", logging.WARNING, interface=wanted)

    async def look_for_interfaces(self) -> None:
        """Until one can be served."""
        while self.driver is None:
            await asyncio.sleep(LOOK_FOR_INTERFACES)
            host = await in_daemon_thread(read_interfaces)
            choice = choose_interfaces(host, self._settings.interfaces)
            if not choice.chosen:
                continue
            try:
                self._serve(host, choice)
            except NothingServed as refused:
                reasons = "; ".join(str(refusal) for refusal in refused.refusals)
                if reasons != self._status.refused:
                    self._status.refused = reasons
                    self._journal.note("interface_unusable", logging.ERROR, reason=reasons)
        self._status.refused = ""
        self._shown()
