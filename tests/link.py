"""A simulated wire between the responder and one phone, and a clock that jumps to the next deadline."""

from __future__ import annotations

from collections.abc import Callable, Collection
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from pnp_responder.datagram import Datagram
from pnp_responder.engine import Output
from pnp_responder.events import Event
from pnp_responder.responder import Responder
from tests.examples import LOCAL, PHONE, answer, heard

NEVER = float("inf")


class Phone:
    """As little of a phone as can ask for its profile (RFC 3261 17.1.2, RFC 6665 4.1).

    It sends its SUBSCRIBE again by timer E until any response or timer F, answers each NOTIFY with 200, and
    takes one that overtakes the 200.
    """

    def __init__(self, subscribe: bytes) -> None:
        self.subscribe = subscribe
        self.urls: list[bytes] = []
        """The body of each NOTIFY that was new, by its branch."""
        self.statuses: list[int] = []
        self._branches: set[bytes] = set()
        self._interval = 0.5
        self.timer_e = 0.0
        self.timer_f = 32.0

    def handle_timeout(self, now: float) -> list[bytes]:
        if now >= self.timer_f:
            self.timer_e = self.timer_f = NEVER
            return []
        self.timer_e = now + self._interval
        self._interval = min(self._interval * 2, 4.0)
        return [self.subscribe]

    @property
    def deadline(self) -> float:
        return min(self.timer_e, self.timer_f)

    def receive(self, octets: bytes) -> list[bytes]:
        if octets.startswith(b"SIP/2.0 "):
            self.statuses.append(int(octets[8:11]))
            self.timer_e = self.timer_f = NEVER
            return []
        assert octets.startswith(b"NOTIFY ")
        head, _, body = octets.partition(b"\r\n\r\n")
        branch = head.partition(b";branch=")[2].partition(b";")[0]
        if branch not in self._branches:
            self._branches.add(branch)
            self.urls.append(body)
        return [answer(octets)]


class Crossing(NamedTuple):
    """One datagram on the wire: when it was sent, what it begins with, whether it got lost."""

    at: float
    start: str
    lost: bool


class Link:
    """Both ends and the wire. `lost` are the numbers (from 1) of the datagrams that vanish, counted over both
    directions; `delay(number)` is how long the others take, in seconds."""

    def __init__(
        self,
        responder: Responder,
        phone: Phone,
        lost: Collection[int] = (),
        delay: Callable[[int], float] = lambda _: 0.001,
    ) -> None:
        self.responder = responder
        self.phone = phone
        self.events: list[Event] = []
        self.crossings: list[Crossing] = []
        self.now = 0.0
        self._lost = lost
        self._delay = delay
        self._numbers = count(1)
        self._deadline = NEVER
        self._under_way: list[tuple[float, int, Datagram | bytes]] = []

    def run(self, seconds: float = 1000.0) -> None:
        """Until nothing is under way and no timer runs, or that many seconds are over."""
        while True:
            arrival = self._under_way[0][0] if self._under_way else NEVER
            now = min(arrival, self._deadline, self.phone.deadline)
            if now > seconds:
                return
            assert now >= self.now
            self.now = now
            if now == arrival:
                self._arrive(heappop(self._under_way)[2])
            elif now == self._deadline:
                self._take(self.responder.handle_timeout(now))
            else:
                self._ask(self.phone.handle_timeout(now))

    def _arrive(self, what: Datagram | bytes) -> None:
        if isinstance(what, Datagram):
            self._take(self.responder.receive_datagram(what, self.now))
        else:
            for octets in self.phone.receive(what):
                self._send(octets, heard(octets, multicast=False, remote=PHONE, local=LOCAL))

    def _ask(self, requests: list[bytes]) -> None:
        for octets in requests:
            self._send(octets, heard(octets))

    def _take(self, output: Output[Event]) -> None:
        self._deadline = NEVER if output.deadline is None else output.deadline
        self.events += output.events
        for datagram in output.datagrams:
            self._send(datagram.payload, datagram.payload)

    def _send(self, octets: bytes, what: Datagram | bytes) -> None:
        number = next(self._numbers)
        lost = number in self._lost
        self.crossings.append(Crossing(self.now, octets[:11].decode(), lost))
        if not lost:
            heappush(self._under_way, (self.now + self._delay(number), number, what))
