"""Which address of a link answers whom."""

from __future__ import annotations

import socket
from ipaddress import IPv4Interface

import pytest

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.net.send_room import ReplySocket
from pnp_responder.net.unicast import Unicast, bind_unicast, home_of


def unicasts(*addresses: str) -> list[Unicast]:
    """With sockets that are closed: nobody looks at them here."""
    closed = ReplySocket(socket.AF_INET, socket.SOCK_DGRAM)
    closed.close()
    interfaces = [IPv4Interface(address) for address in addresses]
    return [Unicast(Local("eth1", SocketAddress(str(i.ip), 5060)), closed, i) for i in interfaces]


@pytest.mark.parametrize(
    ("addresses", "phone", "ours"),
    [
        (("192.0.2.1/24", "198.51.100.1/24"), "192.0.2.45", "192.0.2.1"),
        (("192.0.2.1/24", "198.51.100.1/24"), "198.51.100.45", "198.51.100.1"),
        (("192.0.2.1/24", "198.51.100.1/24"), "203.0.113.45", "192.0.2.1"),
        (("10.0.0.1/8", "10.20.0.1/16", "10.20.30.1/24"), "10.20.30.45", "10.20.30.1"),
        (("10.0.0.1/8", "10.20.0.1/16", "10.20.30.1/24"), "10.20.31.45", "10.20.0.1"),
        (("10.0.0.1/8", "10.20.0.1/16", "10.20.30.1/24"), "10.21.0.45", "10.0.0.1"),
        (("192.0.2.1/24", "198.51.100.1/24", "198.51.100.2/24"), "198.51.100.45", "198.51.100.1"),
        (("192.0.2.1/24", "198.51.100.7/32"), "198.51.100.45", "192.0.2.1"),
    ],
)
def test_a_phone_is_answered_from_its_own_network(addresses: tuple[str, ...], phone: str, ours: str) -> None:
    home = home_of(unicasts(*addresses))
    assert home is not None
    assert home(phone) == Local("eth1", SocketAddress(ours, 5060))


@pytest.mark.parametrize("addresses", [("192.0.2.1/24",), ("192.0.2.1/24", "192.0.2.2/24")])
def test_where_all_are_in_one_network_nothing_is_looked_up(addresses: tuple[str, ...]) -> None:
    assert home_of(unicasts(*addresses)) is None


def test_a_port_is_not_shared() -> None:
    with bind_unicast(SocketAddress("127.0.0.1", 0)) as first, pytest.raises(OSError, match="already in use"):
        bind_unicast(SocketAddress(*first.getsockname()))
