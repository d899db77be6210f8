"""The sender over a socket that refuses as a full link does."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.net.sender import Sender
from pnp_responder.net.troubles import SendFailed, SendPostponed, Trouble

from .loopback import phone_socket


class FullLink(socket.socket):
    """Refuses the first `refusals` datagrams with `number`."""

    def __init__(self, number: int, refusals: int) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.bind(("127.0.0.1", 0))
        self.number, self.refusals = number, refusals

    def sendto(self, *given: object) -> int:
        if self.refusals:
            self.refusals -= 1
            raise OSError(self.number, os.strerror(self.number))
        return super().sendto(*given)  # type: ignore[call-overload, no-any-return]


class Rig:
    def __init__(self, phone: socket.socket, link: FullLink) -> None:
        self.troubles: list[Trouble] = []
        self.link = link
        self.sender = Sender(self.troubles.append, asyncio.get_running_loop())
        self._local = Local("lo", SocketAddress(*link.getsockname()))
        self._remote = SocketAddress(*phone.getsockname())
        self._phone = phone
        self.sender.use(self._local.address, link)

    def send(self, payload: bytes) -> None:
        self.sender.send([Datagram(payload, self._remote, self._local)])

    async def received(self) -> bytes:
        """What comes to the phone next, within 5 s."""
        async with asyncio.timeout(5):
            return await asyncio.get_running_loop().sock_recv(self._phone, 100)


@asynccontextmanager
async def full(number: int, refusals: int) -> AsyncIterator[Rig]:
    with phone_socket() as phone, FullLink(number, refusals) as link:
        phone.setblocking(False)
        rig = Rig(phone, link)
        yield rig
        rig.sender.stop()


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM])
def test_what_finds_no_room_is_sent_again_and_told_once(number: int) -> None:
    async def test() -> None:
        async with full(number, refusals=5) as rig:
            rig.send(b"one")
            rig.send(b"two")
            assert {await rig.received(), await rig.received()} == {b"one", b"two"}
            assert rig.sender.unsent == 0
            (trouble,) = rig.troubles
            assert isinstance(trouble, SendPostponed)
            assert (trouble.interface, trouble.error.errno, trouble.times) == ("lo", number, 1)

    asyncio.run(test())


def test_another_refusal_is_no_lack_of_room() -> None:
    async def test() -> None:
        async with full(errno.EPERM, refusals=3) as rig:
            rig.send(b"never")
            rig.send(b"now")
            assert await rig.received() == b"now"
            assert rig.sender.unsent == 1
            assert [type(trouble) for trouble in rig.troubles] == [SendFailed]

    asyncio.run(test())


def test_an_address_that_is_served_no_more_sends_nothing() -> None:
    async def test() -> None:
        async with full(errno.ENOBUFS, refusals=1) as rig:
            rig.send(b"kept")
            rig.sender.forget([rig.link])
            rig.send(b"not sent")
            await asyncio.sleep(0.1)
            rig.sender.use(SocketAddress(*rig.link.getsockname()), rig.link)
            rig.send(b"sent")
            assert await rig.received() == b"sent"
            assert rig.sender.unsent == 0

    asyncio.run(test())


def test_what_waits_leaves_from_the_socket_that_took_its_place() -> None:
    async def test() -> None:
        async with full(errno.ENOBUFS, refusals=1_000_000) as rig:
            rig.send(b"kept")
            with FullLink(errno.ENOBUFS, refusals=0) as other:
                rig.sender.replace(rig.link, other)
                assert await rig.received() == b"kept"

    asyncio.run(test())


def test_after_stop_nothing_is_sent() -> None:
    async def test() -> None:
        async with full(errno.ENOBUFS, refusals=1) as rig:
            rig.send(b"kept")
            rig.sender.stop()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.15):
                    await rig.received()

    asyncio.run(test())
