"""T4: a unicast question is served from the link and `service.allow`; from elsewhere it meets silence."""

from __future__ import annotations

import pytest

from tests.outside.phone import Phone, plain_subscribe
from tests.outside.server import Server
from tests.security.hostile_lan import ALLOWED, ELSEWHERE, PHONE, SERVER, VICTIM, HostileLan


@pytest.mark.parametrize("method", ["SUBSCRIBE", "OPTIONS", "INVITE", "REGISTER", "NOTIFY"])
def test_from_elsewhere_nothing_is_answered(
    lan: HostileLan, server: Server, phone: Phone, method: str
) -> None:
    """Not even an error: a scan finds nobody."""
    with Phone(lan.victim, ELSEWHERE) as far:
        octets = plain_subscribe(ELSEWHERE, 5060, "020400000001", f"t04-far-{method}")
        far.send(octets.replace(b"SUBSCRIBE", method.encode()), to=SERVER)
        phone.hear_until_fence(to=SERVER)
        assert far.hear_for(0.02) == []


@pytest.mark.parametrize(
    ("address", "on"),
    [(PHONE, "phone"), (VICTIM, "victim"), (ALLOWED, "victim")],
    ids=["link", "other", "allowed"],
)
def test_from_the_link_or_an_allowed_network_it_is_served(
    lan: HostileLan, server: Server, address: str, on: str
) -> None:
    host = lan.phone if on == "phone" else lan.victim
    with Phone(host, address) as asker:
        asker.send(plain_subscribe(address, 5060, "020400000002", f"t04-{address}"), to=SERVER)
        response, notify = asker.hear_exchange()
        assert {response.source, notify.source} == {(SERVER, 5060)}
