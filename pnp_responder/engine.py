"""The shape of every protocol engine: (datagram, now) in, `Output` out. No clock, no socket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from pnp_responder.datagram import Datagram, PlainDatagram, SocketAddress, named

E = TypeVar("E")


class Output(Generic[E]):
    """All that a call of an engine wants done, or, where it was given to several, all these calls.

    `datagrams` are to be sent in this order; `events` tell what happened, in order; `deadline` is
    when `handle_timeout` wants to be called next (None: not at all). A later Output's deadline
    replaces an earlier one's. Waking too early does no harm.

    A call adds to `sent` and `told`, which whoever serves thousands of phones takes as they are.
    """

    __slots__ = ("deadline", "sent", "told")

    def __init__(
        self, datagrams: Iterable[PlainDatagram] = (), events: Iterable[E] = (), deadline: float | None = None
    ) -> None:
        self.sent = list(datagrams)
        self.told = list(events)
        self.deadline = deadline

    def add(self, other: Output[E]) -> None:
        """What `other` wants done, too, and its deadline."""
        self.sent += other.sent
        self.told += other.told
        self.deadline = other.deadline

    @property
    def datagrams(self) -> tuple[Datagram, ...]:
        """What is to be sent."""
        return tuple(map(named, self.sent))

    @property
    def events(self) -> tuple[E, ...]:
        """What happened."""
        return tuple(self.told)


class Engine(Protocol[E]):
    """A protocol engine. `now` is in seconds of any clock that never goes back."""

    def receive_datagram(self, datagram: Datagram, now: float) -> Output[E]:
        """A datagram arrived. Raises nothing for what a stranger sent."""

    def receive_unreachable(self, remote: SocketAddress, now: float) -> Output[E]:
        """The network said that what we sent to `remote` cannot be delivered (RFC 3261 18.4)."""

    def handle_timeout(self, now: float) -> Output[E]:
        """The deadline of the last Output has come."""


class ServingEngine(Engine[E], Protocol[E]):
    """One that is asked by thousands."""

    def receive(self, datagram: PlainDatagram, now: float, output: Output[E]) -> None:
        """As `receive_datagram`, and all that it wants done is added to `output`, but for the deadline."""

    @property
    def deadline(self) -> float | None:
        """That of the last Output."""
