"""T12: no name from the network is ever resolved, and a resolver that hangs delays nobody."""

from __future__ import annotations

import time

from tests.outside.namespaces import GROUP
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.server import Server
from tests.security.hostile_lan import PHONE, SERVER, Capture, HostileLan
from tests.security.test_t01_reflection import ROWS, with_row

NAME = "provisioning.example.com"
PROMPTLY = 1.0
"""Seconds; one look-up in vain would take at least 5."""


def test_host_names_everywhere_bring_no_question(lan: HostileLan, server: Server, phone: Phone) -> None:
    with Capture(lan.victim) as heard_by_resolver:
        began = time.monotonic()
        for number, row in enumerate(ROWS):
            for way, to in (("m", GROUP), ("u", SERVER)):
                octets = plain_subscribe(PHONE, 5060, f"0212{number:04x}cafe", f"t12-{number}-{way}")
                filled = row.replace("{v}", NAME).replace("{p}", NAME).replace("{n}", f"t12{number}{way}")
                phone.send(with_row(octets, filled), to=to)
        phone.hear_until_fence()
        phone.hear_until_fence(to=SERVER)
        took = time.monotonic() - began
        assert heard_by_resolver.from_the_server(lan) == []
    assert took < PROMPTLY, f"{took:.2f} s"


def test_a_look_up_would_have_been_seen(lan: HostileLan, silent_resolver: list[str]) -> None:
    with Capture(lan.victim) as heard_by_resolver:
        lan.server.run(*silent_resolver, "sh", "-c", f"getent hosts {NAME} || true")
        asked = [frame for frame in heard_by_resolver.from_the_server(lan) if frame.kind == "UDP"]
    assert any(b"provisioning" in frame.payload for frame in asked)
