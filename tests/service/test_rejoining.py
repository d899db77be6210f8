"""When the group is joined again; the reports that follow are heard in tests/outside."""

from __future__ import annotations

from dataclasses import replace

from pnp_responder.service.journal import Journal
from pnp_responder.service.log_format import Entry, one_by_one
from pnp_responder.service.rejoining import Rejoining
from tests.net.loopback import LOOPBACK, opened


def test_off_is_never() -> None:
    entries: list[Entry] = []
    rejoining = Rejoining(0, Journal(lambda new: entries.extend(one_by_one(new))))
    with opened() as it:
        it.group_socket.close()
        for now in (0.0, 1e9):
            rejoining.turn([it], now)
        assert rejoining.deadline is None
    assert entries == []


def test_so_often_and_a_failure_is_told() -> None:
    entries: list[Entry] = []
    rejoining = Rejoining(60, Journal(lambda new: entries.extend(one_by_one(new))))
    with opened() as it:
        gone = it._replace(interface=replace(LOOPBACK, index=999_999))
        for now, due, failures in ((0.0, 60.0, 0), (59.9, 60.0, 0), (61.0, 121.0, 1), (130.0, 190.0, 2)):
            rejoining.turn([gone, it], now)
            assert rejoining.deadline == due
            assert len(entries) == failures
    assert {entry.name for entry in entries} == {"rejoin_failed"}
    assert entries[0].fields["interface"] == "lo"
