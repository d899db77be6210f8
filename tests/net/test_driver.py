"""The driver with an engine that does as the test says, over real sockets of the loopback."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from pnp_responder.datagram import Datagram, PlainDatagram, SocketAddress, named
from pnp_responder.engine import Output
from pnp_responder.net.driver import Driver
from pnp_responder.net.multicast import OpenInterface
from pnp_responder.net.troubles import DatagramsLost, EngineFailed, SendFailed, Trouble

from .loopback import opened, phone_socket

NOTHING: Output[str] = Output((), (), None)


class Scripted:
    """Remembers what it is given; answers with what the test has set."""

    def __init__(self) -> None:
        self.received: list[Datagram] = []
        self.unreachable: list[SocketAddress] = []
        self.woken: list[float] = []
        self.deadline: float | None = None
        self.answer: Callable[[Datagram, float], Output[str]] = lambda datagram, now: NOTHING
        self.timeout: Callable[[float], Output[str]] = lambda now: NOTHING

    def receive_datagram(self, datagram: Datagram, now: float) -> Output[str]:
        self.received.append(datagram)
        output = self.answer(datagram, now)
        self.deadline = output.deadline
        return output

    def receive(self, datagram: PlainDatagram, now: float, output: Output[str]) -> None:
        output.add(self.receive_datagram(named(datagram), now))

    def receive_unreachable(self, remote: SocketAddress, now: float) -> Output[str]:
        self.unreachable.append(remote)
        return NOTHING

    def handle_timeout(self, now: float) -> Output[str]:
        self.woken.append(now)
        return self.timeout(now)


class Rig:
    def __init__(self, queue_octets: int) -> None:
        self.at_once = False
        self.engine = Scripted()
        self.events: list[str] = []
        self.troubles: list[Trouble] = []
        loop = asyncio.get_running_loop()
        self.driver = Driver(
            self.engine,
            self.events.extend,
            self.troubles.append,
            loop,
            queue_octets=queue_octets,
            at_once=lambda: self.at_once,
        )


@asynccontextmanager
async def serving(queue_octets: int = 1_000_000) -> AsyncIterator[tuple[Rig, OpenInterface, socket.socket]]:
    rig = Rig(queue_octets)
    with opened() as it, phone_socket() as phone:
        rig.driver.add_interface(it)
        yield rig, it, phone
        rig.driver.stop()


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until `condition` holds; fails after 5 s."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  (the state of what is tested has no event)
            await asyncio.sleep(0.001)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await test()

    asyncio.run(main())


def echo(datagram: Datagram, now: float) -> Output[str]:
    answer = Datagram(b"re: " + datagram.payload, datagram.remote, datagram.local)
    return Output((answer,), (datagram.payload.decode(),), None)


def test_an_answer_leaves_from_the_unicast_address() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            rig.engine.answer = echo
            phone.sendto(b"one", it.group)
            await until(lambda: rig.events == ["one"])
            assert phone.recvfrom(100) == (b"re: one", it.local.address)
            assert rig.engine.received == [
                Datagram(b"one", SocketAddress(*phone.getsockname()), it.local, True)
            ]

    run(test)


def test_unicast_is_told_from_multicast() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            phone.sendto(b"", it.local.address)
            await until(lambda: rig.engine.received)
            assert rig.engine.received[0].multicast is False
            assert rig.engine.received[0].payload == b""

    run(test)


def test_a_burst_is_read_whole_and_answered_in_order() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            rig.engine.answer = echo
            names = [str(number) for number in range(150)]
            for name in names:
                phone.sendto(name.encode(), it.group)
            await until(lambda: len(rig.events) == 150)
            assert rig.events == names

    run(test)


@pytest.mark.parametrize(("at_once", "known"), [(False, [0, 0, 0]), (True, [0, 1, 2])])
def test_what_happened_is_told_before_the_next_is_answered_where_decisions_hang_on_it(
    at_once: bool, known: list[int]
) -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            rig.at_once = at_once
            told: list[int] = []

            def answer(datagram: Datagram, now: float) -> Output[str]:
                told.append(len(rig.events))
                return Output((), ("heard",), None)

            rig.engine.answer = answer
            for _ in range(3):
                phone.sendto(b"x", it.local.address)
            await until(lambda: len(rig.events) == 3)
            assert told == known

    run(test)


def test_a_flood_starves_neither_timers_nor_other_sockets() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            progress: list[int] = []
            for _ in range(200):
                phone.sendto(b"flood", it.group)
            asyncio.get_running_loop().call_later(0, lambda: progress.append(len(rig.engine.received)))
            await until(lambda: len(rig.engine.received) == 200)
            assert progress[0] < 200

    run(test)


def test_when_the_queue_is_full_the_oldest_go() -> None:
    async def test() -> None:
        async with serving(queue_octets=5_000) as (rig, it, phone):
            for number in range(20):
                phone.sendto(f"{number:0100}".encode(), it.group)
            await until(lambda: len(rig.engine.received) == 10)
            assert [int(datagram.payload) for datagram in rig.engine.received] == list(range(10, 20))
            assert rig.driver.lost == 10
            assert rig.troubles == [DatagramsLost("lo", 1)]

    run(test)


def test_the_deadline_is_kept_and_replaced() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            rig.engine.answer = lambda datagram, now: Output((), (), now + float(datagram.payload))
            start = asyncio.get_running_loop().time()
            phone.sendto(b"60", it.group)
            phone.sendto(b"0.05", it.group)
            await until(lambda: rig.engine.woken)
            assert start + 0.05 <= rig.engine.woken[0] < start + 5

    run(test)


def test_a_deadline_that_moved_away_does_not_call_the_engine_early() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            rig.engine.answer = lambda datagram, now: Output((), (), now + float(datagram.payload))
            phone.sendto(b"0.02", it.group)
            phone.sendto(b"0.1", it.group)
            await until(lambda: len(rig.engine.received) == 2)
            second = asyncio.get_running_loop().time()
            await until(lambda: rig.engine.woken)
            assert rig.engine.woken[0] >= second + 0.05

    run(test)


def test_no_deadline_no_call() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            plan = {b"soon": 0.01, b"never": None}

            def answer(datagram: Datagram, now: float) -> Output[str]:
                delay = plan[datagram.payload]
                return Output((), (), None if delay is None else now + delay)

            rig.engine.answer = answer
            phone.sendto(b"soon", it.group)
            phone.sendto(b"never", it.group)
            await until(lambda: len(rig.engine.received) == 2)
            woken = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(0.05, woken.set_result, None)
            await woken
            assert rig.engine.woken == []

    run(test)


def test_a_timeout_brings_datagrams_events_and_the_next_deadline() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            remote = SocketAddress(*phone.getsockname())

            def timeout(now: float) -> Output[str]:
                times = len(rig.engine.woken)
                again = Datagram(b"again", remote, it.local)
                return Output((again,), (f"sent {times}",), now + 0.01 if times < 3 else None)

            rig.engine.answer = lambda datagram, now: Output((), (), now)
            rig.engine.timeout = timeout
            phone.sendto(b"start", it.group)
            await until(lambda: rig.events == ["sent 1", "sent 2", "sent 3"])
            assert [phone.recv(100) for _ in range(3)] == [b"again"] * 3

    run(test)


def test_our_fault_costs_one_datagram_and_is_told_once() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):

            def answer(datagram: Datagram, now: float) -> Output[str]:
                if datagram.payload == b"bad":
                    raise KeyError("oops")
                return echo(datagram, now)

            rig.engine.answer = answer
            for payload in (b"bad", b"bad", b"good"):
                phone.sendto(payload, it.group)
            await until(lambda: rig.events == ["good"])
            assert rig.driver.faults == 2
            (trouble,) = rig.troubles
            assert isinstance(trouble, EngineFailed)
            assert isinstance(trouble.error, KeyError)
            assert trouble.datagram is not None
            assert trouble.datagram.payload == b"bad"

    run(test)


def test_a_want_of_memory_is_left_to_the_loop() -> None:
    """Who runs it decides; to go on would be to lose one datagram after the other."""

    async def test() -> None:
        raised: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, it: raised.append(it.get("exception")))
        async with serving() as (rig, it, phone):

            def answer(datagram: Datagram, now: float) -> Output[str]:
                raise MemoryError

            rig.engine.answer = answer
            phone.sendto(b"x", it.group)
            await until(lambda: bool(raised))
            assert isinstance(raised[0], MemoryError)
            assert rig.troubles == []

    run(test)


def test_our_fault_in_a_timeout_is_tried_again_later_not_at_once() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):

            def timeout(now: float) -> Output[str]:
                if len(rig.engine.woken) == 1:
                    raise ValueError
                return Output((), ("recovered",), None)

            rig.engine.answer = lambda datagram, now: Output((), (), now)
            rig.engine.timeout = timeout
            phone.sendto(b"start", it.group)
            await until(lambda: rig.events == ["recovered"])
            assert rig.driver.faults == 1
            assert rig.engine.woken[1] - rig.engine.woken[0] >= 0.9

    run(test)


@pytest.mark.parametrize(
    ("payload", "remote", "number"),
    [
        (b"x", SocketAddress("127.0.0.1", 0), errno.EINVAL),
        (b"x", SocketAddress("255.255.255.255", 9), errno.EACCES),
        (bytes(65_530), SocketAddress("127.0.0.1", 9), errno.EMSGSIZE),
    ],
)
def test_what_cannot_be_sent_is_counted_and_told_once(
    payload: bytes, remote: SocketAddress, number: int
) -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            impossible = Datagram(payload, remote, it.local)
            rig.engine.answer = lambda datagram, now: Output((impossible, impossible), ("told",), None)
            phone.sendto(b"go", it.group)
            phone.sendto(b"go", it.group)
            await until(lambda: len(rig.events) == 2)
            assert rig.driver.unsent == 4
            (trouble,) = rig.troubles
            assert isinstance(trouble, SendFailed)
            assert trouble.error.errno == number
            assert trouble.remote == remote

    run(test)


def test_an_icmp_error_reaches_the_engine_and_spoils_no_other_datagram() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            with phone_socket() as gone:
                dead = SocketAddress(*gone.getsockname())
            alive = SocketAddress(*phone.getsockname())
            # The port unreachable for the first comes back before the second leaves, on the loopback at once.
            both = (Datagram(b"to the dead", dead, it.local), Datagram(b"to the living", alive, it.local))
            rig.engine.answer = lambda datagram, now: Output(both, (), None)
            phone.sendto(b"go", it.group)
            await until(lambda: rig.engine.unreachable)
            assert rig.engine.unreachable == [dead]
            assert phone.recv(100) == b"to the living"
            assert rig.driver.unsent == 0

    run(test)


def test_after_stop_the_sockets_are_closed_and_nothing_is_called() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            rig.engine.answer = lambda datagram, now: Output((), (), now + 0.01)
            phone.sendto(b"one", it.group)
            await until(lambda: rig.engine.received)
            rig.driver.stop()
            assert it.group_socket.fileno() == it.unicast_socket.fileno() == -1
            assert rig.driver.interfaces == ()

    run(test)
    gc.collect()


def test_after_stop_listening_what_waits_is_still_answered() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            rig.engine.answer = echo
            for number in range(100):
                phone.sendto(str(number).encode(), it.group)
            await until(lambda: rig.events)
            rig.driver.stop_listening()
            phone.sendto(b"late", it.group)
            await rig.driver.drained()
            assert len(rig.events) == 100

    run(test)


def test_the_same_interface_twice_is_misuse() -> None:
    async def test() -> None:
        async with serving() as (rig, it, _):
            with pytest.raises(ValueError, match="served already"):
                rig.driver.add_interface(it)

    run(test)
