"""One request of ours that waits for its answer, or for repeats of that."""

from __future__ import annotations

from collections import deque

from pnp_responder.datagram import Datagram, new
from pnp_responder.sip.effects import Sent
from pnp_responder.sip.transaction import NEVER, State

_TRYING = State.TRYING


class ClientTransaction:
    """A request of ours. `octets` and `about` are there while its answer is out, and None then."""

    __slots__ = (
        *("about", "attempts", "branch", "local", "method", "most", "octets", "queue", "remote"),
        *("state", "timer_f", "wakes"),
    )

    def __init__(
        self,
        branch: str,
        method: str,
        datagram: Datagram,
        recipe: str | None,
        about: object,
        most: int,
        timer_f: float,
    ) -> None:
        self.branch = branch
        self.method = method
        payload, self.remote, self.local, _ = datagram
        self.octets: bytes | str | None = payload if recipe is None else recipe
        self.about = about
        self.state = _TRYING
        self.attempts = 1
        self.most = most
        self.timer_f = timer_f
        # The one timer that runs: E while there is something left to send, then F; once completed, K.
        self.wakes = NEVER
        self.queue: deque[ClientTransaction] | None = None

    @property
    def request(self) -> Sent:
        """As it was sent, while its answer is out."""
        assert self.octets is not None
        return new(Sent, (self.branch, self.octets, self.remote, self.local))
