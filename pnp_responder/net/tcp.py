"""Clients that come by TCP (RFC 3261 18): listeners, connections, and how little of us one can hold.

Phones ask by UDP; a few let one choose TCP for a server's unicast address. A connection costs memory
and a descriptor, so all of them together are few, each has little time, and the one that has been
of no use for longest makes room. UDP is served beside, between any two messages of a connection.
"""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from pnp_responder.datagram import TCP, Datagram, Local, SocketAddress
from pnp_responder.errors import InterfaceUnusable, MalformedMessage
from pnp_responder.net.connection import Connection, MessageReader, Phase
from pnp_responder.net.occasions import Occasions
from pnp_responder.net.tcp_listener import Listener
from pnp_responder.net.troubles import ConnectionDropped, ListenFailed, Trouble

READ = 4_096
"""Octets of one reading: six SUBSCRIBEs, of which each turn of the loop answers one."""

LINGER = 2.0
"""Seconds for a client to read our last answer."""

SWEEP = 1.0
"""Seconds between two looks at the deadlines."""


class TcpLimits(NamedTuple):
    """What all clients, and one client, may have of us."""

    connections: int = 256
    """A quarter of the descriptors that a service has by default."""

    per_source: int = 8
    """Connections from one address. A phone needs one."""

    whole_message: float = 10.0
    """Seconds from the connection's or a message's beginning to that message's end."""

    idle: float = 60.0
    """Seconds between two messages. A NOTIFY waits 32 s for its answer (timer F)."""

    unread: int = 128 * 1024
    """Octets of answers that a client has not read: those to one request, and twice that."""


