"""This host's network interfaces, and which of them are to be served."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Interface
from typing import Any, NamedTuple

# linux/if.h
_IFF_UP = 0x1
_IFF_LOOPBACK = 0x8
_IFF_MULTICAST = 0x1000

# Interfaces may change while they are read.
_READ_TRIES = 3


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface as the kernel has it. `addresses`: its own, the one to answer from first."""

    name: str
    index: int
    up: bool
    multicast: bool
    loopback: bool
    addresses: tuple[IPv4Interface, ...]


class Choice(NamedTuple):
    """What to serve. `passed_over` has the reason in words beside each interface that is not chosen;
    `missing` are the names and globs that fit no interface of this host."""

    chosen: tuple[Interface, ...]
    passed_over: tuple[tuple[Interface, str], ...]
    missing: tuple[str, ...]


def read_interfaces() -> tuple[Interface, ...]:
    """All interfaces of this network namespace, by index. Needs no privilege. OSError without netlink.

    Not from inside a running loop: pyroute2 runs one of its own.
    """
    from pyroute2 import IPRoute, NetlinkError  # type: ignore[import-untyped]  # takes 0.1 s to import

    failure = OSError()
    for _ in range(_READ_TRIES):
        try:
            with IPRoute() as route:
                return _interfaces(list(route.get_links()), list(route.get_addr(family=2)))  # AF_INET
        except NetlinkError as error:  # changes under the reading among them
            failure = OSError(error.code, str(error))
    raise failure


def _interfaces(links: list[Any], rows: list[Any]) -> tuple[Interface, ...]:
    addresses: dict[int, list[IPv4Interface]] = {}
    for row in rows:
        # IFA_ADDRESS is the other end's on a point-to-point link; IFA_LOCAL is always ours.
        own = row.get_attr("IFA_LOCAL") or row.get_attr("IFA_ADDRESS")
        if own:
            addresses.setdefault(row["index"], []).append(IPv4Interface((own, row["prefixlen"])))
    for found in addresses.values():
        # RFC 3927 1.9: where there is another address, the link-local one is not to be told to anybody.
        found.sort(key=lambda address: address.is_link_local)
    read = (
        Interface(
            name=link.get_attr("IFLA_IFNAME"),
            index=link["index"],
            up=bool(link["flags"] & _IFF_UP),
            multicast=bool(link["flags"] & _IFF_MULTICAST),
            loopback=bool(link["flags"] & _IFF_LOOPBACK),
            addresses=tuple(addresses.get(link["index"], ())),
        )
        for link in links
    )
    return tuple(sorted(read, key=lambda interface: interface.index))


def choose_interfaces(interfaces: Iterable[Interface], wanted: Sequence[str]) -> Choice:
    """Choose by names or globs (`vlan*`); with none, every interface that can be served but the loopback.

    The loopback is served only where `wanted` has its name in full. It lacks the multicast flag
    everywhere and multicasts all the same.
    """
    chosen: list[Interface] = []
    passed_over: list[tuple[Interface, str]] = []
    fitting: set[str] = set()
    for interface in interfaces:
        fits = {name for name in wanted if fnmatchcase(interface.name, name)}
        fitting |= fits
        reason = _reason_against(interface, wanted, fits)
        if reason:
            passed_over.append((interface, reason))
        else:
            chosen.append(interface)
    missing = tuple(dict.fromkeys(name for name in wanted if name not in fitting))
    return Choice(tuple(chosen), tuple(passed_over), missing)


def _reason_against(interface: Interface, wanted: Sequence[str], fits: set[str]) -> str:
    if interface.loopback and interface.name not in wanted:
        return f"loopback (served only when named: --interface {interface.name})"
    if wanted and not fits:
        return "not among the interfaces asked for: " + ", ".join(wanted)
    if not interface.up:
        return f"is down (ip link set {interface.name} up)"
    if not interface.multicast and not interface.loopback:
        return f"cannot multicast (ip link set {interface.name} multicast on)"
    if not interface.addresses:
        return "has no IPv4 address"
    return ""
