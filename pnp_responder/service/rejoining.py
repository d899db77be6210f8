"""Joins the group again from time to time, for switches that forget.

A switch that snoops on IGMP takes a port off the group some four minutes after the last report, and where
no router asks for reports (no querier) the kernel sends one only when it joins (RFC 4541 2.1.1).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from pnp_responder.net.multicast import OpenInterface, rejoin_group
from pnp_responder.service.journal import Journal


class Rejoining:
    """Every `period` seconds, 0 for never. `now` is a clock that never goes back."""

    def __init__(self, period: int, journal: Journal) -> None:
        self._period = period
        self._journal = journal
        self.deadline: float | None = None
        """When the next one is due; from the first `turn` on, and None for never."""

    def turn(self, served: Iterable[OpenInterface], now: float) -> None:
        """Join again, if it is due. What cannot is told; the next look at the links sees to it."""
        if not self._period:
            return
        if self.deadline is not None and self.deadline <= now:
            for opened in served:
                try:
                    rejoin_group(opened)
                except OSError as error:
                    name, reason = opened.interface.name, error.strerror or str(error)
                    self._journal.note("rejoin_failed", logging.WARNING, interface=name, reason=reason)
            self.deadline = None
        if self.deadline is None:
            self.deadline = now + self._period
