"""What happened is heeded before the next datagram is answered, where decisions hang on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.events import Event
from pnp_responder.responder import Responder


class HeedingEngine:
    """Behaves as `responder` does (`engine.Engine`), and `heed` hears its events at once.

    The driver tells of a whole slice of datagrams when all of them are answered. Two requests of one device
    may stand in one slice, and a rule that offers `once` has to know of the first when it decides the second.
    """

    def __init__(self, responder: Responder, heed: Callable[[Sequence[Event]], None]) -> None:
        self._responder = responder
        self._heed = heed

    def receive_datagram(self, datagram: Datagram, now: float) -> Output[Event]:
        """See `engine.Engine`."""
        output = self._responder.receive_datagram(datagram, now)
        self._heed(output[1])
        return output

    def receive_unreachable(self, remote: SocketAddress, now: float) -> Output[Event]:
        """See `engine.Engine`."""
        return self._heeded(self._responder.receive_unreachable(remote, now))

    def receive_closed(self, remote: SocketAddress, now: float) -> Output[Event]:
        """See `Responder.receive_closed`."""
        return self._heeded(self._responder.receive_closed(remote, now))

    def handle_timeout(self, now: float) -> Output[Event]:
        """See `engine.Engine`."""
        return self._heeded(self._responder.handle_timeout(now))

    def _heeded(self, output: Output[Event]) -> Output[Event]:
        self._heed(output.events)
        return output
