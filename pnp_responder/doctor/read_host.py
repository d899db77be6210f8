"""Edge: what /proc and /sys tell about this host and its interfaces. Reads only; needs no privilege."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from pnp_responder.doctor.facts import Bridge, Link, Route
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


def read_link(interface: Interface, kind: str) -> Link:
    """An interface with what /sys knows of it."""
    folder = _CLASS / interface.name
    if read_number(folder / "ifindex") != interface.index:
        return Link(interface, kind)  # this /sys shows another network namespace
    # The loopback has no carrier of its own and says so in its own ways.
    carrier = None if interface.loopback else read_number(folder / "carrier")
    return Link(interface, kind, None if carrier is None else carrier > 0, _bridge(folder))


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


def read_multicast_counts() -> tuple[int, int] | None:
    """How many multicasts this namespace's IP took in and sent, since its start."""
    lines = [line.split() for line in (read_text(_PROC / "netstat") or "").split("\n")]
    for names, values in zip(lines, lines[1:], strict=False):
        if names[:1] == ["IpExt:"] == values[:1] and "InMcastPkts" in names:
            row = dict(zip(names, values, strict=False))
            return int(row["InMcastPkts"]), int(row["OutMcastPkts"])
    return None
