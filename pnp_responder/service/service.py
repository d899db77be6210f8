"""The life of the service: start, signals, stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from pnp_responder.errors import InterfaceUnusable, ProblemsFound
from pnp_responder.events import Event
from pnp_responder.masking import mask_text
from pnp_responder.net.driver import Driver
from pnp_responder.net.interfaces import Choice, Interface, choose_interfaces, read_interfaces
from pnp_responder.net.multicast import OpenInterface, open_interface
from pnp_responder.net.ports import port_holders
from pnp_responder.responder import Responder
from pnp_responder.service.configuration import Configuration
from pnp_responder.service.daemon_thread import in_daemon_thread
from pnp_responder.service.fault import fault_place
from pnp_responder.service.journal import Journal
from pnp_responder.service.rules_file import RulesFile
from pnp_responder.service.sd_notify import SdNotify
from pnp_responder.service.settings import Settings
from pnp_responder.service.status import Status
from pnp_responder.service.wiring import listen_on, wire

TICK = 1.0
# While there is no interface to serve.
LOOK_FOR_INTERFACES = 2.0
# After SIGTERM, what was received is answered for so long; with the journal's last second it makes two.
LAST_ANSWERS = 0.8
# A thread that reads 50,000 rules lets the loop run this often, in seconds (Python's own: 5 ms).
SWITCH_INTERVAL = 0.001
MOST_PROBLEMS_TOLD = 100


class NothingServed(Exception):
    """Interfaces are there, and none can be served. `refusals` has one entry for each."""

    def __init__(self, refusals: list[InterfaceUnusable]) -> None:
        super().__init__("\n".join(map(str, refusals)))
        self.refusals = refusals


class Service:
    """Serves `configuration` with `settings` (those of the file, with the command line's over them)."""

    def __init__(
        self,
        file: RulesFile[Configuration],
        configuration: Configuration,
        settings: Settings,
        journal: Journal,
        manager: SdNotify,
    ) -> None:
        self._file = file
        self._configuration = configuration
        self._settings = settings
        self._journal = journal
        self._manager = manager
        self._status = Status(len(configuration.rules.rules))
        self._responder: Responder | None = None
        self._driver: Driver[Event] | None = None
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises NothingServed, before any phone was answered."""
        # The rules stay: no need to look through them for garbage again and again.
        gc.freeze()
        loop = asyncio.get_running_loop()
        sys.setswitchinterval(SWITCH_INTERVAL)
        loop.set_exception_handler(self._fault)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, number)
        loop.add_signal_handler(signal.SIGHUP, self._file.ask)
        self._tell_start()
        try:
            host = await in_daemon_thread(read_interfaces)
            choice = choose_interfaces(host, self._settings.interfaces)
            if choice.chosen:
                self._serve(host, choice)
            else:
                self._wait_for(choice)
                self._start(self._look_for_interfaces)
            gc.collect()
            gc.freeze()
            self._show_status()
            self._manager.ready()
            self._start(self._follow_file)
            self._start(self._tick)
            self._start(self._stay_alive)
            await self._stopping.wait()
        finally:
            await self._stop()

    # --- interfaces

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
        self._responder, self._driver = wire(
            self._configuration.rules.decide,
            self._settings,
            opened,
            host,
            [self._journal.event, self._status.event],
            self._journal.trouble,
            asyncio.get_running_loop(),
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

    async def _look_for_interfaces(self) -> None:
        while self._driver is None:
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
        self._show_status()

    # --- rules

    async def _follow_file(self) -> None:
        await self._file.follow(self)

    def reload_began(self) -> None:
        """Of ReloadListener."""
        self._manager.reloading()

    def rules_taken(self, configuration: Configuration) -> None:
        """Of ReloadListener."""
        restart = configuration.settings != self._configuration.settings
        self._configuration = configuration
        if self._responder is not None:
            self._responder.replace_rules(configuration.rules.decide)
        self._status.rules_taken(len(configuration.rules.rules))
        self._tell_rules(configuration)
        if restart:
            self._journal.note(
                "restart_needed",
                logging.WARNING,
                file=str(self._file.path),
                reason="`service:` is read at start only; the rules are taken",
            )
        gc.freeze()
        self._show_status()
        self._manager.ready()

    def rules_refused(self, problems: ProblemsFound) -> None:
        """Of ReloadListener."""
        listed = [str(problem) for problem in getattr(problems, "problems", ())] or [str(problems)]
        listed = [mask_text(problem) for problem in listed]
        self._status.rules_refused(listed[0])
        self._journal.note(
            "rules_rejected",
            logging.ERROR,
            file=str(self._file.path),
            reason="the rules loaded before stay in service",
            problems=listed[:MOST_PROBLEMS_TOLD],
            unlisted=max(0, len(listed) - MOST_PROBLEMS_TOLD) or None,
        )
        self._show_status()
        self._manager.ready()

    def _tell_rules(self, configuration: Configuration) -> None:
        warnings = [mask_text(str(problem)) for problem in configuration.warnings[:MOST_PROBLEMS_TOLD]]
        self._journal.note(
            "rules_loaded",
            file=str(self._file.path),
            rules=len(configuration.rules.rules),
            warnings=warnings,
        )

    # --- life

    def _tell_start(self) -> None:
        from pnp_responder import __version__

        self._journal.note("service_started", program=__version__, pid=os.getpid())
        self._tell_rules(self._configuration)

    def _start(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(self._keep_going(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_going(self, work: Callable[[], Awaitable[None]]) -> None:
        """A fault of ours in what goes on beside the serving is told, and that work begins again."""
        while True:
            try:
                return await work()
            except Exception as error:
                self._tell_fault(error)
                await asyncio.sleep(TICK)

    def _fault(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Of the loop: an exception that nobody caught."""
        self._tell_fault(context.get("exception") or RuntimeError())

    def _tell_fault(self, error: BaseException) -> None:
        reason = f"{type(error).__name__} at {fault_place(error)}; please report this as a bug"
        self._journal.note("internal_error", logging.ERROR, reason=reason)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._journal.tick()
            self._manager.flush()
            self._show_status()

    async def _stay_alive(self) -> None:
        while self._manager.watchdog:
            self._manager.alive()
            await asyncio.sleep(self._manager.watchdog / 2)

    def _show_status(self) -> None:
        self._manager.status(self._status.line(time.time()))

    def _end(self, number: int) -> None:
        if self._stopping.is_set():
            # Asked twice: at once, the way the signal itself would.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self._journal.note("service_stopping", signal=signal.Signals(number).name)
        self._stopping.set()

    async def _stop(self) -> None:
        self._manager.stopping()
        for task in list(self._tasks):
            task.cancel()
        if self._driver is not None:
            self._driver.stop_listening()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_ANSWERS):
                    await self._driver.drained()
            self._driver.stop()
        self._journal.tick(last=True)
