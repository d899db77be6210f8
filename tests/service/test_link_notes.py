"""What is told of a link that is served; its log lines are read in tests/outside."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Interface

import pytest

from pnp_responder.net.multicast import open_interface
from pnp_responder.service.link_notes import shown
from tests.net.loopback import FREE, LOOPBACK


@pytest.mark.parametrize(
    ("addresses", "line"),
    [
        (1, "lo (127.0.3.1)"),
        (3, "lo (127.0.3.1, 127.0.3.2, 127.0.3.3)"),
        (5, "lo (127.0.3.1, 127.0.3.2, 127.0.3.3, 2 more)"),
    ],
)
def test_the_status_line_stays_short(addresses: int, line: str) -> None:
    several = tuple(IPv4Interface(f"127.0.3.{n}/8") for n in range(1, addresses + 1))
    opened = open_interface(replace(LOOPBACK, addresses=several), FREE)
    opened.close()
    assert shown(opened) == line
