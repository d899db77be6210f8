"""Driver: carries datagrams, events and the one timer between the loop, the sockets and an engine.

Written for the minute after a power cut, when every phone of a campus asks within two seconds. A
wake-up first empties the sockets into a queue of our own, since the kernel's holds few; then the
engine answers in slices, and between two slices the loop looks at the sockets and its timers again.
No asyncio transport stands between: it costs more than all the rest.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pnp_responder.datagram import TCP, UDP, Datagram, Local, PlainDatagram, SocketAddress, named
from pnp_responder.engine import Output, ServingEngine
from pnp_responder.net.error_queue import ICMP_ERRORS, read_unreachable
from pnp_responder.net.multicast import OpenInterface
from pnp_responder.net.occasions import Occasions
from pnp_responder.net.packet_socket import PacketsDropped, PacketSocket
from pnp_responder.net.sender import Sender
from pnp_responder.net.streams import Streams
from pnp_responder.net.troubles import DatagramsLost, EngineFailed, ReceiveFailed, Trouble
from pnp_responder.net.unicast import Home
from pnp_responder.net.wakeup import Wakeup

E = TypeVar("E")

# What waits to be answered, in octets: 8,000 SUBSCRIBEs of 600. A flood of anything stays below it too, for
# each datagram counts what Python needs to hold it beside its payload.
QUEUE_OCTETS = 8 * 1024 * 1024
DATAGRAM_OVERHEAD = 400
# One turn of the loop answers so many; at 0.1 ms each, timers and signals wait 6 ms at most.
SLICE = 64
# One wake-up reads so many from one socket, lest a flood on it starve the others.
READS = 4096
LARGEST_DATAGRAM = 65_535
# After a fault of ours in handle_timeout the engine is not asked again at once.
FAULT_PAUSE = 1.0


class Driver(Generic[E]):
    """Serves the interfaces given to `add_interface` until `stop`.

    `publish` gets every event, in order: those of a slice of datagrams when all of these are answered, or,
    while `at_once()`, before the next is answered. `report` gets what went wrong. All must be quick.
    Nothing that arrives, no error of the network and no exception out of the engine ends the serving.
    `lost` and `faults` count since the start: datagrams dropped for want of room, exceptions.
    """

    def __init__(
        self,
        engine: ServingEngine[E],
        publish: Callable[[Sequence[E]], None],
        report: Callable[[Trouble], None],
        loop: asyncio.AbstractEventLoop,
        *,
        queue_octets: int = QUEUE_OCTETS,
        at_once: Callable[[], bool] = lambda: False,
    ) -> None:
        self.lost = self.faults = 0
        self._engine = engine
        self._publish = publish
        self._report = report
        self._loop = loop
        self._at_once = at_once
        self._occasions = Occasions()
        self._interfaces: dict[str, OpenInterface] = {}
        self._sender = Sender(report, loop)
        self._streams: Streams | None = None
        self._queue: deque[PlainDatagram] = deque()
        self._queue_octets = 0
        self._most_queue_octets = queue_octets
        self._answering = False
        self._deadline: float | None = None
        self._wakeup = Wakeup(loop, self._wake)

    @property
    def interfaces(self) -> tuple[OpenInterface, ...]:
        """What is served now."""
        return tuple(self._interfaces.values())

    @property
    def unsent(self) -> int:
        """Datagrams that the kernel refused, and kept refusing."""
        return self._sender.unsent

    async def drained(self) -> None:
        """Until nothing waits to be answered."""
        while self._answering:  # noqa: ASYNC110  (each turn is one slice of the work)
            await asyncio.sleep(0)

    def serve_streams(self, streams: Streams) -> None:
        """Serve connections as well, on every interface that is added from now on."""
        self._streams = streams

    def transports(self, local: Local) -> list[str]:
        """By which `local` is served."""
        return [UDP, TCP] if self._streams is not None and self._streams.serves(local) else [UDP]

    def add_interface(self, opened: OpenInterface) -> None:
        """Begin to serve. The driver owns the sockets from here on."""
        name = opened.interface.name
        if name in self._interfaces:
            raise ValueError(f"{name} is served already")
        self._interfaces[name] = opened
        for receiver in opened.receivers:
            self._loop.add_reader(receiver[0], self._read, *receiver)
        for unicast in opened.unicasts:
            self._sender.use(unicast.local.address, unicast.socket)
            if self._streams is not None:
                self._streams.add_address(unicast.local)

    def remove_interface(self, name: str) -> None:
        """End to serve: leave the group and close the sockets. What waits from there stays unanswered."""
        opened = self._interfaces.pop(name)
        self._deafen(opened)
        self._sender.forget([unicast.socket for unicast in opened.unicasts])
        opened.close()
        if self._streams is not None:
            for unicast in opened.unicasts:
                self._streams.remove_address(unicast.local)

    def change_interface(self, name: str, changed: OpenInterface) -> None:
        """What is served as `name` goes on as `changed`, made from it by `change_interface` of multicast.

        What came in before is answered; sockets that `changed` has no more are closed.
        """
        if changed.interface.name != name and changed.interface.name in self._interfaces:
            raise ValueError(f"{changed.interface.name} is served already")
        old = self._interfaces.pop(name)
        staying = {unicast.socket: unicast.local for unicast in changed.unicasts}
        moved = {unicast.local: staying.get(unicast.socket, changed.local) for unicast in old.unicasts}
        for source, local, multicast, _ in old.receivers:
            self._read(source, moved[local], multicast, changed.home if multicast else None)
        self._deafen(old)
        self._queue = deque(
            (payload, remote, moved.get(local, local), multicast)
            for payload, remote, local, multicast in self._queue
        )
        for local, unicast_socket, _ in old.unicasts:
            if unicast_socket not in staying:
                # What is still to be said from there goes out as well.
                self._sender.replace(unicast_socket, changed.unicast_socket)
                unicast_socket.close()
            if self._streams is not None and moved[local] != local:
                self._streams.remove_address(local)
        self.add_interface(changed)

    def stop_listening(self) -> None:
        """Take no more from the sockets. What waits is still answered, and NOTIFYs are still repeated."""
        if self._streams is not None:
            self._streams.stop_listening()
        for opened in self._interfaces.values():
            self._deafen(opened)

    def _deafen(self, opened: OpenInterface) -> None:
        for source, *_ in opened.receivers:
            self._loop.remove_reader(source)

    def stop(self) -> None:
        """End at once and close everything."""
        for name in list(self._interfaces):
            self.remove_interface(name)
        if self._streams is not None:
            self._streams.stop()
        self._sender.stop()
        self._queue.clear()
        self._queue_octets = 0
        self._wakeup.cancel()
        self._deadline = None

    def _read(
        self, source: socket.socket | PacketSocket, local: Local, multicast: bool, home: Home | None
    ) -> None:
        receive = source.recvfrom
        append = self._queue.append
        octets = before = self._queue_octets
        failed = False
        for _ in range(READS):
            try:
                payload, remote = receive(LARGEST_DATAGRAM)
            except BlockingIOError:
                break
            except PacketsDropped as dropped:
                for error, times in dropped.errors():
                    self._receive_failed(local.interface, error, times)
                break
            except OSError as error:
                # An ICMP error shows up here as errno too; the error queue below has it whole.
                failed = True
                if multicast or error.errno not in ICMP_ERRORS:
                    self._receive_failed(local.interface, error)
                break
            octets += len(payload) + DATAGRAM_OVERHEAD
            end = local if home is None else home(remote[0])
            append((payload, remote, end, multicast))
        self._queue_octets = octets
        if octets > self._most_queue_octets:
            self._drop_oldest(local.interface)
        # Woken for nothing: then sendto was told of the error, and the queue has it still.
        if not multicast and (failed or octets == before) and isinstance(source, socket.socket):
            for unreachable in read_unreachable(source):
                self._unreachable(unreachable)
        if self._queue and not self._answering:
            self._answering = True
            self._loop.call_soon(self._answer)

    def _receive_failed(self, interface: str, error: OSError, more: int = 1) -> None:
        if times := self._occasions.to_tell(("receive", interface, str(error)), self._loop.time(), more):
            self._report(ReceiveFailed(interface, error, times))

    def _drop_oldest(self, interface: str) -> None:
        """The newest stays: its sender is the one who still waits."""
        while self._queue_octets > self._most_queue_octets:
            self._queue_octets -= len(self._queue.popleft()[0]) + DATAGRAM_OVERHEAD
            self.lost += 1
            if times := self._occasions.to_tell(("lost",), self._loop.time()):
                self._report(DatagramsLost(interface, times))

    def _answer(self) -> None:
        """One stage after the other, for each is quicker while the processor has it at hand."""
        queue = self._queue
        receive = self._engine.receive
        now = self._loop.time()
        output: Output[E] = Output()
        octets = self._queue_octets
        for _ in range(min(1 if self._at_once() else SLICE, len(queue))):
            datagram = queue.popleft()
            octets -= len(datagram[0]) + DATAGRAM_OVERHEAD
            try:
                receive(datagram, now, output)
            except Exception as error:  # ours, not the stranger's: this datagram is lost, the next is served
                self._fault(error, named(datagram), now)
        self._queue_octets = octets
        output.deadline = self._engine.deadline
        try:
            self._carry_out(output)
        except Exception as error:  # as above
            self._fault(error, None, now)
        self._answering = bool(queue)
        if queue:
            self._loop.call_soon(self._answer)

    def _carry_out(self, output: Output[E]) -> None:
        self._deadline = output.deadline
        datagrams = output.sent
        if self._streams is not None:
            datagrams = [datagram for datagram in datagrams if datagram[2].transport == UDP]
            for datagram in output.sent:
                if datagram[2].transport != UDP:
                    self._streams.send(named(datagram))
        self._sender.send(datagrams)
        if output.told:
            self._publish(output.told)
        if self._deadline is not None:
            self._wakeup.at(self._deadline)

    def _unreachable(self, remote: SocketAddress) -> None:
        self.deliver(lambda now: self._engine.receive_unreachable(remote, now))

    def deliver(self, ask: Callable[[float], Output[E]], datagram: Datagram | None = None) -> None:
        """Carry out what the engine says to `ask(now)`, at once. A fault is told together with `datagram`."""
        now = self._loop.time()
        try:
            self._carry_out(ask(now))
        except Exception as error:  # as in _answer
            self._fault(error, datagram, now)

    def _wake(self) -> None:
        if self._deadline is None:
            return
        now = self._loop.time()
        # The loop's timers may come a clock tick early.
        if now < self._deadline:
            self._wakeup.at(self._deadline)
            return
        try:
            self._carry_out(self._engine.handle_timeout(now))
        except Exception as error:  # as in _answer
            self._fault(error, None, now)
            self._deadline = now + FAULT_PAUSE
            self._wakeup.at(self._deadline)

    def _fault(self, error: Exception, datagram: Datagram | None, now: float) -> None:
        if isinstance(error, MemoryError):
            raise error  # no fault of the engine; the next datagram would fare no better
        self.faults += 1
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        kind = ("fault", type(error).__name__, place.tb_lineno if place else 0)
        if times := self._occasions.to_tell(kind, now):
            self._report(EngineFailed(error, datagram, times))
