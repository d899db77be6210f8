"""What is said of a container's wall, by a table of facts."""

from __future__ import annotations

from itertools import product

import pytest

from pnp_responder.doctor.container import judge_container
from pnp_responder.doctor.facts import Link
from pnp_responder.doctor.finding import Verdict
from pnp_responder.net.interfaces import Interface
from tests.doctor.test_links import interface

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN


def link(it: Interface, kind: str, *below: str) -> Link:
    return Link(it, kind, below=frozenset(below) if kind in ("bridge", "vlan", "bond") else frozenset({kind}))


@pytest.mark.parametrize(
    ("it", "container", "verdict"),
    [
        (link(interface(), ""), "", PASS),
        (link(interface(), "veth"), "", PASS),
        (link(interface("docker0", "172.17.0.1/16"), "bridge"), "", WARN),
        (link(interface("br-0123456789ab", "172.18.0.1/16"), "bridge"), "", WARN),
        (link(interface("br0", "192.0.2.1/24"), "bridge", ""), "", PASS),
        (link(interface("br-lan", "192.0.2.1/24"), "bridge"), "", PASS),
        (link(interface("eth0", "172.17.0.2/16"), "veth"), "docker", FAIL),
        (link(interface("eth0", "10.88.0.2/16"), "veth"), "podman", FAIL),
        (link(interface("br0", "172.17.0.2/16"), "bridge", "veth"), "docker", FAIL),
        (link(interface("eth0", "192.0.2.2/24"), "veth"), "lxc", UNKNOWN),
        (link(interface("eth0", "172.32.0.2/16"), "veth"), "docker", UNKNOWN),
        (link(interface("eth0", "192.0.2.2/24"), "tun"), "docker", UNKNOWN),
        (link(interface("br0", "192.0.2.2/24"), "bridge"), "docker", UNKNOWN),
        (link(interface("br0", "192.0.2.2/24"), "bridge", "veth", "tun"), "docker", UNKNOWN),
        (link(interface("eth0.7", "192.0.2.2/24"), "vlan", "veth"), "docker", UNKNOWN),
        (link(interface("br0", "192.0.2.2/24"), "bridge", "veth", ""), "docker", PASS),
        (link(interface("eth0.7", "192.0.2.2/24"), "vlan", "macvlan"), "docker", PASS),
        (link(interface("bond0", "192.0.2.2/24"), "bond", ""), "docker", PASS),
        (link(interface("eth0", "172.17.0.2/16"), ""), "docker", PASS),
        (link(interface("eth0", "172.17.0.2/16"), "macvlan"), "docker", PASS),
        (link(interface("lo", "127.0.0.1/8", loopback=True), ""), "docker", PASS),
    ],
)
@pytest.mark.parametrize("host_network", [False, None])
def test_in_a_network_of_its_own(
    it: Link, container: str, verdict: Verdict, host_network: bool | None
) -> None:
    found = judge_container(it, container, host_network)
    assert found.verdict is verdict
    assert bool(found.remedy) is (verdict is not PASS)


@pytest.mark.parametrize(
    ("it", "verdict"),
    [
        (link(interface("eth0"), "veth"), PASS),
        (link(interface("eth0", "172.17.0.2/16"), "veth"), PASS),
        (link(interface("br0"), "bridge"), PASS),
        (link(interface("docker0"), "bridge"), WARN),
    ],
)
def test_with_the_hosts_own_network(it: Link, verdict: Verdict) -> None:
    found = judge_container(it, "docker", host_network=True)
    assert found.verdict is verdict
    assert ("the host's own network" in found.evidence) is (verdict is PASS)


@pytest.mark.parametrize("host_network", [True, False, None])
def test_nothing_contradicts_itself_within_one_namespace(host_network: bool | None) -> None:
    """Of a cable and of a bridge over it the same is said."""
    for address, container in product(("192.0.2.2/24", "172.17.0.2/16"), ("docker", "")):
        eth0 = judge_container(link(interface("eth0", address), "veth"), container, host_network)
        br0 = judge_container(link(interface("br0", address), "bridge", "veth"), container, host_network)
        assert br0.verdict is eth0.verdict
