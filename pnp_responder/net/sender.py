"""Sends datagrams, each from the socket at its address. What the kernel has no room for is sent later."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Collection, Iterable

from pnp_responder.datagram import Datagram, Local, PlainDatagram, SocketAddress, named
from pnp_responder.net.occasions import Occasions
from pnp_responder.net.postponed import Postponed
from pnp_responder.net.send_room import ReplySocket, SendRoom
from pnp_responder.net.troubles import SendFailed, SendPostponed, Trouble

# sendto reports the ICMP error of an earlier datagram instead of sending this one; then it is tried again.
SEND_TRIES = 3
# The neighbour table, the link's queue or our own buffer is full. With IP_RECVERR the first two are told.
NO_ROOM = frozenset({errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM})

_sendto = socket.socket.sendto


class Sender:
    """`unsent` counts the datagrams that were not sent since the start; `report` tells of them."""

    def __init__(self, report: Callable[[Trouble], None], loop: asyncio.AbstractEventLoop) -> None:
        self.unsent = 0
        self._report = report
        self._loop = loop
        self._occasions = Occasions()
        # By our address, from which an answer leaves.
        self._sockets: dict[SocketAddress, socket.socket] = {}
        self._postponed = Postponed()
        self._timer: asyncio.TimerHandle | None = None

    def use(self, address: SocketAddress, source: socket.socket) -> None:
        """What is to leave from `address` leaves from `source`."""
        self._sockets[address] = source

    def replace(self, old: socket.socket, new: socket.socket) -> None:
        """What is still to leave from `old` leaves from `new`."""
        for address, source in self._sockets.items():
            if source is old:
                self._sockets[address] = new

    def forget(self, gone: Collection[socket.socket]) -> None:
        """What is still to leave from there is dropped."""
        self._sockets = {address: source for address, source in self._sockets.items() if source not in gone}

    def send(self, datagrams: Iterable[PlainDatagram]) -> None:
        """Send them now, or soon, or count them. Nothing leaves from an address that is served no more."""
        last: Local | None = None
        source: socket.socket | None = None
        room: SendRoom | None = None
        for datagram in datagrams:
            payload, remote, local, _ = datagram
            if local is not last:
                source, last = self._sockets.get(local[1]), local
                room = source.room if isinstance(source, ReplySocket) else None
            if source is None:
                continue
            try:
                if room is not None and room.unlooked:
                    # As `sendto` of a ReplySocket does, without a call: two go out for each phone.
                    room.unlooked -= 1
                    _sendto(source, payload, remote)
                else:
                    source.sendto(payload, remote)
            except OSError as error:
                self._refused(source, named(datagram), error)

    def stop(self) -> None:
        """Forget what waits."""
        self._postponed.clear()
        self._sockets.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refused(self, source: socket.socket, datagram: Datagram, error: OSError) -> None:
        for _ in range(SEND_TRIES - 1):
            if error.errno in NO_ROOM:
                break
            try:
                source.sendto(datagram.payload, datagram.remote)
            except OSError as again:
                error = again
            else:
                return
        if error.errno not in NO_ROOM:
            self._failed(datagram, error)
            return
        now = self._loop.time()
        interface = datagram.local.interface
        if times := self._occasions.to_tell(("later", interface, error.errno), now):
            self._report(SendPostponed(interface, error, datagram.remote, times))
        gone = self._postponed.keep(datagram, now)
        if gone is not None:
            self._failed(gone.datagram, error)
        self._arm()

    def _failed(self, datagram: Datagram, error: OSError) -> None:
        self.unsent += 1
        interface = datagram.local.interface
        if times := self._occasions.to_tell(("never", interface, error.errno), self._loop.time()):
            self._report(SendFailed(interface, error, datagram.remote, times))

    def _arm(self) -> None:
        if self._timer is None and self._postponed.deadline is not None:
            self._timer = self._loop.call_at(self._postponed.deadline, self._try_again)

    def _try_again(self) -> None:
        self._timer = None
        last: OSError = OSError(errno.ENOBUFS, "no room for too long")

        def send(datagram: Datagram) -> bool:
            nonlocal last
            source = self._sockets.get(datagram.local.address)
            if source is None:
                return True
            try:
                source.sendto(datagram.payload, datagram.remote)
            except OSError as error:
                last = error
                return False
            return True

        for given_up in self._postponed.retry(self._loop.time(), send):
            self._failed(given_up.datagram, last)
        self._arm()
