"""The interfaces that are served, as they come, change and go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

from pnp_responder.capture.recorder import Recorder
from pnp_responder.enrollment import Decide, ForKind
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.events import Event
from pnp_responder.net.backoff import Backoff
from pnp_responder.net.driver import Driver
from pnp_responder.net.interfaces import Choice, Interface, choose_interfaces, read_interfaces
from pnp_responder.net.link_changes import Change, Join, Leave, Step, steps_between
from pnp_responder.net.link_watch import LinkWatch
from pnp_responder.net.memberships import group_members
from pnp_responder.net.multicast import change_interface, open_interface
from pnp_responder.responder import Responder
from pnp_responder.service.address_refusals import AddressRefusals
from pnp_responder.service.daemon_thread import in_daemon_thread
from pnp_responder.service.fault import netlink_remedy
from pnp_responder.service.journal import Journal
from pnp_responder.service.link_notes import note_changed, note_joined, shown
from pnp_responder.service.neighbours import tell_neighbours
from pnp_responder.service.rejoining import Rejoining
from pnp_responder.service.settings import Settings
from pnp_responder.service.status import Status
from pnp_responder.service.wiring import Consumer, admit, listen_on, wire

# Changes come in bunches: a link that comes up says so five times. In seconds, before a look and after it.
GATHER = 0.03
REST = 0.1
# Everything is read again so often even if nothing was heard.
READ_AGAIN = 30.0
# Where the kernel tells us of no change.
POLL = 1.0
# At start a link may be in the middle of a change; only what is refused twice is refused.
START_TRIES = 2


class NothingServed(Exception):
    """No interface can be served, and that ends the start. `refusals` has one entry for each."""

    def __init__(self, refusals: list[InterfaceUnusable]) -> None:
        super().__init__("\n".join(map(str, refusals)))
        self.refusals = refusals


class Links:
    """Keeps what `settings` choose served. `decide` gives the rules of now; `shown` is called when the status
    line has something new to tell, `consumers` hear of every event, as `at_once` says (`Driver`). `responder`
    and `driver` are there from `start` on."""

    def __init__(
        self,
        decide: Callable[[], tuple[Decide, ForKind]],
        settings: Settings,
        journal: Journal,
        status: Status,
        shown: Callable[[], None],
        consumers: Sequence[Consumer],
        recorder: Recorder | None = None,
        at_once: Callable[[], bool] = lambda: False,
    ) -> None:
        self.responder: Responder | None = None
        self.driver: Driver[Event] | None = None
        self._decide = decide
        self._settings = settings
        self._listen = listen_on(settings)
        self._journal = journal
        self._status = status
        self._shown = shown
        self._consumers = consumers
        self._recorder = recorder
        self._at_once = at_once
        self._watch: LinkWatch | None = None
        self._changed = asyncio.Event()
        self._host: tuple[Interface, ...] = ()
        self._choice = Choice((), (), ())
        self._refused: Backoff[Interface] = Backoff()
        self._refusals: dict[Interface, InterfaceUnusable] = {}
        self._told: dict[Interface, str] = {}
        self._addresses = AddressRefusals(journal)
        self._rejoining = Rejoining(settings.rejoin, journal)
        self._unreadable = False
        self._waiting = False

    async def start(self) -> None:
        """Serve what there is, if anything. Raises NothingServed."""
        loop = asyncio.get_running_loop()
        # Without it, changes are looked for; so first the watch, then the reading.
        with suppress(OSError):
            self._watch = LinkWatch(loop, self._changed.set)
        try:
            self._host = await in_daemon_thread(read_interfaces)
        except OSError as error:
            reason = f"the interfaces of this host cannot be read: {error.strerror or error}"
            raise NothingServed([InterfaceUnusable("netlink", reason, netlink_remedy(error))]) from error
        decide, for_kind = self._decide()
        self.responder, self.driver = wire(
            decide,
            self._settings,
            (),
            self._host,
            self._consumers,
            self._journal.trouble,
            loop,
            self._recorder,
            self._at_once,
            for_kind,
        )
        for tried in range(START_TRIES):
            if tried:
                await asyncio.sleep(REST)
            self._refused = Backoff()
            await self._look()
            if self.driver.interfaces or not self._refusals:
                break
        self._check_start(self.driver)
        self._rejoining.turn(self.driver.interfaces, loop.time())
        await tell_neighbours(self._listen, self.driver.interfaces, self._journal)

    async def follow(self) -> None:
        """Serve what changes, until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            pause = READ_AGAIN if self._watch and not self._unreadable else POLL
            for deadline in (self._refused.deadline, self._addresses.deadline, self._rejoining.deadline):
                if deadline is not None:
                    pause = min(pause, deadline - clock())
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, pause)):
                    await self._changed.wait()
            await asyncio.sleep(GATHER)
            self._changed.clear()
            # Before the look and not beside it, which would find that we are no member.
            self._rejoining.turn(self.driver.interfaces if self.driver else (), clock())
            await self._look()
            await asyncio.sleep(REST)

    def stop(self) -> None:
        """Follow no more. What is served stays so."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _check_start(self, driver: Driver[Event]) -> None:
        if driver.interfaces:
            for interface, refusal in self._refusals.items():
                self._tell_unusable(interface, refusal)
            for name, reason in self._awaited():
                fields = {"interface": name, "reason": f"{reason}; served when that changes"}
                self._journal.note("interface_unusable", logging.WARNING, **fields)
            return
        if self._refusals:
            raise NothingServed([*self._refusals.values()])
        if self._settings.require:
            passed = [InterfaceUnusable(i.name, reason, "") for i, reason in self._choice.passed_over]
            missing = [InterfaceUnusable(n, "there is no such interface", "") for n in self._choice.missing]
            raise NothingServed([*passed, *missing])

    def _awaited(self) -> list[tuple[str, str]]:
        """What is asked for by name, or fits no interface yet, and why it is not served."""
        named = [(i.name, why) for i, why in self._choice.passed_over if i.name in self._settings.interfaces]
        return named + [(name, "there is no such interface") for name in self._choice.missing]

    # --- one look

    async def _look(self) -> None:
        """Read how things are, and take the steps from what is served to that."""
        assert self.driver is not None
        deleted = set(self._watch.deleted) if self._watch else set()
        try:
            self._host, members = await in_daemon_thread(self._read)
        except OSError as error:
            if not self._unreadable:
                self._unreadable = True
                reason = error.strerror or str(error)
                self._journal.note("interfaces_unreadable", logging.WARNING, reason=reason)
            return
        self._unreadable = False
        if self._watch:
            self._watch.deleted -= deleted
        served = [opened.interface for opened in self.driver.interfaces]
        lost = deleted | ({i.index for i in served} - members if members is not None else set())
        self._choice = choose_interfaces(self._host, self._settings.interfaces)
        self._refused.keep_only(frozenset(self._choice.chosen))
        self._told = {i: reason for i, reason in self._told.items() if i in self._choice.chosen}
        self._refusals = {}
        for step in steps_between(served, self._choice, lost):
            await self._take(step, self.driver)
        for opened in self.driver.interfaces:
            if self._addresses.is_due(opened, asyncio.get_running_loop().time()):
                await self._change(self.driver, opened.interface, opened.interface)
        self._addresses.keep_only(self.driver.interfaces)
        self._admit(self.driver)
        self._show(self.driver)

    def _read(self) -> tuple[tuple[Interface, ...], frozenset[int] | None]:
        return read_interfaces(), group_members(self._settings.group)

    async def _take(self, step: Step, driver: Driver[Event]) -> None:
        match step:
            case Leave(interface, reason):
                self._leave(driver, interface, reason)
            case Change(old, new):
                await self._change(driver, old, new)
            case Join(interface):
                await self._join(driver, interface)

    def _leave(self, driver: Driver[Event], interface: Interface, reason: str) -> None:
        driver.remove_interface(interface.name)
        self._journal.note("interface_left", logging.WARNING, interface=interface.name, reason=reason)

    async def _change(self, driver: Driver[Event], old: Interface, new: Interface) -> None:
        opened = next(o for o in driver.interfaces if o.interface.name == old.name)
        # In a thread: a refusal looks through /proc for who is in the way.
        try:
            changed = await in_daemon_thread(lambda: change_interface(opened, new, self._listen))
        except InterfaceUnusable as refusal:
            self._leave(driver, old, refusal.reason)
            self._refuse(new, refusal)
            return
        driver.change_interface(old.name, changed)
        self._admit(driver)
        self._addresses.note(changed, asyncio.get_running_loop().time())
        if (new, changed.unicasts) != (old, opened.unicasts):
            note_changed(self._journal, old, changed, driver.transports(changed.local))

    async def _join(self, driver: Driver[Event], interface: Interface) -> None:
        now = asyncio.get_running_loop().time
        if self._refused.must_wait(interface, now()):
            return
        try:
            opened = await in_daemon_thread(lambda: open_interface(interface, self._listen))
        except InterfaceUnusable as refusal:
            self._refuse(interface, refusal)
            return
        self._refused.worked(interface)
        self._told.pop(interface, None)
        driver.add_interface(opened)
        self._admit(driver)
        self._addresses.note(opened, now())
        note_joined(self._journal, opened, driver.transports(opened.local))

    def _refuse(self, interface: Interface, refusal: InterfaceUnusable) -> None:
        self._refusals[interface] = refusal
        times = self._refused.failed(interface, str(refusal), asyncio.get_running_loop().time())
        # The first refusal may meet a link in the middle of a change.
        if times > 1:
            self._tell_unusable(interface, refusal)

    def _admit(self, driver: Driver[Event]) -> None:
        assert self.responder is not None
        self.responder.replace_admission(admit(self._settings, driver.interfaces, self._host))

    # --- what is told

    def _show(self, driver: Driver[Event]) -> None:
        serving = [shown(opened) for opened in driver.interfaces]
        wanted = ", ".join(self._settings.interfaces) or "an interface that can multicast"
        waiting = ", ".join(name for name, _ in self._awaited()) if serving else wanted
        idle = not serving and not self._refused.reasons
        if idle and not self._waiting:
            self._journal.note("waiting_for_interface", logging.WARNING, interface=wanted)
        self._waiting = idle
        self._status.serving = serving
        self._status.waiting = waiting
        self._status.refused = "; ".join(self._refused.reasons)
        self._shown()

    def _tell_unusable(self, interface: Interface, refusal: InterfaceUnusable) -> None:
        """Once, as long as nothing about it changes."""
        if self._told.get(interface) == refusal.reason:
            return
        self._told[interface] = refusal.reason
        self._journal.note(
            "interface_unusable",
            logging.ERROR,
            interface=refusal.interface,
            reason=refusal.reason,
            remedy=refusal.remedy,
        )
