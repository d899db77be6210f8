"""A socket that takes connections at one address of this host."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable

from pnp_responder.datagram import TCP, Local, SocketAddress
from pnp_responder.net.refusals import unusable

ACCEPTS = 16
"""Connections taken in one turn of the loop."""

BACKLOG = 128
"""Connections that wait to be taken."""

BUFFER = 64 * 1024
"""Octets that the kernel may hold for a connection, each way: 32 MiB for 256 of them."""

PAUSE = 1.0
"""Seconds without taking any where this process has no descriptor left."""

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Listener:
    """Listens from now on until `close`. Raises InterfaceUnusable if that cannot be.

    `take` gets each connection, non-blocking, and owns it; `exhausted` is told where the host has
    no room for another one.
    """

    def __init__(
        self,
        local: Local,
        take: Callable[[socket.socket, SocketAddress, Local], None],
        exhausted: Callable[[OSError], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._take = take
        self._exhausted = exhausted
        self._loop = loop
        self._socket = _open(local)
        self._local = local._replace(address=SocketAddress(*self._socket.getsockname()))
        self._loop.add_reader(self._socket, self._accept)
        self._pause: asyncio.TimerHandle | None = None

    @property
    def local(self) -> Local:
        """Where it listens."""
        return self._local

    def close(self) -> None:
        """Take no more. What waits in the kernel is refused."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _accept(self) -> None:
        for _ in range(ACCEPTS):
            try:
                opened, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    continue  # it went away while it waited
                # Else the loop would be woken for the same connection again and again.
                self._loop.remove_reader(self._socket)
                self._pause = self._loop.call_later(PAUSE, self._go_on)
                self._exhausted(error)
                return
            opened.setblocking(False)
            self._take(opened, SocketAddress(*address), self._local)

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._socket, self._accept)


def _open(local: Local) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        # A restart may bind though connections of the last run are still dying; a second listener may not.
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        opened.bind(local.address)
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise unusable(local.interface, error, local.address, TCP) from error
    return opened
