"""Edge: what /proc and /sys tell about this host and its interfaces. Reads only; needs no privilege."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from pnp_responder.doctor.facts import Bridge, Counts, Link, Route
from pnp_responder.net.interfaces import Interface

_PROC = Path("/proc/self/net")
_CLASS = Path("/sys/class/net")


def read_text(path: Path) -> str | None:
    """The whole of a small file, or None if it is not there or not ours to read."""
    try:
        return path.read_bytes()[: 1 << 20].decode("utf-8", "replace")
    except OSError:
        return None


def read_number(path: Path) -> int | None:
    """The one number in a file of /proc or /sys."""
    text = (read_text(path) or "").strip()
    return int(text) if text.lstrip("-").isascii() and text.lstrip("-").isdigit() else None


def sysctl(name: str) -> int | None:
    """A kernel setting, written with slashes: `net/core/rmem_max`."""
    return read_number(Path("/proc/sys") / name)


def read_link(interface: Interface, kinds: Mapping[int, str]) -> Link:
    """An interface with what /sys knows of it. `kinds`: those of all interfaces, by index."""
    folder = _CLASS / interface.name
    kind = kinds.get(interface.index, "")
    if read_number(folder / "ifindex") != interface.index:
        return Link(interface, kind, below=frozenset({kind}))  # this /sys shows another network namespace
    # The loopback has no carrier of its own and says so in its own ways.
    carrier = None if interface.loopback else read_number(folder / "carrier")
    below = frozenset(_below(folder, kinds, 0))
    return Link(interface, kind, None if carrier is None else carrier > 0, _bridge(folder), below)


# A VLAN on a bond on a network card, and some more.
_MOST_LEVELS = 8


def _below(folder: Path, kinds: Mapping[int, str], level: int) -> Iterator[str]:
    """The kinds of the interfaces at the bottom."""
    lower = sorted(folder.glob("lower_*")) if level < _MOST_LEVELS else []
    kind = kinds.get(read_number(folder / "ifindex") or 0, "")
    if lower and kind not in ("macvlan", "ipvlan"):
        for one in lower:
            yield from _below(one, kinds, level + 1)
    else:
        yield kind


def _bridge(folder: Path) -> Bridge | None:
    bridge = folder if (folder / "bridge").is_dir() else folder / "master"
    snooping = read_number(bridge / "bridge/multicast_snooping")
    querier = read_number(bridge / "bridge/multicast_querier")
    if snooping is None or querier is None:
        return None
    return Bridge(bridge.resolve().name, bool(snooping), bool(querier))


def read_members(group: str) -> dict[str, int] | None:
    """How many sockets are in `group`, by interface name."""
    text = read_text(_PROC / "igmp")
    if text is None:
        return None
    # The kernel prints the address as one word of the machine's own octet order.
    word = f"{int.from_bytes(socket.inet_aton(group), 'little' if _LITTLE else 'big'):08X}"
    members: dict[str, int] = {}
    name = ""
    for line in text.split("\n")[1:]:
        fields = line.split()
        if line[:1].isdigit() and len(fields) > 1:
            # "2   eth1      :     1      V3"; a long name touches its colon.
            name = fields[1].rstrip(":")
        elif fields and fields[0] == word:
            members[name] = int(fields[1])
    return members


_LITTLE = socket.htonl(1) != 1


def read_rp_filter(interface: str) -> int | None:
    """The kernel takes the larger of `all` and the interface's own; the larger is not the stricter."""
    every = sysctl("net/ipv4/conf/all/rp_filter")
    own = sysctl(f"net/ipv4/conf/{interface}/rp_filter")
    return None if every is None or own is None else max(every, own)


def read_routes() -> tuple[Route, ...]:
    """The main routing table; empty if it cannot be read."""
    rows = (line.split() for line in (read_text(_PROC / "route") or "").split("\n")[1:])
    return tuple(Route(_word(row[1]), _word(row[7]), row[0], int(row[6])) for row in rows if len(row) >= 8)


def _word(digits: str) -> int:
    return int.from_bytes(int(digits, 16).to_bytes(4, "little" if _LITTLE else "big"), "big")


def read_container() -> str:
    """The kind of container that we run in, as far as its traces tell; "" if there is none."""
    text = read_text(Path("/run/.containerenv"))
    if text is not None:
        return "podman"
    if Path("/.dockerenv").exists():
        return "docker"
    told = os.environ.get("container", "")  # noqa: SIM112  (so spelled, by everybody)
    manager = told or (read_text(Path("/run/systemd/container")) or "").strip()
    if manager:
        return manager
    return "kubernetes" if "KUBERNETES_SERVICE_HOST" in os.environ else ""


def in_host_network() -> bool | None:
    """Is this the network namespace that the machine started with? None if /proc/sys does not tell."""
    if sysctl("net/ipv4/igmp_max_memberships") is None:
        return None
    # There is one neighbour table for all; its limits stand in that namespace only.
    return sysctl("net/ipv4/neigh/default/gc_thresh3") is not None


def read_counts() -> Counts | None:
    """What this namespace's IP counted since its start; None if it does not tell."""
    rows: dict[str, int] = {}
    for name in ("snmp", "netstat"):
        lines = [line.split() for line in (read_text(_PROC / name) or "").split("\n")]
        for names, values in zip(lines, lines[1:], strict=False):
            if names[:1] == values[:1] and names[:1] in (["Ip:"], ["IpExt:"]):
                numbers = (int(value) if value.isdigit() else 0 for value in values[1:])
                rows.update(zip(names[1:], numbers, strict=False))
    try:
        return Counts(rows["InReceives"], rows["InMcastPkts"], rows["OutMcastPkts"])
    except KeyError:
        return None
