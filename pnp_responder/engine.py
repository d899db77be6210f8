"""The shape of every protocol engine: (datagram, now) in, `Output` out. No clock, no socket."""

from __future__ import annotations

from typing import Generic, NamedTuple, Protocol, TypeVar

from pnp_responder.datagram import Datagram, SocketAddress

E = TypeVar("E")


class Output(NamedTuple, Generic[E]):
    """All that one call of an engine wants done.

    `datagrams` are to be sent in this order; `events` tell what happened, in order; `deadline` is
    when `handle_timeout` wants to be called next (None: not at all). A later Output's deadline
    replaces an earlier one's. Waking too early does no harm.
    """

    datagrams: tuple[Datagram, ...]
    events: tuple[E, ...]
    deadline: float | None


class Engine(Protocol[E]):
    """A protocol engine. `now` is in seconds of any clock that never goes back."""

    def receive_datagram(self, datagram: Datagram, now: float) -> Output[E]:
        """A datagram arrived. Raises nothing for what a stranger sent."""

    def receive_unreachable(self, remote: SocketAddress, now: float) -> Output[E]:
        """The network said that what we sent to `remote` cannot be delivered (RFC 3261 18.4)."""

    def handle_timeout(self, now: float) -> Output[E]:
        """The deadline of the last Output has come."""
