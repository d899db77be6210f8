"""An address that cannot be had is told once and tried again."""

from __future__ import annotations

import logging
from ipaddress import IPv4Interface

from pnp_responder.errors import InterfaceUnusable
from pnp_responder.service.address_refusals import AddressRefusals
from pnp_responder.service.journal import Journal
from pnp_responder.service.log_format import Entry, one_by_one
from tests.net.loopback import opened

ELSEWHERE, BESIDE = IPv4Interface("192.0.2.9/24"), IPv4Interface("127.0.0.9/8")


def refusal(reason: str) -> InterfaceUnusable:
    return InterfaceUnusable("lo", reason, "")


def test_told_the_second_time_and_once() -> None:
    entries: list[Entry] = []
    refusals = AddressRefusals(Journal(lambda new: entries.extend(one_by_one(new))))
    with opened() as it:
        assert not refusals.is_due(it, 0.0)
        bad = it._replace(refused=((ELSEWHERE, refusal("taken")), (BESIDE, refusal("taken"))))
        refusals.note(bad, 0.0)
        assert entries == []
        assert refusals.deadline == 0.5
        assert not refusals.is_due(bad, 0.4)
        assert refusals.is_due(bad, 0.5)
        for now in (0.5, 1.5, 3.5):
            refusals.note(bad, now)
        # Phones of its own network have nobody else; the other one's have the link's first address.
        told = [(entry.level, entry.fields["address"]) for entry in entries]
        assert told == [(logging.WARNING, "192.0.2.9"), (logging.INFO, "127.0.0.9")]
        other = it._replace(refused=((ELSEWHERE, refusal("another reason")),))
        for now in (10.0, 11.0):
            refusals.note(other, now)
        assert [entry.fields["reason"] for entry in entries] == ["taken", "taken", "another reason"]
        refusals.keep_only((it,))
        assert refusals.deadline is None
        for now in (20.0, 21.0):
            refusals.note(bad, now)
        assert len(entries) == 5, "it was gone between, so it is news"
