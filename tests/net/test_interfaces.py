"""Which interfaces are served, and the reason against each of the others."""

from __future__ import annotations

from ipaddress import IPv4Interface

from pnp_responder.net.interfaces import Interface, choose_interfaces, read_interfaces


def interface(
    name: str, *addresses: str, up: bool = True, multicast: bool = True, loopback: bool = False
) -> Interface:
    return Interface(name, 7, up, multicast, loopback, tuple(map(IPv4Interface, addresses)))


LO = interface("lo", "127.0.0.1/8", multicast=False, loopback=True)
ETH0 = interface("eth0", "192.0.2.1/24")
VLAN7 = interface("vlan7", "198.51.100.1/24")
VLAN8 = interface("vlan8")
DOWN = interface("eth1", "203.0.113.1/24", up=False)
TUNNEL = interface("tun0", "203.0.113.9/32", multicast=False)
ALL = (LO, ETH0, VLAN7, VLAN8, DOWN, TUNNEL)


def chosen(*wanted: str) -> list[str]:
    return [found.name for found in choose_interfaces(ALL, wanted).chosen]


def reasons(*wanted: str) -> dict[str, str]:
    return {found.name: reason for found, reason in choose_interfaces(ALL, wanted).passed_over}


def test_by_default_all_that_can_be_served_but_the_loopback() -> None:
    assert chosen() == ["eth0", "vlan7"]
    assert reasons() == {
        "lo": "loopback (served only when named: --interface lo)",
        "vlan8": "has no IPv4 address",
        "eth1": "is down (ip link set eth1 up)",
        "tun0": "cannot multicast (ip link set tun0 multicast on)",
    }


def test_by_name() -> None:
    assert chosen("eth0") == ["eth0"]
    assert reasons("eth0")["vlan7"] == "not among the interfaces asked for: eth0"


def test_by_glob() -> None:
    assert chosen("vlan*") == ["vlan7"]
    assert chosen("eth0", "vlan[0-9]") == ["eth0", "vlan7"]


def test_letter_case_counts() -> None:
    assert chosen("ETH0") == []


def test_the_loopback_only_by_its_full_name() -> None:
    assert chosen("lo") == ["lo"]
    assert "lo" not in chosen("*")
    assert "lo" not in chosen("l?")


def test_what_fits_nothing_is_told_once() -> None:
    assert choose_interfaces(ALL, ["eth9", "eth0", "eth9"]).missing == ("eth9",)
    assert choose_interfaces(ALL, ["eth1"]).missing == ()


def test_reads_this_host() -> None:
    loopback = next(found for found in read_interfaces() if found.name == "lo")
    assert loopback.loopback
    assert loopback.index == 1
    assert IPv4Interface("127.0.0.1/8") in loopback.addresses
