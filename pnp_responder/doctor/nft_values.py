"""Values of nftables' JSON: is this one the packet's? Pure, three-valued: None where it cannot be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import Any, NamedTuple

Json = Any
"""What `nft -j` prints: rules are trees of objects, of kinds that each release adds to."""
Sets = Mapping[tuple[str, str, str], list[Json]]
"""Elements by family, table and name."""


class Packet(NamedTuple):
    """A datagram of IPv4 and UDP on its way through the firewall; `incoming` or `outgoing` is "", or None
    where it is one of many.

    `reply`: it answers one of ours, as connection tracking sees it; else it is the first of a flow.
    """

    source: str
    destination: str
    source_port: int
    destination_port: int
    incoming: str | None
    outgoing: str | None
    reply: bool = False

    @property
    def multicast(self) -> bool:
        return IPv4Address(self.destination).is_multicast


def field(expression: Json, packet: Packet) -> Json:
    """The packet's value for the left side of a match; None if it cannot be told, False if it has none."""
    if not isinstance(expression, dict) or len(expression) != 1:
        return None
    ((kind, what),) = expression.items()
    if not isinstance(what, dict):
        return None
    if kind == "meta":
        return _meta(packet).get(str(what.get("key")))
    if kind == "payload":
        return _payload(packet, what.get("protocol"), what.get("field"))
    if kind == "ct":
        # Untouched by NAT: it has no status.
        state, direction = ("established", "reply") if packet.reply else ("new", "original")
        return {"state": state, "status": False, "direction": direction}.get(str(what.get("key")))
    if kind == "fib" and what.get("result") == "type" and what.get("flags") == "daddr":
        return "multicast" if packet.multicast else None
    return None


def _meta(packet: Packet) -> dict[str, Json]:
    return {
        "iifname": packet.incoming,
        "iif": packet.incoming,
        "oifname": packet.outgoing,
        "oif": packet.outgoing,
        "l4proto": "udp",
        "protocol": "ip",
        "nfproto": "ipv4",
        "pkttype": "multicast" if packet.multicast else None,
    }


def _payload(packet: Packet, protocol: Json, name: Json) -> Json:
    if protocol == "ip":
        known = {"saddr": packet.source, "daddr": packet.destination, "protocol": "udp", "version": 4}
        return known.get(name)
    if protocol in ("udp", "th"):
        return {"sport": packet.source_port, "dport": packet.destination_port}.get(name)
    # A field of another protocol: the packet has none, so the rule is not about it.
    return None if protocol in ("ether", "udplite", None) else False


def fits(value: Json, wanted: Json, sets: Sets, table: tuple[str, str]) -> bool | None:
    """Is the packet's `value` the wanted one, or one of them? `table` is where a named set is looked up."""
    if value is False:
        return False
    if value is None:
        return None
    if isinstance(wanted, str) and wanted.startswith("@"):
        elements = sets.get((*table, wanted[1:]))
        return None if elements is None else any_of(fits(value, one, sets, table) for one in elements)
    if isinstance(wanted, list):
        return any_of(fits(value, one, sets, table) for one in wanted)
    if isinstance(wanted, dict):
        return _fits_object(value, wanted, sets, table)
    if isinstance(value, int) or isinstance(wanted, int):
        return _same_number(value, wanted)
    return fnmatchcase(value, wanted) if isinstance(wanted, str) and "*" in wanted else value == wanted


def _fits_object(value: Json, wanted: Mapping[str, Json], sets: Sets, table: tuple[str, str]) -> bool | None:
    if "set" in wanted:
        return fits(value, wanted["set"], sets, table)
    if "elem" in wanted:
        inner = wanted["elem"]
        return fits(value, inner.get("val") if isinstance(inner, dict) else inner, sets, table)
    try:
        if "prefix" in wanted:
            return IPv4Address(value) in IPv4Network((wanted["prefix"]["addr"], wanted["prefix"]["len"]))
        if "range" in wanted:
            low, high = wanted["range"]
            if isinstance(value, int):
                return bool(low <= value <= high)
            return IPv4Address(low) <= IPv4Address(value) <= IPv4Address(high)
    except (AddressValueError, NetmaskValueError, KeyError, TypeError, ValueError):
        return None  # a set of something else: another release's words
    return None


_UDP = 17


def _same_number(value: Json, wanted: Json) -> bool | None:
    if value == "udp":
        return bool(wanted == _UDP)
    return None if isinstance(value, str) or isinstance(wanted, str) else bool(value == wanted)


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """True if one is; None if one may be."""
    seen = set(answers)
    return True if True in seen else (None if None in seen else False)


def compares(value: Json, operator: str, wanted: Json, sets: Sets, table: tuple[str, str]) -> bool | None:
    """The result of a match."""
    if operator in ("==", "in"):
        return fits(value, wanted, sets, table)
    if operator == "!=":
        same = fits(value, wanted, sets, table)
        # Without the field the rule is not about the packet, whatever the operator.
        return False if value is False else (None if same is None else not same)
    if isinstance(value, bool) or not isinstance(value, int) or not isinstance(wanted, int):
        return False if value is False else None
    ordered = {"<": value < wanted, ">": value > wanted, "<=": value <= wanted, ">=": value >= wanted}
    return ordered.get(operator)
