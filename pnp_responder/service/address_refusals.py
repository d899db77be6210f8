"""The addresses of served links that cannot be had, while the rest of the link is served."""

from __future__ import annotations

import logging
from ipaddress import IPv4Interface

from pnp_responder.net.backoff import Backoff
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.multicast import OpenInterface
from pnp_responder.service.journal import Journal

_Key = tuple[Interface, IPv4Interface]


class AddressRefusals:
    """Tells each once, as long as its reason stays, and when to try again. `now` as for `Backoff`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._backoff: Backoff[_Key] = Backoff()
        self._told: dict[_Key, str] = {}

    @property
    def deadline(self) -> float | None:
        """When to try again."""
        return self._backoff.deadline

    def is_due(self, opened: OpenInterface, now: float) -> bool:
        """Is one of its addresses to be tried again?"""
        return any(not self._backoff.must_wait((opened.interface, a), now) for a, _ in opened.refused)

    def note(self, opened: OpenInterface, now: float) -> None:
        """It was just tried. A first refusal is not told: it may meet a link in the middle of a change."""
        for address, refusal in opened.refused:
            key = (opened.interface, address)
            if self._backoff.failed(key, refusal.reason, now) == 1 or self._told.get(key) == refusal.reason:
                continue
            self._told[key] = refusal.reason
            # In a network of its own it leaves phones without an answer that they can reach.
            alone = all(unicast.address.network != address.network for unicast in opened.unicasts)
            self._journal.note(
                "address_unusable",
                logging.WARNING if alone else logging.INFO,
                interface=opened.interface.name,
                address=str(address.ip),
                reason=refusal.reason,
                remedy=refusal.remedy or None,
            )

    def keep_only(self, served: tuple[OpenInterface, ...]) -> None:
        """Forget what is no more."""
        keys = frozenset((o.interface, address) for o in served for address, _ in o.refused)
        self._backoff.keep_only(keys)
        self._told = {key: reason for key, reason in self._told.items() if key in keys}