class TcpServer:
    """Listens at the addresses that it is given (`driver.Streams`).

    `admit` tells why a source may not ask, or None. `receive` gets each message and answers by
    `send` before it returns; `closed` is told of each connection that has ended, later.
    """

    def __init__(
        self,
        *,
        make_reader: Callable[[], MessageReader],
        admit: Callable[[SocketAddress, Local], str | None],
        receive: Callable[[Datagram], None],
        closed: Callable[[SocketAddress], None],
        report: Callable[[Trouble], None],
        loop: asyncio.AbstractEventLoop,
        limits: TcpLimits = TcpLimits(),  # noqa: B008  (it is immutable)
    ) -> None:
        self._make_reader = make_reader
        self._admit = admit
        self._receive = receive
        self._closed = closed
        self._report = report
        self._loop = loop
        self._limits = limits
        self._occasions = Occasions()
        self._listeners: dict[Local, Listener] = {}
        # The one that has been of no use for longest comes first.
        self._connections: OrderedDict[tuple[Local, SocketAddress], Connection] = OrderedDict()
        self._sweeper: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._connections)

    def add_address(self, local: Local) -> None:
        """Listen beside the UDP socket of `local`. If that cannot be, it is reported, and UDP goes on."""
        local = local._replace(transport=TCP)
        if local in self._listeners:
            return

        def exhausted(error: OSError) -> None:
            self._tell(local, f"no room for another connection: {error.strerror}", None)

        try:
            self._listeners[local] = Listener(local, self._take, exhausted, self._loop)
        except InterfaceUnusable as refusal:
            self._report(ListenFailed(local, refusal.reason, refusal.remedy))

    def remove_address(self, local: Local) -> None:
        """End to listen there, and close what came in there."""
        local = local._replace(transport=TCP)
        self._stop_listening(local)
        for connection in [c for c in self._connections.values() if c.local == local]:
            self._close(connection)

    def serves(self, local: Local) -> bool:
        """Is there a listener?"""
        return local._replace(transport=TCP) in self._listeners

    def send(self, datagram: Datagram) -> None:
        """Send on the connection that `datagram` names; if it is gone, that is told (RFC 3261 18.4)."""
        connection = self._connections.get((datagram.local, datagram.remote))
        if connection is None:
            self._loop.call_soon(self._closed, datagram.remote)
            return
        try:
            connection.send(datagram.payload, self._loop.time())
        except OSError:
            self._close(connection)
            return
        if len(connection.outgoing) > self._limits.unread:
            self._drop(connection, "it does not read our answers")
        elif connection.outgoing:
            self._loop.add_writer(connection, self._writable, connection)

    def stop_listening(self) -> None:
        """Take no more connections, and no more from those that are there."""
        for local in list(self._listeners):
            self._stop_listening(local)
        for connection in self._connections.values():
            self._loop.remove_reader(connection)

    def stop(self) -> None:
        """Close everything at once."""
        self.stop_listening()
        for connection in list(self._connections.values()):
            self._close(connection, tell=False)
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    def _stop_listening(self, local: Local) -> None:
        listener = self._listeners.pop(local, None)
        if listener is not None:
            listener.close()

    def _take(self, opened: socket.socket, remote: SocketAddress, local: Local) -> None:
        refusal = self._admit(remote, local)
        if refusal is not None:
            self._tell(local, refusal, remote)
            opened.close()
            return
        self._make_room(remote)
        # The NOTIFY follows the 200 at once; it must not wait for the 200 to be acknowledged.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        now = self._loop.time()
        connection = Connection(opened, remote, local, self._make_reader(), now)
        connection.until = now + self._limits.whole_message
        self._connections[local, remote] = connection
        self._loop.add_reader(connection, self._readable, connection)
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(SWEEP, self._sweep)

    def _make_room(self, remote: SocketAddress) -> None:
        from_there = [c for c in self._connections.values() if c.remote.host == remote.host]
        if len(from_there) >= self._limits.per_source:
            self._drop(from_there[0], f"more than {self._limits.per_source} connections from one source")
        elif len(self._connections) >= self._limits.connections:
            first = next(iter(self._connections.values()))
            self._drop(first, f"more than {self._limits.connections} connections")

    def _readable(self, connection: Connection) -> None:
        try:
            octets = connection.receive(READ)
        except BlockingIOError:
            return
        except OSError:
            self._close(connection)
            return
        if connection.phase is Phase.LINGERING:
            if not octets:
                self._close(connection)
        elif octets:
            connection.reader.feed(octets)
            self._serve(connection)
        else:
            self._end(connection)

    def _serve(self, connection: Connection) -> None:
        """Answer one message; the next one once its answers are out and everybody else has had a turn."""
        if connection.phase is not Phase.SERVING:
            return
        if connection.outgoing:
            self._read_on(connection, False)
            return
        reader = connection.reader
        try:
            message = reader.next_message()
        except MalformedMessage:
            if reader.unframed:
                self._receive(Datagram(reader.unframed, connection.remote, connection.local))
            self._end(connection)
            return
        now = self._loop.time()
        if message is None:
            self._read_on(connection, True)
            if reader.holds_part and not connection.has_begun:
                connection.has_begun = True
                connection.until = now + self._limits.whole_message
            return
        connection.has_begun = False
        connection.heard = now
        connection.until = now + self._limits.idle
        self._connections.move_to_end((connection.local, connection.remote))
        self._receive(Datagram(message, connection.remote, connection.local))
        more = reader.holds_part
        self._read_on(connection, not more)
        if more:
            self._loop.call_soon(self._serve, connection)

    def _writable(self, connection: Connection) -> None:
        try:
            connection.flush(self._loop.time())
        except OSError:
            self._close(connection)
            return
        if connection.outgoing:
            return
        self._loop.remove_writer(connection)
        if connection.phase is Phase.SERVING:
            self._serve(connection)
        else:
            self._half_close(connection)

    def _read_on(self, connection: Connection, wanted: bool) -> None:
        if connection.phase is Phase.CLOSED or connection.is_paused is not wanted:
            return
        connection.is_paused = not wanted
        if wanted:
            self._loop.add_reader(connection, self._readable, connection)
        else:
            self._loop.remove_reader(connection)

    def _end(self, connection: Connection) -> None:
        """Nothing more is to come, or to be understood: let the answers go out, then close."""
        if connection.phase is not Phase.SERVING:
            return
        self._read_on(connection, False)
        connection.phase = Phase.LAST_ANSWERS
        connection.until = self._loop.time() + self._limits.whole_message
        if not connection.outgoing:
            self._half_close(connection)

    def _half_close(self, connection: Connection) -> None:
        try:
            connection.end()
        except OSError:
            self._close(connection)
            return
        connection.phase = Phase.LINGERING
        connection.until = self._loop.time() + LINGER
        self._read_on(connection, True)

    def _sweep(self) -> None:
        now = self._loop.time()
        patience = self._limits.whole_message
        for connection in list(self._connections.values()):
            if connection.outgoing and now - connection.stalled > patience:
                self._drop(connection, "it does not read our answers")
            elif now < connection.until:
                continue
            elif connection.phase is Phase.SERVING and connection.has_begun:
                self._drop(connection, f"no whole message within {patience:g} s")
            else:
                self._close(connection)
        self._sweeper = self._loop.call_later(SWEEP, self._sweep) if self._connections else None

    def _drop(self, connection: Connection, reason: str) -> None:
        self._tell(connection.local, reason, connection.remote)
        self._close(connection)

    def _tell(self, local: Local, reason: str, remote: SocketAddress | None) -> None:
        if times := self._occasions.to_tell((local.interface, reason), self._loop.time()):
            self._report(ConnectionDropped(local.interface, reason, remote, times))

    def _close(self, connection: Connection, *, tell: bool = True) -> None:
        if connection.phase is Phase.CLOSED:
            return
        self._loop.remove_reader(connection)
        self._loop.remove_writer(connection)
        connection.close()
        del self._connections[connection.local, connection.remote]
        if tell:
            # Later: whoever is answering now has yet to tell what led to this.
            self._loop.call_soon(self._closed, connection.remote)
