"""Both engines, a wire that loses, delays, reorders and repeats, a clock that jumps to the next deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from ipaddress import IPv4Network
from itertools import count
from random import Random

from pnp_responder.admission import Admission
from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.enrollment import Decide, Enrollment, Offer
from pnp_responder.events import Event
from pnp_responder.limits import Limits
from pnp_responder.phone.events import Ended, PhoneEvent
from pnp_responder.phone.subscriber import Subscriber
from pnp_responder.responder import Responder
from pnp_responder.sip import Identifiers

NEVER = float("inf")
GROUP = SocketAddress("224.0.1.75", 5060)
SERVER = Local("eth0", SocketAddress("10.0.0.1", 5060))
PHONES = Local("eth0", SocketAddress("10.0.0.2", 5060))


def own_url(enrollment: Enrollment) -> Offer:
    """A URL that tells the phone it is meant for."""
    return Offer(f"http://10.0.0.1/{enrollment.device.mac}.cfg", "everyone")


def responder(decide: Decide = own_url, transactions: int = 20_000) -> Responder:
    lan = Admission({"eth0": [IPv4Network("10.0.0.0/8")]}, own_addresses=[SERVER.address.host])
    random = Identifiers(Random(1).randbytes)
    return Responder(
        decide, identifiers=random, admission=lan, limits=Limits(transactions, rate=100_000, burst=100_000)
    )


def subscriber(**options: float) -> Subscriber:
    return Subscriber(identifiers=Identifiers(Random(2).randbytes), **options)  # type: ignore[arg-type]


def subscribe(number: int, local: Local = PHONES) -> bytes:
    """What phone `number` asks; its MAC ends with the number."""
    mac = f"02{number:010x}"
    rows = [
        f"SUBSCRIBE sip:MAC={mac}@{GROUP.host} SIP/2.0",
        f"Via: SIP/2.0/UDP {local.address};branch=z9hG4bKphone{number};rport",
        "Max-Forwards: 70",
        f"From: <sip:MAC={mac}@{GROUP.host}>;tag=phone{number}",
        f"To: <sip:MAC={mac}@{GROUP.host}>",
        f"Call-ID: {number}@{local.address.host}",
        "CSeq: 1 SUBSCRIBE",
        f"Contact: <sip:{local.address}>",
        "Expires: 0",
        'Event: ua-profile;profile-type="device";vendor="Acme";model="Desk";version="1"',
        "Accept: application/url",
        "Content-Length: 0",
        "",
        "",
    ]
    return "\r\n".join(rows).encode()


def url_of(number: int) -> str:
    return f"http://10.0.0.1/02{number:010x}.cfg"


@dataclass
class Weather:
    """How bad the wire is: `loss` and `repeats` are probabilities for each datagram, `delay` its longest way
    in seconds. A delay that differs from datagram to datagram puts them out of order."""

    random: Random
    loss: float = 0.0
    repeats: float = 0.0
    delay: float = 0.001

    def arrivals(self) -> list[float]:
        """When the copies of one datagram arrive, in seconds from now."""
        copies = 1 + (self.random.random() < self.repeats)
        return [
            self.random.uniform(0.0, self.delay) for _ in range(copies) if self.random.random() >= self.loss
        ]


class Wire:
    """Runs until nothing is under way and no timer runs."""

    def __init__(self, server: Responder, phones: Subscriber, weather: Weather) -> None:
        self.server = server
        self.phones = phones
        self.now = 0.0
        self.last_datagram = 0.0
        self.server_events: list[tuple[float, Event]] = []
        self.phone_events: list[tuple[float, PhoneEvent]] = []
        self.sent: list[tuple[float, Datagram]] = []
        self._arrivals = weather.arrivals
        self._numbers = count()
        self._under_way: list[tuple[float, int, Datagram]] = []
        self._asking: list[tuple[float, int, bytes]] = []
        self._server_deadline = self._phone_deadline = NEVER

    def ask(self, octets: bytes, at: float = 0.0) -> None:
        """A phone will ask so."""
        heappush(self._asking, (at, next(self._numbers), octets))

    def run(self, stop: Callable[[], bool] = lambda: False) -> None:
        while not stop():
            arrival = self._under_way[0][0] if self._under_way else NEVER
            asking = self._asking[0][0] if self._asking else NEVER
            now = min(arrival, asking, self._server_deadline, self._phone_deadline)
            if now == NEVER:
                return
            assert now >= self.now
            self.now = now
            if now == asking:
                self._phone(self.phones.subscribe(heappop(self._asking)[2], GROUP, PHONES, now))
            elif now == arrival:
                self._arrive(heappop(self._under_way)[2])
            elif now == self._server_deadline:
                self._server(self.server.handle_timeout(now))
            else:
                self._phone(self.phones.handle_timeout(now))

    @property
    def ended(self) -> dict[str, tuple[float, Ended]]:
        """When and how each phone's enrollment ended, by Call-ID; each ends once."""
        found = {}
        for at, event in self.phone_events:
            if isinstance(event, Ended):
                assert event.call_id not in found
                found[event.call_id] = (at, event)
        return found

    def _arrive(self, datagram: Datagram) -> None:
        self.last_datagram = self.now
        if datagram.local is SERVER:
            self._server(self.server.receive_datagram(datagram, self.now))
        else:
            self._phone(self.phones.receive_datagram(datagram, self.now))

    def _server(self, output: Output[Event]) -> None:
        self.server_events += [(self.now, event) for event in output.events]
        self._server_deadline = NEVER if output.deadline is None else output.deadline
        for datagram in output.datagrams:
            assert datagram.remote == PHONES.address
            self._send(datagram, Datagram(datagram.payload, SERVER.address, PHONES))

    def _phone(self, output: Output[PhoneEvent]) -> None:
        self.phone_events += [(self.now, event) for event in output.events]
        self._phone_deadline = NEVER if output.deadline is None else output.deadline
        for datagram in output.datagrams:
            assert datagram.remote in (GROUP, SERVER.address)
            multicast = datagram.remote == GROUP
            self._send(datagram, Datagram(datagram.payload, PHONES.address, SERVER, multicast))

    def _send(self, sent: Datagram, heard: Datagram) -> None:
        self.sent.append((self.now, sent))
        for delay in self._arrivals():
            heappush(self._under_way, (self.now + delay, next(self._numbers), heard))
