"""An engine with a listener at its door: every datagram that goes in or comes out is recorded."""

from __future__ import annotations

from typing import Generic, TypeVar

from pnp_responder.capture.recorder import Recorder
from pnp_responder.datagram import Datagram, PlainDatagram, SocketAddress, named
from pnp_responder.engine import Output, ServingEngine

E = TypeVar("E")


class RecordedEngine(Generic[E]):
    """Behaves as `engine` does (`engine.Engine`)."""

    def __init__(self, engine: ServingEngine[E], recorder: Recorder) -> None:
        self._engine = engine
        self._recorder = recorder

    def receive_datagram(self, datagram: Datagram, now: float) -> Output[E]:
        """See `engine.Engine`."""
        self._recorder.put(datagram, sent=False)
        return self._said(self._engine.receive_datagram(datagram, now))

    def receive(self, datagram: PlainDatagram, now: float, output: Output[E]) -> None:
        """See `engine.ServingEngine`."""
        output.add(self.receive_datagram(named(datagram), now))

    @property
    def deadline(self) -> float | None:
        """See `engine.ServingEngine`."""
        return self._engine.deadline

    def receive_unreachable(self, remote: SocketAddress, now: float) -> Output[E]:
        """See `engine.Engine`."""
        return self._said(self._engine.receive_unreachable(remote, now))

    def handle_timeout(self, now: float) -> Output[E]:
        """See `engine.Engine`."""
        return self._said(self._engine.handle_timeout(now))

    def _said(self, output: Output[E]) -> Output[E]:
        for datagram in output.datagrams:
            self._recorder.put(datagram, sent=True)
        return output
