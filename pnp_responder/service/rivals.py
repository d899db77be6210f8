"""Looks from time to time whether another PnP server answers on a link that we serve."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from pnp_responder.datagram import SocketAddress
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.masking import mask_text
from pnp_responder.net.multicast import Listen, OpenInterface
from pnp_responder.service.journal import Journal
from pnp_responder.service.probing import Probed, new_mac, probe
from pnp_responder.service.repeats import RecentlySeen

FIRST = 2.0
"""Seconds from the start to the first look, and between two looks for a link where there is none yet."""

PATIENCE = 4.0
"""Seconds that a server has to answer."""

MOST_SEEN, AGAIN = 1_024, 24 * 3600.0
"""Each rival is told once a day."""


class RivalWatch:
    """Every `period` seconds probes what `served` gives then, and notes each rival that answers to `group`.

    It plays one and the same phone as long as the service runs, so that a rival that keeps a list of
    phones gets one entry more, not one each time.
    """

    def __init__(
        self,
        period: float,
        group: str,
        served: Callable[[], Sequence[OpenInterface]],
        journal: Journal,
        patience: float = PATIENCE,
    ) -> None:
        self._period = period
        # The standard port: a service.port of our own may be where a firewall rule leads what phones ask.
        self._group = SocketAddress(group, Listen().port)
        self._served = served
        self._journal = journal
        self._patience = patience
        self._mac = new_mac()
        self._seen = RecentlySeen(MOST_SEEN, AGAIN)

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.sleep(FIRST)
        while not self._served():  # noqa: ASYNC110  (the links are looked after elsewhere)
            await asyncio.sleep(FIRST)
        while True:
            await self.look()
            await asyncio.sleep(self._period)

    async def look(self) -> None:
        """Probe all links at once."""
        looks = [self._look(opened) for opened in self._served()]
        await asyncio.gather(*looks)

    async def _look(self, opened: OpenInterface) -> None:
        try:
            found = await probe(opened.interface, self._group, self._patience, self._mac)
        except InterfaceUnusable as refusal:
            fields = {"interface": refusal.interface, "reason": refusal.reason, "remedy": refusal.remedy}
            if self._seen.is_new(fields["reason"], asyncio.get_running_loop().time()):
                self._journal.note("rival_watch_failed", logging.WARNING, **fields)
            return
        self._tell(found)

    def _tell(self, found: Probed) -> None:
        now = asyncio.get_running_loop().time()
        for answer in found.answers:
            if not self._seen.is_new((found.interface, answer.address), now):
                continue
            self._journal.note(
                "rival_seen",
                logging.WARNING,
                interface=found.interface,
                source=str(answer.address),
                status=answer.status,
                url=None if answer.url is None else mask_text(answer.url),
                delay_ms=round(answer.delay * 1000, 1),
                reason="another PnP server answers phones here; they take what comes first",
            )
