"""One phone asks: everything that it says and hears."""

from __future__ import annotations

from collections.abc import Callable

from pnp_responder.cli.phone_setup import Setup
from pnp_responder.datagram import Datagram
from pnp_responder.phone.events import Ended, Outcome, PhoneEvent
from pnp_responder.phone.subscriber import Subscriber
from pnp_responder.phone.transcript import Step
from pnp_responder.phone_edge.player import LINGER, Player

# A server that does not repeat a lost NOTIFY is known for it after its third sending would have come.
_THOROUGH_LINGER = 2.0


class Deafness:
    """Misses the first response and the first NOTIFY that come, as if they were lost."""

    def __init__(self, wanted: bool) -> None:
        self._missed: set[bytes] = set() if wanted else {b"SIP/", b"NOTI"}

    def __call__(self, datagram: Datagram) -> bool:
        kind = datagram.payload[:4]
        if kind in (b"SIP/", b"NOTI") and kind not in self._missed:
            self._missed.add(kind)
            return True
        return False


def new_subscriber(setup: Setup, capacity: int = 1) -> Subscriber:
    """The engine for phones of this kind."""
    return Subscriber(
        identifiers=setup.identifiers,
        capacity=max(capacity, 16),
        attempts=setup.attempts,
        patience=setup.patience,
    )


def play_one(setup: Setup, thorough: bool, show: Callable[[Step], None]) -> tuple[list[Step], Ended]:
    """Ask once, as this phone does; the transcript, and how it ended. `show` gets each step at once."""
    steps: list[Step] = []
    ends: list[Ended] = []

    def observe(step: Step) -> None:
        steps.append(step)
        show(step)

    def publish(at: float, event: PhoneEvent) -> None:
        if isinstance(event, Ended):
            ends.append(event)

    player = Player(
        new_subscriber(setup),
        setup.line,
        setup.target,
        publish=publish,
        observe=observe,
        misses=Deafness(thorough),
    )
    linger = _THOROUGH_LINGER if thorough else LINGER
    player.play([(0.0, setup.render())], setup.patience + linger, linger)
    silence = Ended("", Outcome.SILENCE, "", 0, None)
    return steps, ends[0] if ends else silence
