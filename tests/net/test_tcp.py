"""Connections over the loopback: what one client can have of us, and that the others do not notice."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from pnp_responder.datagram import TCP, Datagram, Local, SocketAddress
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.net.tcp import LINGER, TcpLimits, TcpServer
from pnp_responder.net.tcp_listener import Listener
from pnp_responder.net.troubles import ConnectionDropped, ListenFailed, Trouble
from pnp_responder.sip.stream import StreamReader

PATIENCE = 10.0


def message(number: int, body: bytes = b"") -> bytes:
    return b"OPTIONS sip:%d SIP/2.0\r\nContent-Length: %d\r\n\r\n%s" % (number, len(body), body)


class Rig:
    """A server whose engine answers each message with its own octets, as often as `copies` says."""

    def __init__(self, limits: TcpLimits = TcpLimits()) -> None:  # noqa: B008
        self.received: list[Datagram] = []
        self.closed: list[SocketAddress] = []
        self.troubles: list[Trouble] = []
        self.copies = 1
        self.refusal: str | None = None
        self.clients: list[Client] = []
        self.server = TcpServer(
            make_reader=lambda: StreamReader(1_000_000),
            admit=lambda remote, local: self.refusal,
            receive=self.receive,
            closed=self.closed.append,
            report=self.troubles.append,
            loop=asyncio.get_running_loop(),
            limits=limits,
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = SocketAddress(*probe.getsockname())
        self.local = Local("lo", self.address)
        self.server.add_address(self.local)

    def receive(self, datagram: Datagram) -> None:
        self.received.append(datagram)
        for _ in range(self.copies):
            self.server.send(datagram)

    @property
    def reasons(self) -> list[str]:
        return [trouble.reason for trouble in self.troubles if isinstance(trouble, ConnectionDropped)]

    async def connect(self, host: str = "127.0.0.1") -> Client:
        # Else a second connection could not leave from the same port.
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        plain.setblocking(False)
        plain.bind((host, 0))
        try:
            await asyncio.get_running_loop().sock_connect(plain, self.address)
        except OSError:
            plain.close()
            raise
        reader, writer = await asyncio.open_connection(sock=plain)
        self.clients.append(Client(reader, writer))
        return self.clients[-1]


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.address = SocketAddress(*writer.get_extra_info("sockname"))

    def send(self, octets: bytes) -> None:
        self._writer.write(octets)

    def end(self) -> None:
        self._writer.write_eof()

    async def hear(self, octets: bytes) -> None:
        """That much comes, and is this."""
        assert await self._reader.readexactly(len(octets)) == octets

    async def rest(self) -> bytes:
        """What comes until the server closes."""
        with suppress(ConnectionResetError):
            return await self._reader.read()
        return b""

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    def reset(self) -> None:
        opened = self._writer.get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


@asynccontextmanager
async def serving(limits: TcpLimits = TcpLimits()) -> AsyncIterator[Rig]:  # noqa: B008
    rig = Rig(limits)
    try:
        async with asyncio.timeout(PATIENCE):
            yield rig
    finally:
        rig.server.stop()
        for client in rig.clients:
            await client.close()


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  (the state of what is tested has no event)
        await asyncio.sleep(0.001)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await test()

    asyncio.run(main())


def test_answers_go_back_on_the_connection() -> None:
    async def test() -> None:
        async with serving() as rig:
            client, other = await rig.connect(), await rig.connect()
            client.send(message(1))
            other.send(message(2))
            await client.hear(message(1))
            await other.hear(message(2))
            ends = {datagram.remote: datagram.local for datagram in rig.received}
            assert ends == dict.fromkeys((client.address, other.address), rig.local._replace(transport=TCP))
            await client.close()

    run(test)


def test_pieces_and_pipelined_messages_come_in_order() -> None:
    async def test() -> None:
        async with serving() as rig:
            client = await rig.connect()
            stream = b"\r\n\r\n".join(message(number, b"body") for number in range(50))
            for start in range(0, len(stream), 7):
                client.send(stream[start : start + 7])
                await asyncio.sleep(0)
            for number in range(50):
                await client.hear(message(number, b"body"))
            assert [d.payload for d in rig.received] == [message(n, b"body") for n in range(50)]

    run(test)


def test_others_have_their_turn_between_two_pipelined_messages() -> None:
    async def test() -> None:
        async with serving() as rig:
            greedy, modest = await rig.connect(), await rig.connect()
            await until(lambda: len(rig.server) == 2)
            greedy.send(b"".join(message(number) for number in range(5_000)))
            modest.send(message(7))
            await modest.hear(message(7))
            assert len(rig.received) < 2_500
            greedy.reset()

    run(test)


def test_what_cannot_be_framed_is_passed_on_and_the_connection_closed() -> None:
    async def test() -> None:
        async with serving() as rig:
            client = await rig.connect()
            head = b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n"
            client.send(message(1) + head + b"what follows is nobody's" + 100_000 * b"x")
            await client.hear(message(1) + head)
            assert await client.rest() == b""
            assert [datagram.payload for datagram in rig.received] == [message(1), head]
            await client.close()
            await until(lambda: rig.closed == [client.address])

    run(test)


def test_a_client_that_has_ended_its_half_still_hears_the_answers() -> None:
    async def test() -> None:
        async with serving() as rig:
            client = await rig.connect()
            client.send(message(1) + message(2))
            client.end()
            assert await client.rest() == message(1) + message(2)
            await until(lambda: rig.closed == [client.address])

    run(test)


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_that_ends_is_told_once(how: str) -> None:
    async def test() -> None:
        async with serving() as rig:
            client = await rig.connect()
            client.send(message(1))
            await client.hear(message(1))
            if how == "reset":
                client.reset()
            else:
                await client.close()
            await until(lambda: rig.closed)
            assert rig.closed == [client.address]
            assert len(rig.server) == 0
            assert rig.troubles == []

    run(test)


def test_a_reset_before_the_answer_is_told_once() -> None:
    async def test() -> None:
        async with serving() as rig:
            client = await rig.connect()
            rig.copies = 0
            client.send(message(1))
            await until(lambda: rig.received)
            client.reset()
            await until(lambda: rig.closed)
            (asked,) = rig.received
            rig.server.send(asked)
            await until(lambda: len(rig.closed) == 2)
            assert rig.closed == [client.address] * 2  # once for the end, once for what could not be sent
            assert rig.troubles == []

    run(test)


def test_a_crowd_of_octets_after_the_end_is_thrown_away_for_a_while() -> None:
    async def test() -> None:
        async with serving() as rig:
            client = await rig.connect()
            client.send(b"GET / HTTP/1.1\r\n")
            answered = b"GET / HTTP/1.1\r\n"
            await client.hear(answered)
            loop = asyncio.get_running_loop()
            began = loop.time()
            while not rig.closed:
                with suppress(ConnectionError):
                    client.send(b"x" * 1000)
                await asyncio.sleep(0.01)
            # Our half was closed a little before the answer was here.
            assert LINGER - 0.1 < loop.time() - began < LINGER + 2
            assert [datagram.payload for datagram in rig.received] == [answered]

    run(test)


def test_what_is_for_a_connection_that_is_gone_is_told_and_sent_to_nobody() -> None:
    async def test() -> None:
        async with serving() as rig:
            gone = SocketAddress("127.0.0.1", 9)
            rig.server.send(Datagram(message(1), gone, rig.local._replace(transport=TCP)))
            assert rig.closed == []
            await until(lambda: rig.closed == [gone])

    run(test)


def test_a_drip_feeding_client_is_cut_off_and_harms_nobody() -> None:
    async def test() -> None:
        async with serving(TcpLimits(whole_message=0.5)) as rig:
            dripping = await rig.connect()
            loop = asyncio.get_running_loop()
            began = loop.time()
            ended = asyncio.create_task(dripping.rest())
            while not ended.done():
                dripping.send(b"x")
                client = await rig.connect("127.0.0.2")
                client.send(message(1))
                await client.hear(message(1))
                await client.close()
                await asyncio.sleep(0.02)
            assert 0.5 <= loop.time() - began < 3
            assert rig.reasons == ["no whole message within 0.5 s"]

    run(test)


def test_the_rest_of_a_message_has_its_own_deadline_and_drops_do_not_move_it() -> None:
    async def test() -> None:
        async with serving(TcpLimits(whole_message=0.5, idle=60)) as rig:
            client = await rig.connect()
            client.send(message(1) + b"OPTIONS")
            await client.hear(message(1))
            assert await client.rest() == b""
            assert rig.reasons == ["no whole message within 0.5 s"]

    run(test)


def test_an_idle_connection_is_closed_without_a_word_and_empty_lines_are_idle() -> None:
    async def test() -> None:
        async with serving(TcpLimits(idle=0.5)) as rig:
            client = await rig.connect()
            client.send(message(1))
            await client.hear(message(1))
            client.send(b"\r\n\r\n")
            assert await client.rest() == b""
            await until(lambda: rig.closed == [client.address])
            assert rig.troubles == []

    run(test)


def test_who_does_not_read_is_not_read_either_and_is_cut_off() -> None:
    async def test() -> None:
        async with serving(TcpLimits(whole_message=0.5)) as rig:
            rig.copies = 1
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(rig.address)
            client.setblocking(False)
            sent = 0
            while not rig.closed:
                with suppress(BlockingIOError, ConnectionError):
                    sent += client.send(b"".join(message(n, 60_000 * b"x") for n in range(4)))
                await asyncio.sleep(0.001)
            client.close()
            assert rig.reasons == ["it does not read our answers"]
            # What it sent stayed in the kernel's buffers, not in ours.
            assert sum(len(datagram.payload) for datagram in rig.received) < 1_000_000

    run(test)


def test_answers_that_nobody_reads_are_bounded() -> None:
    async def test() -> None:
        async with serving(TcpLimits(unread=100_000)) as rig:
            rig.copies = 1_000
            client = await rig.connect()
            client.send(message(1, 60_000 * b"x"))
            await until(lambda: rig.closed)
            assert rig.reasons == ["it does not read our answers"]
            client.reset()

    run(test)


def test_a_slow_reader_gets_every_octet() -> None:
    async def test() -> None:
        async with serving() as rig:
            rig.copies = 2
            client = await rig.connect()
            sent = [message(number, 50_000 * b"x") for number in range(20)]
            client.send(b"".join(sent))
            for one in sent:
                await asyncio.sleep(0.01)
                await client.hear(one + one)

    run(test)


def test_the_last_answers_wait_for_a_slow_reader() -> None:
    async def test() -> None:
        async with serving(TcpLimits(unread=100_000_000)) as rig:
            rig.copies = 100
            client = await rig.connect()
            head = b"OPTIONS sip:a SIP/2.0\r\nX: " + 50_000 * b"x" + b"\r\n\r\n"
            client.send(head)
            for _ in range(100):
                await asyncio.sleep(0.001)
                await client.hear(head)
            assert await client.rest() == b""
            await until(lambda: rig.closed == [client.address])

    run(test)


def test_who_resets_while_answers_wait_is_gone() -> None:
    async def test() -> None:
        async with serving(TcpLimits(unread=100_000_000)) as rig:
            rig.copies = 200
            client = await rig.connect()
            client.send(message(1, 50_000 * b"x"))
            await until(lambda: rig.received)
            client.reset()
            await until(lambda: rig.closed == [client.address])
            assert len(rig.server) == 0

    run(test)


def test_one_source_has_few_connections_and_its_oldest_goes() -> None:
    async def test() -> None:
        async with serving(TcpLimits(per_source=2)) as rig:
            other = await rig.connect("127.0.0.2")
            first, second = await rig.connect(), await rig.connect()
            await until(lambda: len(rig.server) == 3)
            first.send(message(1))  # now the second one has been of no use for longest
            await first.hear(message(1))
            third = await rig.connect()
            assert await second.rest() == b""
            assert rig.reasons == ["more than 2 connections from one source"]
            for number, client in enumerate((other, first, third)):
                client.send(message(number))
                await client.hear(message(number))

    run(test)


def test_all_together_have_few_connections_and_a_newcomer_is_served() -> None:
    async def test() -> None:
        async with serving(TcpLimits(connections=20)) as rig:
            slow = [await rig.connect(f"127.0.0.{2 + number // 4}") for number in range(20)]
            await until(lambda: len(rig.server) == 20)
            phone = await rig.connect("127.0.0.99")
            phone.send(message(1))
            await phone.hear(message(1))
            assert len(rig.server) == 20
            assert await slow[0].rest() == b""

    run(test)


def test_a_source_that_may_not_ask_gets_nothing() -> None:
    async def test() -> None:
        async with serving() as rig:
            rig.refusal = "source is neither on the link nor in service.allow"
            client = await rig.connect()
            client.send(message(1))
            assert await client.rest() == b""
            assert rig.received == []
            assert rig.reasons == [rig.refusal]

    run(test)


def test_without_descriptors_it_waits_and_then_goes_on() -> None:
    async def test() -> None:
        async with serving() as rig:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            client = socket.socket()
            client.setblocking(False)
            highest = max(map(int, os.listdir("/proc/self/fd")))
            resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
            taken = []
            try:
                with suppress(OSError):
                    while True:
                        taken.append(os.dup(0))
                with suppress(BlockingIOError):
                    client.connect(rig.address)
                await until(lambda: rig.troubles)
                assert rig.reasons == [f"no room for another connection: {os.strerror(errno.EMFILE)}"]
            finally:
                for descriptor in taken:
                    os.close(descriptor)
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            await until(lambda: len(rig.server) == 1)
            client.close()

    run(test)


def test_a_port_that_is_taken_is_told_with_who_holds_it() -> None:
    async def test() -> None:
        async with serving() as rig:
            rig.server.add_address(Local("eth1", rig.address))
            (trouble,) = rig.troubles
            assert isinstance(trouble, ListenFailed)
            assert trouble.reason == f"TCP port {rig.address.port} is taken by another process"
            assert "tcp: false" in trouble.remedy

    run(test)


def test_an_address_that_is_not_ours() -> None:
    async def test() -> None:
        nowhere = Local("eth1", SocketAddress("192.0.2.1", 0), TCP)
        with pytest.raises(InterfaceUnusable, match="no address of this host"):
            Listener(nowhere, lambda *_: None, lambda _: None, asyncio.get_running_loop())

    run(test)


def test_an_address_that_is_added_again_keeps_its_connections_and_a_removed_one_loses_them() -> None:
    async def test() -> None:
        async with serving() as rig:
            client = await rig.connect()
            rig.server.add_address(rig.local)
            client.send(message(1))
            await client.hear(message(1))
            rig.server.remove_address(rig.local)
            assert await client.rest() == b""
            with pytest.raises(ConnectionRefusedError):
                await rig.connect()
            rig.server.remove_address(rig.local)
            rig.server.add_address(rig.local)
            again = await rig.connect()
            again.send(message(2))
            await again.hear(message(2))

    run(test)


def test_one_client_at_two_addresses_of_ours_from_the_same_port() -> None:
    async def test() -> None:
        async with serving() as rig:
            second = Local("lo", SocketAddress("127.0.0.9", rig.address.port), TCP)
            rig.server.add_address(second)
            client = await rig.connect()
            with socket.socket() as plain:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                plain.setblocking(False)
                plain.bind(client.address)
                await asyncio.get_running_loop().sock_connect(plain, second.address)
                plain.send(message(2))
                client.send(message(1))
                await client.hear(message(1))
                assert await asyncio.get_running_loop().sock_recv(plain, 1000) == message(2)
                assert {(d.payload, d.local) for d in rig.received} == {
                    (message(1), rig.local._replace(transport=TCP)),
                    (message(2), second),
                }
                rig.server.remove_address(second)
                client.send(message(3))
                await client.hear(message(3))
                assert await asyncio.get_running_loop().sock_recv(plain, 1000) == b""

    run(test)


def test_nothing_is_open_after_stop() -> None:
    async def test() -> None:
        before = len(os.listdir("/proc/self/fd"))
        async with serving() as rig:
            client = await rig.connect()
            await until(lambda: len(rig.server) == 1)
            await client.close()
        assert len(rig.server) == 0
        assert rig.closed == []
        assert len(os.listdir("/proc/self/fd")) == before

    run(test)
