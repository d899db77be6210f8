"""Judgements about an interface and the kernel's settings for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Interface, IPv4Network

from pnp_responder.doctor.facts import Link, Route
from pnp_responder.doctor.finding import Finding, Verdict
from pnp_responder.net.interfaces import Interface

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN

_LINK_LOCAL = IPv4Network("169.254.0.0/16")
# Hosts beside phones that need a place in the neighbour table: gateways, servers, computers.
_OTHER_NEIGHBOURS = 64


def judge_interface(link: Link) -> Finding:
    """Is it there, up, with a cable, an address and the MULTICAST flag?"""
    it = link.interface

    def found(verdict: Verdict, evidence: str, remedy: str = "") -> Finding:
        return Finding("interface", it.name, verdict, evidence, remedy)

    if not it.up:
        return found(FAIL, "is down", f"sudo ip link set {it.name} up")
    if link.carrier is False:
        return found(
            FAIL, "is up but has no carrier: no cable, or the other end is down", f"ip link show {it.name}"
        )
    if not it.multicast and not it.loopback:
        return found(FAIL, "lacks the MULTICAST flag", f"sudo ip link set {it.name} multicast on")
    if not it.addresses:
        return found(
            FAIL,
            "has no IPv4 address, so there is nothing that a phone could be answered from",
            f"sudo ip address add ADDRESS/PREFIX dev {it.name}   # or start its DHCP client",
        )
    addresses = ", ".join(map(str, it.addresses))
    if it.addresses[0].ip in _LINK_LOCAL:
        return found(
            WARN,
            f"its address {addresses} is one that hosts give themselves when DHCP does not answer; phones "
            "with an address from DHCP may be out of its reach",
            f"ip address show dev {it.name}",
        )
    return found(PASS, f"up, has {addresses}, can multicast")


def judge_absent(name: str) -> Finding:
    """No interface of this host has the name, or fits the glob, that was asked for."""
    return Finding("interface", name, FAIL, "there is no such interface on this host", "ip -br link")


def judge_none(passed_over: Iterable[tuple[Interface, str]]) -> Finding:
    """Nothing was asked for, and nothing can be served."""
    reasons = "; ".join(f"{interface.name} {reason}" for interface, reason in passed_over)
    evidence = "no interface of this host can be served" + (f": {reasons}" if reasons else "")
    return Finding("interface", "", FAIL, evidence, "pnp-responder interfaces")


def judge_snooping(link: Link) -> Finding:
    """A bridge that forwards groups only to members forgets them unless somebody asks (RFC 4541 2.1.1)."""
    name, bridge = link.interface.name, link.bridge
    if bridge is None:
        return Finding(
            "snooping",
            name,
            PASS,
            "on no bridge of this host (a switch outside can be seen only in its own pages)",
        )
    if not bridge.snooping:
        return Finding("snooping", name, PASS, f"bridge {bridge.name} forwards multicast to every port")
    if bridge.querier:
        return Finding("snooping", name, PASS, f"bridge {bridge.name} snoops on IGMP and is a querier itself")
    return Finding(
        "snooping",
        name,
        WARN,
        f"bridge {bridge.name} snoops on IGMP and asks nobody itself (querier off): if no router or switch "
        "asks, members are forgotten, and phones are heard for some 4 minutes after a start and then no more",
        f"sudo ip link set {bridge.name} type bridge mcast_querier 1   "
        "# or mcast_snooping 0; or `rejoin: 2m` in rules.yaml",
    )


def judge_rp_filter(
    link: Link,
    rp_filter: int | None,
    served: Iterable[Interface],
    every: Iterable[Interface],
    allow: Sequence[IPv4Network],
    routes: Sequence[Route],
) -> Finding:
    """Does the kernel drop phones since the way back to them is another interface (RFC 3704 2.2)?

    `rp_filter` is the stricter of `all` and the interface's own.
    """
    it = link.interface
    if rp_filter is None:
        return Finding("rp_filter", it.name, UNKNOWN, "cannot be read", "sysctl net.ipv4.conf.all.rp_filter")
    if rp_filter != 1:
        words = {0: "off", 2: "loose"}.get(rp_filter, str(rp_filter))
        return Finding(
            "rp_filter", it.name, PASS, f"{words}: phones are heard whatever the way back to them is"
        )
    names = {interface.name for interface in served} | {it.name}
    elsewhere = [
        f"{network} (by {leads})"
        for network in (*(a.network for a in it.addresses), *allow)
        if (leads := _leads_out(network, routes)) and leads not in (names if network in allow else {it.name})
    ]
    twins = [
        f"{other.name} is on {network} as well"
        for other in every
        for network in _shared(it.addresses, other.addresses)
        if other.name != it.name and other.up
    ]
    if elsewhere or twins:
        what = "; ".join(
            ([f"the way back to {', '.join(elsewhere)} is not {it.name}"] if elsewhere else []) + twins
        )
        return Finding(
            "rp_filter",
            it.name,
            WARN,
            f"strict, and {what}: the kernel drops what such phones send, without a word",
            "sudo sysctl -w net.ipv4.conf.all.rp_filter=2",
        )
    return Finding("rp_filter", it.name, PASS, "strict, and the way back to the phones is this interface")


def _leads_out(network: IPv4Network, routes: Sequence[Route]) -> str:
    """The interface by which the main table sends to `network`; "" without a route."""
    first = int(network.network_address)
    fitting = [r for r in routes if first & r.mask == r.network and r.mask <= int(network.netmask)]
    best = max(fitting, key=lambda route: (route.mask, -route.metric), default=None)
    return "" if best is None else best.interface


def _shared(ours: Iterable[IPv4Interface], theirs: Iterable[IPv4Interface]) -> list[IPv4Network]:
    return [a.network for a in ours if any(a.network.overlaps(b.network) for b in theirs)]


def judge_memberships(limit: int | None) -> Finding:
    """May a socket join a group? We have one socket per interface, so the limit counts for each alone."""
    if limit is None:
        return Finding("memberships", "", UNKNOWN, "cannot be read", "sysctl net.ipv4.igmp_max_memberships")
    if limit < 1:
        return Finding(
            "memberships",
            "",
            FAIL,
            f"igmp_max_memberships is {limit}: no program on this host may join a group",
            "sudo sysctl -w net.ipv4.igmp_max_memberships=20",
        )
    return Finding(
        "memberships",
        "",
        PASS,
        f"a socket may join {limit} groups; the service has a socket for each interface, and it joins one",
    )


def judge_neighbours(limit: int | None, phones: int) -> Finding:
    """Has the neighbour (ARP) table room for all phones? Beyond it the kernel sends nothing to a new one."""
    if limit is None:
        return Finding(
            "neighbours",
            "",
            UNKNOWN,
            "the size of the neighbour table shows only in the host's own network namespace",
            "sysctl net.ipv4.neigh.default.gc_thresh3   # on the host itself",
        )
    needed = phones + _OTHER_NEIGHBOURS
    if limit < needed:
        room = 1 << (2 * needed - 1).bit_length()
        return Finding(
            "neighbours",
            "",
            WARN,
            f"the neighbour table holds {limit} hosts, fewer than {phones} phones and {_OTHER_NEIGHBOURS} "
            "others: when it is full, new phones get no answer",
            f"sudo sysctl -w net.ipv4.neigh.default.gc_thresh3={room} "
            f"net.ipv4.neigh.default.gc_thresh2={room // 2}",
        )
    return Finding("neighbours", "", PASS, f"the neighbour table holds {limit} hosts; {phones} phones fit")
