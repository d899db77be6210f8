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
from pathlib import Path
from typing import Any

from pnp_responder.capture.recorder import Recorder
from pnp_responder.enrollment import Decide, ForKind
from pnp_responder.net.multicast import OpenInterface
from pnp_responder.rules import RuleSet
from pnp_responder.service.circumstances import LiveCircumstances
from pnp_responder.service.configuration import Configuration
from pnp_responder.service.control import Control
from pnp_responder.service.counters import Counters
from pnp_responder.service.fault import Reserve, fault_place, is_want_of_memory
from pnp_responder.service.journal import Journal
from pnp_responder.service.links import Links
from pnp_responder.service.recent_problems import RecentProblems
from pnp_responder.service.reloads import Reloads
from pnp_responder.service.report import Report
from pnp_responder.service.rivals import RivalWatch
from pnp_responder.service.rules_file import RulesFile
from pnp_responder.service.sd_notify import SdNotify
from pnp_responder.service.settings import Settings
from pnp_responder.service.status import Status
from pnp_responder.service.window import Window, window_clock

TICK = 1.0
# After SIGTERM, what was received is answered for so long; with the journal's last second it makes two.
LAST_ANSWERS = 0.8
# A thread that reads 50,000 rules lets the loop run this often, in seconds (Python's own: 5 ms).
SWITCH_INTERVAL = 0.001
# Nothing of a phone is part of a cycle: there is next to no garbage to be found among ten thousand of them.
GARBAGE_THRESHOLDS = 10_000, 10, 50
OUT_OF_MEMORY = "this process gets no more memory (MemoryMax=, ulimit -v); it ends, to be started afresh"

REFUSED = "no thread or no memory is to be had (TasksMax=, MemoryMax=, ulimit); tried again every second"


class Service:
    """Serves `configuration` with `settings` (those of the file, with the command line's over them).

    `recent` stands before the log of `journal`; `control` is where the control socket is to be, if anywhere.
    """

    def __init__(
        self,
        file: RulesFile[Configuration],
        configuration: Configuration,
        settings: Settings,
        journal: Journal,
        manager: SdNotify,
        recent: RecentProblems,
        lines_lost: Callable[[], int],
        recorder: Recorder | None = None,
        control: Path | None = None,
    ) -> None:
        self._file = file
        self._journal = journal
        self._manager = manager
        self._control_path = control
        self._window = Window()
        self._circumstances = LiveCircumstances(
            lambda: (opened.interface for opened in self._served()), self._window, window_clock
        )
        counters = Counters()
        self._status = Status(len(configuration.rules.rules), counters, time.time())
        self._reloads = Reloads(
            file, configuration, journal, self._status, manager, self._replace_rules, self._show_status
        )
        self._links = Links(
            lambda: self._decide_by(self._reloads.configuration.rules),
            settings,
            journal,
            self._status,
            self._show_status,
            [self._circumstances.offers.events, journal.events, counters.events],
            recorder,
            self._circumstances.offers.are_watched,
        )
        self._recorder = recorder
        self._make_known()
        self._report = Report(
            file.path, self._status, counters, recent, lambda: self._links.driver, lines_lost
        )
        self._control = Control(
            self._report,
            self._reloads.reload,
            self._window,
            lambda: self._reloads.configuration.rules.window_rules,
            self._status,
            journal,
            self._tell_fault,
        )
        self._rivals: RivalWatch | None = None
        if settings.watch_for_rivals:
            self._rivals = RivalWatch(settings.watch_for_rivals, settings.group, self._served, journal)
        self._stopping = asyncio.Event()
        self._reserve = Reserve()
        self._out_of_memory: BaseException | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises NothingServed, before any phone was answered; MemoryError
        when this process gets no more memory: a fresh one has room again."""
        # The rules stay: no need to look through them for garbage again and again.
        gc.freeze()
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        loop = asyncio.get_running_loop()
        sys.setswitchinterval(SWITCH_INTERVAL)
        loop.set_exception_handler(self._fault)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, number)
        loop.add_signal_handler(signal.SIGHUP, self._file.ask)
        loop.add_signal_handler(signal.SIGUSR1, self._tell_numbers)
        self._tell_start()
        try:
            await self._links.start()
            gc.collect()
            gc.freeze()
            self._show_status()
            if self._control_path is not None:
                await self._control.open(self._control_path)
            self._manager.ready()
            self._start(self._links.follow)
            self._start(self._reloads.follow)
            self._start(self._tick)
            self._start(self._stay_alive)
            if self._rivals is not None:
                self._start(self._rivals.run)
            await self._stopping.wait()
        finally:
            await self._stop()
        if self._out_of_memory is not None:
            raise MemoryError from self._out_of_memory

    def _tell_start(self) -> None:
        from pnp_responder import __version__

        self._journal.note("service_started", program=__version__, pid=os.getpid())
        self._reloads.tell_rules(self._reloads.configuration)

    def _tell_numbers(self) -> None:
        """What `status` counts, for who has the log alone."""
        counters = self._report.as_json(time.time())["counters"]
        numbers = {name: count for name, count in counters.items() if isinstance(count, int)}
        self._journal.note("statistics", **numbers)

    def _served(self) -> tuple[OpenInterface, ...]:
        return () if self._links.driver is None else self._links.driver.interfaces

    def _make_known(self) -> None:
        """A recording must not hold the secrets of the rules."""
        if self._recorder is not None:
            self._recorder.know(self._reloads.configuration.rules.secrets)

    def _replace_rules(self, rules: RuleSet) -> None:
        self._make_known()
        if self._links.responder is not None:
            self._links.responder.replace_rules(*self._decide_by(rules))

    def _decide_by(self, rules: RuleSet) -> tuple[Decide, ForKind]:
        return self._circumstances.decide_by(rules), rules.for_kind

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
        if isinstance(error, MemoryError):
            # What cannot be read from a socket comes again and again, and nobody is served meanwhile.
            if self._reserve.release():
                self._out_of_memory = error
                self._journal.note("out_of_memory", logging.ERROR, reason=OUT_OF_MEMORY)
                self._stopping.set()
            return
        if is_want_of_memory(error):
            self._journal.note("resources_refused", logging.ERROR, reason=REFUSED)
            return
        reason = f"{type(error).__name__} at {fault_place(error)}; please report this as a bug"
        self._journal.note("internal_error", logging.ERROR, reason=reason)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._journal.tick()
            self._control.tick()
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
        self._control.close()
        for task in list(self._tasks):
            task.cancel()
        self._links.stop()
        driver = self._links.driver
        if driver is not None:
            driver.stop_listening()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_ANSWERS):
                    await driver.drained()
            driver.stop()
        self._circumstances.close()
        self._journal.tick(last=True)
