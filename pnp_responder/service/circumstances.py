"""What rules with options hang on, as it is at this moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from ipaddress import IPv4Address

from pnp_responder.circumstances import Neighbour, NeighbourState
from pnp_responder.enrollment import Decide, Enrollment
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.neighbour_table import NeighbourTable
from pnp_responder.rules import RuleSet
from pnp_responder.service.offers import OffersMade
from pnp_responder.service.window import Window

_MISSING = Neighbour(NeighbourState.MISSING)
_NEVER = Neighbour(NeighbourState.NEVER)


class LiveCircumstances:
    """The `Circumstances` of the service; none of its answers is "unknown".

    `served` gives the interfaces that are served now. `clock` is the window's. `offers` is to hear of
    every event.
    """

    def __init__(
        self, served: Callable[[], Iterable[Interface]], window: Window, clock: Callable[[], float]
    ) -> None:
        self.offers = OffersMade(clock)
        self._served = served
        self._window = window
        self._clock = clock
        self._table = NeighbourTable()

    def decide_by(self, rules: RuleSet) -> Decide:
        """How devices are decided about by `rules`, from now on, under these circumstances."""
        self.offers.watch(rules.once)
        if not rules.has_options:
            return rules.decide
        return partial(rules.decide, circumstances=self)

    def neighbour(self, enrollment: Enrollment) -> Neighbour:
        """Of Circumstances. What is in none of the link's own networks asks through a router."""
        remote, local = enrollment.remote, enrollment.local
        if remote is None or local is None:
            return _MISSING
        interface = next((served for served in self._served() if served.name == local.interface), None)
        if interface is None:
            return _MISSING
        source = IPv4Address(remote.host)
        if interface.loopback or not any(source in address.network for address in interface.addresses):
            return _NEVER
        return self._table.look_up(remote.host, interface.index)

    def window_is_open(self) -> bool:
        """Of Circumstances."""
        return self._window.is_open(self._clock())

    def seconds_since_offer(self, enrollment: Enrollment, rule: str) -> float:
        """Of Circumstances."""
        return self.offers.since(enrollment, rule)

    def close(self) -> None:
        """Hold no socket any more."""
        self._table.close()
