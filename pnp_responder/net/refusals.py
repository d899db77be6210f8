"""Why a socket cannot be had, in words, and what to do about it."""

from __future__ import annotations

import errno
from collections.abc import Collection

from pnp_responder.datagram import UDP, SocketAddress
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.net.ports import answers_already, group_holders, port_holders


def unusable(
    interface: str, error: OSError, address: SocketAddress, transport: str = UDP
) -> InterfaceUnusable:
    """The kernel's refusal to open `address` on `interface`, in words, and what to do about it."""
    number = error.errno or 0
    if number == errno.EADDRINUSE:
        return InterfaceUnusable(
            interface,
            f"{transport} port {address.port} is taken by {_who(address, transport)}",
            f"leave TCP out (`tcp: false`), or take another port: `reply_port: {another_port(address.port)}`",
        )
    reason, remedy = _REFUSALS.get(number, (error.strerror or str(error), "see `ip addr` and `ip link`"))
    return InterfaceUnusable(
        interface, reason.format(address=address, interface=interface), remedy.format(interface=interface)
    )


_REFUSALS = {
    errno.ENODEV: ("the interface is gone", "see `ip link`; it is served once it is back"),
    errno.EADDRNOTAVAIL: (
        "{address} is no address of this host any more",
        "see `ip addr show dev {interface}`",
    ),
    errno.ENOBUFS: (
        "the kernel has no room for another group membership",
        "raise it: sysctl net.ipv4.igmp_max_memberships=100",
    ),
    errno.EACCES: (
        "this user may not open {address}",
        "take a port of 1024 or above, or see what confines the service (SocketBindDeny=, SELinux, AppArmor)",
    ),
    errno.EPERM: (
        "this user may not open {address}",
        "see what confines the service (RestrictAddressFamilies=, SocketBindDeny=, SELinux, AppArmor)",
    ),
    errno.EMFILE: ("too many open files", "raise LimitNOFILE= of the service"),
    errno.EINVAL: (
        "{address} is no address that can be opened",
        "see `group`, `port` and `reply_port` of `service:`",
    ),
}


ASIDE = 5062
"""A port beside SIP's own, to be named in advice. Not `auto`: at the next boot we may start first, and what
we then hold keeps a PBX from starting."""

PACKET_REMEDY = "give it CAP_NET_RAW: install systemd/receive-packet.conf as a drop-in of the unit"


def port_taken(
    address: SocketAddress,
    group: SocketAddress,
    *,
    hears: bool,
    or_any: bool = False,
    rivals: Collection[str] = (),
) -> tuple[str, str]:
    """Who is in the way of binding `address` for UDP, and what to change so that both can live on this host.

    `hears`: can the group be heard all the same? `or_any`: another port would do. `rivals`: who hears the
    group already.
    """
    reason = f"UDP port {address.port} is taken by {_who(address, UDP)}"
    other = another_port(address.port)
    answer_from = f"`reply_port: {other}` under `service:` (or --reply-port {other})"
    if address == group:
        answer_from = ""
    if answer_from and rivals and (or_any or answers_already(address, rivals)):
        return reason, (
            f"{', '.join(rivals)} is a responder, too, and phones would get two answers: stop one of the "
            "two; if both are wanted, give this one a port of its own: --reply-port 5070"
        )
    if hears:
        return (
            reason,
            f"answer from another port: {answer_from}; what is sent to port {address.port} stays its",
        )
    if address == group and group_holders(group):
        return reason, (
            "it listens on the group itself, as a second responder does: stop one of the two, "
            "for phones would get two answers"
        )
    ways = (
        "let that program listen on one address of this host instead of all (a PBX says bind or listen "
        f"address); or leave the port to it: `port: {ASIDE}` and `reply_port: {ASIDE}` (or --port {ASIDE} "
        f"--reply-port {ASIDE}) and nft '{nft_rewrite(group, ASIDE)}'; or set `receive: packet` and "
        f"`reply_port: {ASIDE}` with systemd/receive-packet.conf; or stop it if it is a second responder"
    )
    return reason, f"answer from another port: {answer_from}; and {ways}" if answer_from else ways


def another_port(taken: int) -> int:
    """One to answer from instead."""
    return ASIDE if taken != ASIDE else ASIDE + 1


def nft_rewrite(group: SocketAddress, port: int) -> str:
    """The rules that bring what phones send to `group` to `port` instead, where nobody is in the way.

    Before connection tracking (`raw`); source address and port stay the phone's.
    """
    return (
        "add table ip pnp; add chain ip pnp in { type filter hook prerouting priority raw; }; "
        f"add rule ip pnp in ip daddr {group.host} udp dport {group.port} udp dport set {port}"
    )


def _who(address: SocketAddress, transport: str) -> str:
    anywhere = (address.host, "0.0.0.0", "::")  # noqa: S104
    in_the_way = [holder for holder in port_holders(address.port, transport) if holder.address in anywhere]
    named = ", ".join(dict.fromkeys(str(holder) for holder in in_the_way)) or "another process"
    if all(holder.process for holder in in_the_way):
        return named
    return f"{named} (which one: sudo ss -{transport[0].lower()}lpn sport = :{address.port})"
