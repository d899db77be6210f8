"""What is said of an interface and of the kernel's settings, by tables of facts."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv4Network

import pytest

from pnp_responder.doctor.facts import Bridge, Link, Route
from pnp_responder.doctor.finding import Verdict
from pnp_responder.doctor.links import (
    judge_interface,
    judge_memberships,
    judge_neighbours,
    judge_none,
    judge_rp_filter,
    judge_snooping,
)
from pnp_responder.net.interfaces import Interface

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN


def interface(
    name: str = "eth1", *addresses: str, up: bool = True, multicast: bool = True, loopback: bool = False
) -> Interface:
    own = tuple(map(IPv4Interface, addresses or ("192.0.2.1/24",)))
    return Interface(name, 2, up, multicast, loopback, own)


def without_address() -> Interface:
    return Interface("eth1", 2, True, True, False, ())


@pytest.mark.parametrize(
    ("link", "verdict", "words"),
    [
        (Link(interface()), PASS, "up, has 192.0.2.1/24"),
        (Link(interface("eth1", "192.0.2.1/24", "192.0.2.9/32"), carrier=True), PASS, "192.0.2.9/32"),
        (Link(interface(up=False)), FAIL, "is down"),
        (Link(interface(), carrier=False), FAIL, "no carrier"),
        (Link(interface(multicast=False)), FAIL, "MULTICAST"),
        (Link(interface("lo", "127.0.0.1/8", multicast=False, loopback=True)), PASS, "127.0.0.1/8"),
        (Link(without_address()), FAIL, "no IPv4 address"),
        (Link(interface("eth1", "169.254.7.7/16")), WARN, "169.254.7.7"),
        (Link(interface("eth1", "192.0.2.1/24", "169.254.7.7/16")), PASS, "192.0.2.1"),
    ],
)
def test_interface(link: Link, verdict: Verdict, words: str) -> None:
    found = judge_interface(link)
    assert found.verdict is verdict
    assert words in found.evidence
    assert bool(found.remedy) is (verdict is not PASS)


def test_none_says_why_of_each() -> None:
    found = judge_none([(interface("lo"), "loopback"), (interface("eth0"), "is down")])
    assert found.verdict is FAIL
    assert "lo loopback; eth0 is down" in found.evidence


@pytest.mark.parametrize(
    ("bridge", "verdict"),
    [
        (None, PASS),
        (Bridge("br0", snooping=False, querier=False), PASS),
        (Bridge("br0", snooping=True, querier=True), PASS),
        (Bridge("br0", snooping=True, querier=False), WARN),
    ],
)
def test_snooping(bridge: Bridge | None, verdict: Verdict) -> None:
    found = judge_snooping(Link(interface(), bridge=bridge))
    assert found.verdict is verdict
    assert ("mcast_querier 1" in found.remedy) is (verdict is WARN)


def route(network: str, by: str, metric: int = 0) -> Route:
    net = IPv4Network(network)
    return Route(int(net.network_address), int(net.netmask), by, metric)


ON_LINK = route("192.0.2.0/24", "eth1")


@pytest.mark.parametrize(
    ("rp_filter", "others", "allow", "routes", "verdict"),
    [
        (None, [], [], [ON_LINK], UNKNOWN),
        (0, [], ["10.9.0.0/16"], [ON_LINK], PASS),
        (2, [], ["10.9.0.0/16"], [ON_LINK, route("0.0.0.0/0", "eth0")], PASS),
        (1, [], [], [ON_LINK], PASS),
        (1, [], ["10.9.0.0/16"], [ON_LINK, route("0.0.0.0/0", "eth1")], PASS),
        (1, [], ["10.9.0.0/16"], [ON_LINK, route("0.0.0.0/0", "eth0")], WARN),
        (1, [], ["10.9.0.0/16"], [route("10.0.0.0/8", "eth0"), route("10.9.0.0/16", "eth1")], PASS),
        (1, [], ["10.9.0.0/16"], [route("10.9.0.0/16", "eth0", 50), route("10.9.0.0/16", "eth1", 100)], WARN),
        # More special than what is asked for: it says nothing about the whole.
        (1, [], ["10.0.0.0/8"], [route("0.0.0.0/0", "eth1"), route("10.9.0.0/16", "eth0")], PASS),
        (1, [], [], [route("192.0.2.0/24", "eth0"), route("192.0.2.0/24", "eth1", 100)], WARN),
        (1, [interface("eth0", "192.0.2.2/24")], [], [ON_LINK], WARN),
        (1, [interface("eth0", "192.0.2.2/24", up=False)], [], [ON_LINK], PASS),
        (1, [interface("eth0", "198.51.100.2/24")], [], [ON_LINK], PASS),
    ],
)
def test_rp_filter(
    rp_filter: int | None, others: list[Interface], allow: list[str], routes: list[Route], verdict: Verdict
) -> None:
    own = interface()
    networks = [IPv4Network(text) for text in allow]
    found = judge_rp_filter(Link(own), rp_filter, [own], [own, *others], networks, routes)
    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("limit", "verdict"), [(None, UNKNOWN), (-1, FAIL), (0, FAIL), (1, PASS), (20, PASS)]
)
def test_memberships(limit: int | None, verdict: Verdict) -> None:
    assert judge_memberships(limit).verdict is verdict


@pytest.mark.parametrize(
    ("limit", "phones", "verdict"),
    [(None, 500, UNKNOWN), (1024, 500, PASS), (1024, 960, PASS), (1024, 961, WARN), (8192, 5000, PASS)],
)
def test_neighbours(limit: int | None, phones: int, verdict: Verdict) -> None:
    assert judge_neighbours(limit, phones).verdict is verdict


@pytest.mark.parametrize("phones", [961, 2000, 5000, 1_000_000])
def test_the_remedy_for_neighbours_is_enough(phones: int) -> None:
    remedy = judge_neighbours(1024, phones).remedy
    room = int(remedy.split("gc_thresh3=")[1].split()[0])
    assert judge_neighbours(room, phones).verdict is PASS
