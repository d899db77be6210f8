"""T11: an address is a dotted quad. Other spellings, which `inet_aton` and `sendto` take, lead nowhere."""

from __future__ import annotations

import ast
import socket
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from tests.examples import PHONE, altered, heard, responder

NET = Path(__file__).parents[2] / "pnp_responder" / "net"

SENDING = {
    *("sendto", "sendmsg", "connect", "connect_ex", "create_connection", "create_datagram_endpoint"),
    *("getaddrinfo", "gethostbyname", "getnameinfo", "gethostbyaddr", "getfqdn"),
}

# All of them are 192.0.2.45, or could be taken for it, by some reader.
SPELLINGS = (
    "3221226029",
    "0xc000022d",
    "0300.0.02.055",
    "192.557",
    "192.0.557",
    "192.0.2.45.",
    "192.0.2.045",
    "192.0.2.301",
    "::ffff:192.0.2.45",
    "[::ffff:192.0.2.45]",
    "192.0.2.45%eth0",
    "192.0.2.45@203.0.113.9",
    "203.0.113.9#192.0.2.45",
    "127.1",
    "0",
    "localhost",
)


def test_the_c_library_takes_some_of_them() -> None:
    def takes(text: str) -> bool:
        try:
            socket.inet_aton(text)
        except OSError:
            return False
        return True

    assert sum(map(takes, SPELLINGS)) >= 6


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("multicast", [False, True], ids=["unicast", "multicast"])
def test_no_spelling_makes_a_destination(spelling: str, multicast: bool) -> None:
    """A Contact that is not the source in so many characters moves not even the port."""
    rows = (
        {"Contact": f"<sip:{spelling}:7777>"},
        {"Via": f"SIP/2.0/UDP {spelling}:5999;branch=z9hG4bK-t11;rport"},
        {"Via": f"SIP/2.0/UDP {PHONE.host};branch=z9hG4bK-t11;rport;received={spelling};maddr={spelling}"},
    )
    for row in rows:
        output = responder().receive_datagram(heard(altered(**row), multicast=multicast), 0.0)
        for datagram in output.datagrams:
            assert datagram.remote.host == PHONE.host
            assert datagram.remote.port in (5060, PHONE.port, 5064)


def test_few_places_send_and_none_resolves_or_connects() -> None:
    """The driver's end sends to what `recvfrom` told, the watch for rivals to the group of the settings."""
    found = set()
    for module in sorted(NET.glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in SENDING
            ):
                found.add((module.name, node.func.attr))
    assert found == {("sender.py", "sendto"), ("send_room.py", "sendto"), ("question.py", "sendto")}


def test_a_network_of_the_settings_is_written_out() -> None:
    for text in ("192.0.2", "0xc0000200/24", "192.0.2.0/024x"):
        with pytest.raises(ValueError, match=r".+"):
            IPv4Network(text)
