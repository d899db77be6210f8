"""All that is no good SUBSCRIBE, over real sockets: a status by unicast, silence by multicast, no harm."""

from __future__ import annotations

import pytest

from tests.corpus_reader import HOSTILE, SERVED, SILENT
from tests.outside.conftest import PHONE, SERVER, VICTIM, VICTIM_PORTS, Lan
from tests.outside.namespaces import GROUP
from tests.outside.phone import Arrival, Phone
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server

MOST_PAYLOAD = 65_507


def outcome(heard: list[Arrival]) -> str:
    if not heard:
        return SILENT
    first, *rest = (arrival.message for arrival in heard)
    if rest:
        assert first.status == 200
        assert [message.method for message in rest] == ["NOTIFY"]
        return SERVED
    return str(first.status)


@pytest.mark.parametrize("way", ["unicast", "multicast"])
def test_every_hostile_message_brings_what_the_table_says(lan: Lan, way: str) -> None:
    """In one go, as they would come: the next one meets whatever the one before has left behind."""
    wrong = []
    to = SERVER if way == "unicast" else GROUP
    with (
        Server(lan.server, rules_text()),
        Phone(lan.phones, PHONE) as phone,
        Phone(lan.phones, VICTIM, VICTIM_PORTS) as victim,
    ):
        for message in HOSTILE:
            assert len(message.octets) <= MOST_PAYLOAD
            phone.send(message.octets, to=to)
            told = outcome(phone.hear_until_fence(to=to))
            if told not in (expected := message.unicast if way == "unicast" else message.multicast):
                wrong.append(f"{message.name}: {told}, not {sorted(expected)} ({message.why})")
        assert victim.hear_for(0.1) == [], "a third party was sent to"
    assert wrong == []
