"""Why a socket cannot be had, in words, and what to do about it."""

from __future__ import annotations

import errno

from pnp_responder.datagram import TCP, UDP, SocketAddress
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.net.ports import port_holders


def unusable(
    interface: str, error: OSError, address: SocketAddress, transport: str = UDP
) -> InterfaceUnusable:
    """The kernel's refusal to open `address` on `interface`, in words, and what to do about it."""
    number = error.errno or 0
    if number == errno.EADDRINUSE:
        return InterfaceUnusable(interface, *_port_taken(address, transport))
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


def _port_taken(address: SocketAddress, transport: str) -> tuple[str, str]:
    """Who is in the way of binding `address`, and what to change so that both can live on this host."""
    multicast = 224 <= int(address.host.partition(".")[0]) <= 239
    anywhere = (address.host, "0.0.0.0", "::")  # noqa: S104
    in_the_way = [holder for holder in port_holders(address.port, transport) if holder.address in anywhere]
    held = f"{transport} port {address.port} is taken by " + (
        ", ".join(dict.fromkeys(str(holder) for holder in in_the_way)) or "another process"
    )
    if multicast:
        return held, (
            "let that program listen on one address of this host instead of all (a PBX says bind or listen "
            "address), stop it if it is a second responder, or take the group's datagrams on another port: "
            "--port 5062, and nft 'add table ip pnp; add chain ip pnp in "
            "{ type filter hook prerouting priority raw; }; "
            f"add rule ip pnp in ip daddr {address.host} udp dport {address.port} udp dport set 5062'"
        )
    if transport == TCP:
        return held, "leave TCP out (`tcp: false`), or take another port: `reply_port: 5070`"
    return held, (
        "send from another port: --reply-port 5070, or `reply_port: 5070` under `service:`; "
        "if it is a second pnp-responder, stop one of the two"
    )
