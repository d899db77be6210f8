"""What can go wrong between the sockets and an engine while serving goes on. Values, for the journal.

Each is told at once when it is new, and then at most once a minute with how often it has happened.
"""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.datagram import Datagram, Local, SocketAddress


class SendFailed(NamedTuple):
    """The kernel did not take a datagram. `times` of this kind since the last report."""

    interface: str
    error: OSError
    remote: SocketAddress
    times: int


class SendPostponed(NamedTuple):
    """The kernel has no room for a datagram now; it is kept and sent again a little later."""

    interface: str
    error: OSError
    remote: SocketAddress
    times: int


class ReceiveFailed(NamedTuple):
    """A socket gave an error instead of a datagram."""

    interface: str
    error: OSError
    times: int


class DatagramsLost(NamedTuple):
    """More came than can be answered: so many of the oldest that waited were dropped."""

    interface: str
    times: int


class EngineFailed(NamedTuple):
    """Our own fault: the engine raised `error`. `datagram` set it off, or None for a timer."""

    error: Exception
    datagram: Datagram | None
    times: int


class ListenFailed(NamedTuple):
    """No TCP on this interface, and why; UDP is served there all the same. `remedy` may be ""."""

    local: Local
    reason: str
    remedy: str


class ConnectionDropped(NamedTuple):
    """A TCP connection was not taken, or was cut short by us. `remote` is None where nobody knows it."""

    interface: str
    reason: str
    remote: SocketAddress | None
    times: int


Trouble = (
    SendFailed
    | SendPostponed
    | ReceiveFailed
    | DatagramsLost
    | EngineFailed
    | ListenFailed
    | ConnectionDropped
)
