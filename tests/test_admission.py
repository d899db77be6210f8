from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from pnp_responder.admission import Admission
from pnp_responder.datagram import Local, SocketAddress

ETH0 = Local("eth0", SocketAddress("192.0.2.1", 5060))
ETH1 = Local("eth1", SocketAddress("198.51.100.1", 5060))
LO = Local("lo", SocketAddress("127.0.0.1", 5060))
POINT = Local("ppp0", SocketAddress("203.0.113.0", 5060))


def networks(*texts: str) -> list[IPv4Network]:
    return [IPv4Network(text) for text in texts]


ADMISSION = Admission(
    {
        "eth0": networks("192.0.2.0/24", "10.1.0.0/16"),
        "eth1": networks("198.51.100.0/25"),
        "lo": networks("127.0.0.0/8"),
        "ppp0": networks("203.0.113.0/31", "203.0.113.9/32"),
    },
    allow=networks("172.16.0.0/12", "8.8.8.8/32"),
    own_addresses=["192.0.2.1", "198.51.100.1", "127.0.0.1"],
)


def refusal(host: str, local: Local = ETH0, port: int = 5060) -> str | None:
    return ADMISSION.refusal(SocketAddress(host, port), local)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("192.0.2.2", ETH0),
        ("192.0.2.254", ETH0),
        ("10.1.0.1", ETH0),
        ("10.1.255.254", ETH0),
        ("198.51.100.126", ETH1),
        ("172.16.0.1", ETH0),
        ("172.31.255.254", ETH1),
        ("8.8.8.8", ETH0),
        ("127.0.0.1", LO),
        ("127.0.0.0", LO),
        ("127.255.255.255", LO),
        ("203.0.113.0", POINT),
        ("203.0.113.1", POINT),
        ("203.0.113.9", POINT),
        ("172.16.9.9", Local("nobody-knows", SocketAddress("192.0.2.1", 5060))),
    ],
)
def test_may_ask(host: str, local: Local) -> None:
    assert refusal(host, local) is None


@pytest.mark.parametrize(
    ("host", "local", "why"),
    [
        ("198.51.100.2", ETH0, "neither on the link"),
        ("192.0.2.2", ETH1, "neither on the link"),
        ("198.51.100.129", ETH1, "neither on the link"),
        ("10.2.0.1", ETH0, "neither on the link"),
        ("8.8.8.9", ETH0, "neither on the link"),
        ("172.32.0.1", ETH0, "neither on the link"),
        ("192.0.2.2", Local("nobody-knows", ETH0.address), "neither on the link"),
        ("192.0.2.255", ETH0, "broadcast"),
        ("192.0.2.0", ETH0, "broadcast"),
        ("10.1.255.255", ETH0, "broadcast"),
        ("198.51.100.127", ETH1, "broadcast"),
        ("192.0.2.1", ETH0, "our own"),
        ("198.51.100.1", ETH0, "our own"),
        ("127.0.0.1", ETH0, "our own"),
        ("127.0.0.2", ETH0, "loopback"),
        ("0.0.0.0", ETH0, "no host's"),
        ("0.1.2.3", ETH0, "no host's"),
        ("224.0.1.75", ETH0, "no host's"),
        ("239.255.255.255", LO, "no host's"),
        ("240.0.0.1", ETH0, "no host's"),
        ("255.255.255.255", ETH0, "no host's"),
    ],
)
def test_may_not_ask(host: str, local: Local, why: str) -> None:
    found = refusal(host, local)
    assert found is not None
    assert why in found


def test_nobody_can_be_answered_at_port_0() -> None:
    assert refusal("192.0.2.2", port=0) == "source port 0"
    assert refusal("192.0.2.2", port=1) is None
    assert refusal("192.0.2.2", port=65535) is None


def test_everybody() -> None:
    anybody = Admission({}, allow=networks("0.0.0.0/0"))
    assert anybody.refusal(SocketAddress("203.0.113.200", 1), ETH0) is None
    assert anybody.refusal(SocketAddress("224.0.1.75", 1), ETH0) is not None
    assert anybody.refusal(SocketAddress("127.0.0.1", 1), ETH0) is not None


def test_nobody() -> None:
    assert Admission({}).refusal(SocketAddress("192.0.2.2", 1), ETH0) is not None
