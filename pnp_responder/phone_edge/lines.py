"""How a phone is connected: a UDP port, or TCP. Both bring `Datagram`s, and the news that nobody is there."""

from __future__ import annotations

import errno
import select
import socket
import struct
from typing import NamedTuple, Protocol

from pnp_responder.datagram import TCP, Datagram, Local, SocketAddress
from pnp_responder.errors import MalformedMessage
from pnp_responder.net.error_queue import ICMP_ERRORS, read_unreachable
from pnp_responder.net.unicast import IP_RECVERR
from pnp_responder.sip.stream import StreamReader

# Two datagrams for each of 10,000 phones; the kernel cuts the wish at net.core.rmem_max.
_BUFFER = 16 * 1024 * 1024
_LARGEST = 65_535
# Few at a time, so that phones are answered, and ask, while more come.
_READS = 128
_SEND_TRIES = 3
_CONNECT_SECONDS = 5.0


class Unreachable(NamedTuple):
    """The network said that `remote` cannot be reached."""

    remote: SocketAddress


class CannotSend(OSError):
    """This host cannot send to the network; `strerror` says why."""


class Line(Protocol):
    """A phone's connection to the network. `local` is what Contact and Via say."""

    local: Local

    def send(self, datagram: Datagram) -> None:
        """Raises CannotSend."""

    def receive(self, seconds: float) -> list[Datagram | Unreachable]:
        """What has come; waits so long for the first. Raises nothing for what the network says."""

    def close(self) -> None:
        """Give the ports back."""


class UdpLine:
    """One UDP port, for one phone or for many. Raises OSError, EADDRINUSE if the port is taken.

    `interface` is its index, for multicasts; None where none are sent. `overhears` is another port where
    servers send what should come to the first, if it is free; such datagrams have it in `local`.
    """

    def __init__(self, local: Local, interface: int | None, overhears: int | None = None) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            if interface is not None:
                route = struct.pack("=4s4si", bytes(4), bytes(4), interface)  # struct ip_mreqn
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, route)
                # RFC 1112 6.1: phones ask one hop far; a server on this host is to hear it, too.
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            self._socket.bind(local.address)
        except OSError:
            self._socket.close()
            raise
        port = self._socket.getsockname()[1]
        self.local = Local(local.interface, SocketAddress(local.address.host, port))
        self._other: tuple[socket.socket, Local] | None = None
        if overhears not in (None, port):
            self._overhear(SocketAddress(local.address.host, overhears or 0))

    def _overhear(self, address: SocketAddress) -> None:
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            other.bind(address)
        except OSError:
            other.close()
        else:
            self._other = other, Local(self.local.interface, address)

    def send(self, datagram: Datagram) -> None:
        """See `Line`."""
        for attempt in range(_SEND_TRIES):
            try:
                self._socket.sendto(datagram.payload, datagram.remote)
                return
            except BlockingIOError:
                select.select([], [self._socket], [], 1.0)
            except OSError as error:
                # sendto reports the ICMP error of an earlier datagram instead of sending this one.
                if error.errno not in ICMP_ERRORS or attempt == _SEND_TRIES - 1:
                    raise CannotSend(error.errno, error.strerror) from None

    def receive(self, seconds: float) -> list[Datagram | Unreachable]:
        """See `Line`."""
        both = [(self._socket, self.local), *([self._other] if self._other else [])]
        select.select([opened for opened, _ in both], [], [], max(0.0, seconds))
        heard: list[Datagram | Unreachable] = []
        for opened, local in both:
            heard += _read_datagrams(opened, local)
        heard += [Unreachable(remote) for remote in read_unreachable(self._socket)]
        return heard

    def close(self) -> None:
        """See `Line`."""
        self._socket.close()
        if self._other:
            self._other[0].close()


class TcpLine:
    """Connections to servers and from them (RFC 3261 18). A listening port is what Contact names."""

    def __init__(self, local: Local) -> None:
        self._listener = socket.create_server(local.address, backlog=64)
        self._listener.setblocking(False)
        self.local = Local(
            local.interface, SocketAddress(local.address.host, self._listener.getsockname()[1]), TCP
        )
        self._connections: dict[SocketAddress, tuple[socket.socket, StreamReader]] = {}
        self._news: list[Datagram | Unreachable] = []

    def send(self, datagram: Datagram) -> None:
        """See `Line`. On the connection to that address, else to that host, else on a new one."""
        connection = self._connection(datagram.remote)
        if connection is None:
            return
        try:
            connection.settimeout(_CONNECT_SECONDS)
            connection.sendall(datagram.payload)
            connection.setblocking(False)
        except OSError:
            self._news.append(Unreachable(datagram.remote))

    def receive(self, seconds: float) -> list[Datagram | Unreachable]:
        """See `Line`."""
        if self._news:
            news, self._news = self._news, []
            return news
        by_socket = {connection: remote for remote, (connection, _) in self._connections.items()}
        ready, _, _ = select.select([self._listener, *by_socket], [], [], max(0.0, seconds))
        heard: list[Datagram | Unreachable] = []
        for one in ready:
            if one is self._listener:
                self._accept()
            else:
                heard += self._read(by_socket[one])
        return heard

    def close(self) -> None:
        """See `Line`."""
        self._listener.close()
        for connection, _ in self._connections.values():
            connection.close()

    def _connection(self, remote: SocketAddress) -> socket.socket | None:
        if remote in self._connections:
            return self._connections[remote][0]
        same_host = [known for known in self._connections if known.host == remote.host]
        if same_host:
            return self._connections[same_host[-1]][0]
        try:
            connection = socket.create_connection(
                remote, _CONNECT_SECONDS, source_address=(self.local.address.host, 0)
            )
        except OSError:
            self._news.append(Unreachable(remote))
            return None
        self._take(connection, remote)
        return connection

    def _accept(self) -> None:
        try:
            connection, remote = self._listener.accept()
        except OSError:
            return
        self._take(connection, SocketAddress(*remote))

    def _take(self, connection: socket.socket, remote: SocketAddress) -> None:
        connection.setblocking(False)
        # Else a SUBSCRIBE waits until the server acknowledges the last 200, which it puts off by 40 ms.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[remote] = (connection, StreamReader())

    def _read(self, remote: SocketAddress) -> list[Datagram | Unreachable]:
        connection, reader = self._connections[remote]
        heard: list[Datagram | Unreachable] = []
        try:
            octets = connection.recv(_LARGEST)
            reader.feed(octets)
            while (message := reader.next_message()) is not None:
                heard.append(Datagram(message, remote, self.local))
        except BlockingIOError:
            return heard
        except (OSError, MalformedMessage):
            octets = b""
        if not octets:
            del self._connections[remote]
            connection.close()
        return heard


def _read_datagrams(opened: socket.socket, local: Local) -> list[Datagram]:
    heard: list[Datagram] = []
    for _ in range(_READS):
        try:
            payload, remote = opened.recvfrom(_LARGEST)
        except OSError:  # nothing more, or an ICMP error, which the error queue has whole
            break
        heard.append(Datagram(payload, SocketAddress(*remote), local))
    return heard


def is_taken(error: OSError) -> bool:
    """Is it that another program has the port, or that this user may not have it?"""
    return error.errno in (errno.EADDRINUSE, errno.EACCES)
