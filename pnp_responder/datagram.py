"""A UDP payload, or one message by TCP, together with its two ends. One type for both directions."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

new = tuple.__new__
"""`new(Datagram, (payload, remote, local, False))` for `Datagram(payload, remote, local)`; all fields are
given. Half the time of the constructor that NamedTuple writes, and a dozen are made for each phone."""


class SocketAddress(NamedTuple):
    """A numeric IPv4 address in dotted-quad form and a port (0 to 65535). Never a host name."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


UDP = "UDP"
TCP = "TCP"


class Local(NamedTuple):
    """Our end: the interface's name and the unicast address that we answer from there.

    `transport` is UDP or TCP, as a Via says it. By TCP the pair of `address` and the other end's
    names the connection: an answer goes back on it or not at all.
    """

    interface: str
    address: SocketAddress
    transport: str = UDP


class Datagram(NamedTuple):
    """`payload` came from `remote` to us, or goes from us to `remote`.

    `local` is our unicast end also where the datagram came to the multicast group; `multicast`
    tells that case (always False for what we send: we never multicast, RFC 3261 18.2.2 with
    maddr notwithstanding).
    """

    payload: bytes
    remote: SocketAddress
    local: Local
    multicast: bool = False


PlainAddress: TypeAlias = tuple[str, int]
"""A SocketAddress, or the same without its names."""

PlainDatagram: TypeAlias = tuple[bytes, PlainAddress, Local, bool]
"""A Datagram, or the same without its names, as sockets give and take it: that takes a quarter of the time to
make. Whoever needs the names calls `named`."""


def named(datagram: PlainDatagram) -> Datagram:
    """The Datagram that it is, or would be."""
    if type(datagram) is Datagram:
        return datagram
    payload, remote, local, multicast = datagram
    return Datagram(payload, SocketAddress(*remote), local, multicast)
