"""One phone asks: everything that it says and hears."""

from __future__ import annotations

from collections.abc import Callable

from pnp_responder.cli.phone_setup import Setup
from pnp_responder.datagram import Datagram
from pnp_responder.phone.events import Ended, Outcome, PhoneEvent
from pnp_responder.phone.subscriber import Subscriber
from pnp_responder.phone.transcript import Step
from pnp_responder.phone_edge.player import LINGER, Player

# So long after its last story a thorough phone asks once more, and so long it waits for that answer.
_PAUSE = 1.0


class Deafness:
    """Misses the first NOTIFY that comes, as if it were lost."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted

    def __call__(self, datagram: Datagram) -> bool:
        misses = self._wanted and datagram.payload.startswith(b"NOTIFY ")
        self._wanted = self._wanted and not misses
        return misses


def new_subscriber(setup: Setup, capacity: int = 1) -> Subscriber:
    """The engine for phones of this kind."""
    return Subscriber(
        identifiers=setup.identifiers,
        capacity=max(capacity, 16),
        attempts=setup.attempts,
        patience=setup.patience,
        outside_dialog=bool(setup.habits.outside_dialog),
    )


def play_one(setup: Setup, thorough: bool, show: Callable[[Step], None]) -> tuple[list[Step], Ended]:
    """Ask once, as this phone does; the transcript, and how it ended. `show` gets each step at once.

    A thorough phone misses the first NOTIFY, and asks once more when it has been served.
    """
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
    subscribe = setup.render()
    player.play([(0.0, subscribe)], setup.patience + 2 * LINGER)
    if thorough and ends and ends[0].url:
        player.send_again(subscribe)
        player.play([], _PAUSE, _PAUSE)
    silence = Ended("", Outcome.SILENCE, "", 0, None)
    return steps, ends[0] if ends else silence
