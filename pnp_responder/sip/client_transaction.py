"""One request of ours that waits for its answer."""

from __future__ import annotations

from pnp_responder.datagram import Datagram, Local, PlainAddress, SocketAddress
from pnp_responder.sip.transaction import State


class ClientTransaction:
    """Whoever makes one sets what is above the blank line, `ClientTransactions.add` the rest.

    It has no constructor, for that would cost as much again as all of this.
    """

    __slots__ = (
        *("branch", "method", "octets", "remote", "local"),
        *("attempts", "most", "state", "wakes", "ends"),
    )

    branch: str
    method: str
    octets: bytes | None
    """The message; None for one that makes it when it is wanted (`datagram`)."""
    remote: PlainAddress
    local: Local

    attempts: int
    """How often it has been sent."""
    most: int
    """How often it may be sent."""
    state: State
    wakes: float
    """When timer E fires next."""
    ends: float
    """When timer F fires."""

    @property
    def datagram(self) -> Datagram:
        """What is sent, each time the same octets."""
        assert self.octets is not None
        return Datagram(self.octets, SocketAddress(*self.remote), self.local)
