"""The engine alone: octets in, octets out, no socket."""

from __future__ import annotations

import os
import time
from ipaddress import IPv4Network
from typing import Protocol

from pnp_responder.admission import Admission
from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.events import Event
from pnp_responder.limits import Limits
from pnp_responder.responder import Responder
from pnp_responder.rules import RuleSet
from pnp_responder.sip import Identifiers
from tests.benchmarks.floors import plain_parse
from tests.benchmarks.workload import Site, answer, number_of, subscribe

PORT = 5062
LOCAL = Local("lo", SocketAddress("127.0.0.1", 5060))
LIFETIME = 32.0
"""Seconds for which a SUBSCRIBE is held (RFC 3261, 64*T1)."""
BATCH = 100
"""So many exchanges are under way at once."""


class Subject(Protocol):
    """Something whose cost is measured."""

    name: str

    def measure(self, exchanges: int) -> float:
        """Seconds of CPU for one exchange, over so many of them."""

    def close(self) -> None:
        """End what it started."""


def new_engine(site: Site, most: int = 10_000) -> Responder:
    """A responder for that site on the loopback that remembers `most` transactions."""
    rules = RuleSet.from_text(site.rules, "rules.yaml")
    return Responder(
        rules.decide,
        identifiers=Identifiers(os.urandom),
        admission=Admission({"lo": [IPv4Network("127.0.0.0/8")]}),
        limits=Limits(transactions=most),
        for_kind=rules.for_kind,
    )


class EngineAlone:
    """`alive` SUBSCRIBEs are remembered all the time: for each that comes, one is forgotten."""

    def __init__(self, site: Site, alive: int, name: str = "") -> None:
        self.name = name or f"{site.name}, {alive:,} alive"
        self._site = site
        self._engine = new_engine(site, most=alive + 10 * BATCH)
        self._step = LIFETIME / alive * BATCH
        self._now = 1.0
        self._next = 0
        while self._next < alive:
            self._batch()

    def measure(self, exchanges: int) -> float:
        """See Subject."""
        batches = max(1, exchanges // BATCH)
        return sum(self._batch() for _ in range(batches)) / (batches * BATCH)

    def close(self) -> None:
        """See Subject."""

    def _batch(self) -> float:
        receive, clock, local = self._engine.receive, time.thread_time, LOCAL
        asked = []
        for i in range(self._next, self._next + BATCH):
            phone = self._site.phone(i)
            asked.append((subscribe(phone, i, PORT), (phone.host, PORT)))
        now, said = self._now, Output[Event]()
        begun = clock()
        for payload, remote in asked:
            receive((payload, remote, local, True), now, said)
        spent = clock() - begun

        answers = []
        pairs = zip(said.sent[::2], said.sent[1::2], strict=True)
        for (ok, notify), (payload, remote) in zip(pairs, asked, strict=True):
            assert number_of(ok[0]) == number_of(notify[0]) == number_of(payload)
            assert notify[1] == remote
            answers.append((answer(notify[0]), remote))
        output = Output[Event]()
        begun = clock()
        for payload, remote in answers:
            receive((payload, remote, local, False), now, output)
        deadline = self._engine.deadline
        self._now += self._step
        if deadline is not None and deadline <= self._now:
            self._engine.handle_timeout(self._now)
        spent += clock() - begun
        assert not output.sent, "the phone's answer was not understood"
        assert len(output.told) == BATCH, "not each phone's answer ended its NOTIFY"
        self._next += BATCH
        return spent


class ParseOnly:
    """The floor: both of the phone's messages read in the plainest way, and nothing said."""

    name = "floor: plain parse"

    def __init__(self, site: Site) -> None:
        self._site = site
        self._next = 0

    def measure(self, exchanges: int) -> float:
        """See Subject."""
        asked = [subscribe(self._site.phone(i), i, PORT) for i in range(self._next, self._next + exchanges)]
        answers = [answer(payload) for payload in asked]
        self._next += exchanges
        begun = time.thread_time()
        for payload in asked:
            plain_parse(payload)
        for payload in answers:
            plain_parse(payload)
        return (time.thread_time() - begun) / exchanges

    def close(self) -> None:
        """See Subject."""
