"""A whole campus asks at once: what it came to, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pnp_responder.cli.phone_play import Deafness, new_subscriber
from pnp_responder.cli.phone_setup import Setup
from pnp_responder.cli.progress import Progress
from pnp_responder.phone.campus_faults import CampusFaults
from pnp_responder.phone.events import (
    Answered,
    DatagramDropped,
    Ended,
    NotifyRepeated,
    NotifyTaken,
    Outcome,
    PhoneEvent,
    RequestRefused,
)
from pnp_responder.phone.transcript import Step
from pnp_responder.phone_edge.player import LINGER, Player


@dataclass
class Campus:
    """`waits` are the seconds from the first request to the NOTIFY, of those that were served, sorted.
    `late` is how far behind the plan this machine was with a phone's first request, at most."""

    count: int
    within: float
    waits: list[float] = field(default_factory=list)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    at_first_try: int = 0
    asked_again: int = 0
    notifies_again: int = 0
    refused: int = 0
    dropped: int = 0
    urls: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    late: float = 0.0
    faults: CampusFaults = field(default_factory=CampusFaults)
    first_steps: list[Step] = field(default_factory=list)
    first_ended: Ended = Ended("", Outcome.SILENCE, "", 0, None)

    @property
    def served(self) -> int:
        """Phones that got a URL."""
        return self.outcomes[Outcome.SERVED]

    def percentile(self, share: float) -> float:
        """The wait that so large a share of the served phones did not exceed; 0 if none was served."""
        if not self.waits:
            return 0.0
        return self.waits[min(len(self.waits) - 1, int(share * len(self.waits)))]


def play_campus(setup: Setup, count: int, within: float, thorough: bool) -> Campus:
    """`count` phones, one after the other spread over `within` seconds, all from one port."""
    campus = Campus(count, within)
    progress = Progress(count)
    asks = [(within * number / count, setup.render(number)) for number in range(count)]
    request_of = {call_id_of(octets): octets for _, octets in asks}
    due = {octets: at for at, octets in asks}
    asked_at: dict[bytes, float] = {}
    of_first = _marks_of(asks[0][1])
    # What the first phone took or refused although it names nobody.
    unnamed: list[Step] = []
    last: list[Step] = []

    def observe(step: Step) -> None:
        payload = step.datagram.payload
        if step.sent and payload in due:
            if payload in asked_at:
                campus.asked_again += 1
            else:
                asked_at[payload] = step.at
                campus.late = max(campus.late, step.at - due[payload])
        if not step.sent:
            campus.faults.hear(payload)
        if any(mark in payload for mark in of_first):
            campus.first_steps.append(step)
        elif not step.sent and payload.startswith(b"NOTIFY "):
            last[:] = [step]

    def publish(at: float, event: PhoneEvent) -> None:
        mine = isinstance(event, NotifyTaken) and event.call_id.encode() == of_first[0]
        if mine or (isinstance(event, RequestRefused) and not unnamed):
            unnamed[:] = last
        if isinstance(event, Ended):
            _count(campus, event, at - asked_at[request_of[event.call_id]])
            if event.call_id.encode() == of_first[0]:
                campus.first_ended = event
            campus.seconds = at
            ended = campus.outcomes.total()
            progress.show(ended, f"{ended:,} of {count:,} phones, {campus.served:,} served")
        elif isinstance(event, Answered):
            campus.statuses[event.status] += 1
        elif isinstance(event, NotifyRepeated):
            campus.notifies_again += 1
        elif isinstance(event, RequestRefused):
            campus.refused += 1
        elif isinstance(event, DatagramDropped):
            campus.dropped += 1

    # The first phone alone can be made to miss something, and to be judged for it.
    deaf = Deafness(thorough)
    player = Player(
        new_subscriber(setup, count),
        setup.line,
        setup.target,
        publish=publish,
        observe=observe,
        misses=lambda datagram: any(mark in datagram.payload for mark in of_first) and deaf(datagram),
    )
    try:
        player.play(asks, within + setup.patience + 2 * LINGER)
    finally:
        progress.clear()
    if not any(step.datagram.payload.startswith(b"NOTIFY ") for step in campus.first_steps):
        campus.first_steps += unnamed
    campus.waits.sort()
    return campus


def _marks_of(octets: bytes) -> list[bytes]:
    """What a phone's datagrams are known by: its Call-ID, and its name, for servers that get that wrong."""
    user, at, _ = octets.partition(b"\r\n")[0].partition(b"sip:")[2].partition(b"@")
    return [call_id_of(octets).encode(), *([user] if at else [])]


def call_id_of(octets: bytes) -> str:
    """The Call-ID of a SUBSCRIBE of ours."""
    from pnp_responder.sip import parse_message

    return parse_message(octets).headers.get("call-id", "")


def _count(campus: Campus, event: Ended, wait: float) -> None:
    campus.outcomes[event.outcome] += 1
    if event.outcome is Outcome.SERVED:
        campus.waits.append(wait)
        campus.at_first_try += event.attempts == 1
        campus.urls.add(event.url)
