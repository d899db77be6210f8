"""Plays phones: carries datagrams between a `Subscriber` and a `Line` until the story is over."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.phone.events import Ended, PhoneEvent
from pnp_responder.phone.subscriber import Subscriber
from pnp_responder.phone.transcript import Step
from pnp_responder.phone_edge.lines import Line, Unreachable

LINGER = 0.5
"""Seconds after the last phone's end in which repeats and other servers are still heard."""

_LONGEST_WAIT = 0.1
# One turn asks for so many phones before it looks at the socket again.
_ASKS = 64


class Player:
    """`publish(at, event)` gets every event, `observe(step)` every datagram; `at` is seconds from the start.

    `misses(datagram)` tells whether the phone is to miss what came: that shows how a server mends losses.
    """

    def __init__(
        self,
        engine: Subscriber,
        line: Line,
        server: SocketAddress,
        *,
        publish: Callable[[float, PhoneEvent], None],
        observe: Callable[[Step], None] = lambda step: None,
        misses: Callable[[Datagram], bool] = lambda datagram: False,
    ) -> None:
        self._engine = engine
        self._line = line
        self._server = server
        self._publish = publish
        self._observe = observe
        self._misses = misses
        self._deadline: float | None = None
        self._alive = 0
        self._start: float | None = None

    def send_again(self, subscribe: bytes) -> None:
        """Send a SUBSCRIBE once more that has had its answer, as if that had been lost."""
        datagram = Datagram(subscribe, self._server, self._line.local)
        self._line.send(datagram)
        self._observe(Step(self._now(), True, datagram))

    def play(self, asks: Iterable[tuple[float, bytes]], longest: float, linger: float = LINGER) -> None:
        """Let phones ask, each `(at, SUBSCRIBE)` in this order of time; until each has ended, `linger`
        seconds more, or `longest` seconds in all. Raises CannotSend where this host cannot."""
        waiting = deque(asks)
        longest += self._now()
        quiet_since: float | None = None
        while (now := self._now()) < longest:
            for _ in range(_ASKS):
                if not waiting or waiting[0][0] > now:
                    break
                self._alive += 1
                subscribe = waiting.popleft()[1]
                self._carry_out(self._engine.subscribe(subscribe, self._server, self._line.local, now))
            if self._deadline is not None and self._deadline <= now:
                self._carry_out(self._engine.handle_timeout(now))
            if waiting or self._alive:
                quiet_since = None
            elif quiet_since is None:
                quiet_since = now
            elif now - quiet_since >= linger:
                return
            self._hear(self._wait(now, waiting[0][0] if waiting else None, quiet_since, linger))

    def _now(self) -> float:
        if self._start is None:
            self._start = time.monotonic()
        return time.monotonic() - self._start

    def _wait(self, now: float, asking: float | None, quiet_since: float | None, linger: float) -> float:
        ends = None if quiet_since is None else quiet_since + linger
        times = [at - now for at in (asking, self._deadline, ends) if at is not None]
        return max(0.0, min([_LONGEST_WAIT, *times]))

    def _hear(self, seconds: float) -> None:
        for heard in self._line.receive(seconds):
            now = self._now()
            if isinstance(heard, Unreachable):
                nothing = Datagram(b"", heard.remote, self._line.local)
                self._observe(Step(now, False, nothing, unreachable=True))
                transport = self._line.local.transport
                self._carry_out(self._engine.receive_unreachable(heard.remote, now, transport))
                continue
            missed = heard.local != self._line.local or self._misses(heard)
            self._observe(Step(now, False, heard, not missed))
            if not missed:
                self._carry_out(self._engine.receive_datagram(heard, now))

    def _carry_out(self, output: Output[PhoneEvent]) -> None:
        for datagram in output.datagrams:
            self._line.send(datagram)
            self._observe(Step(self._now(), True, datagram))
        for event in output.events:
            self._alive -= isinstance(event, Ended)
            self._publish(self._now(), event)
        self._deadline = output.deadline
