"""A mark by which a responder that hears the group by a packet socket is known to others of this host.

No table of ports shows it. The kernel's table of packet sockets does not tell what they filter, and DHCP
clients have such sockets, too. So it binds a unix socket whose name is in no file system (unix(7),
abstract): that costs no privilege, is one namespace's like the link, and is gone with the process.
"""

from __future__ import annotations

import socket

from pnp_responder.datagram import SocketAddress
from pnp_responder.net.ports import owner_of

_TABLE = "/proc/self/net/unix"


def _name(group: SocketAddress, index: int) -> str:
    return f"pnp-responder/{group}/{index}"


def take_mark(group: SocketAddress, index: int) -> socket.socket | None:
    """The mark of who hears `group` on the interface `index`, until closed; None if it cannot be had."""
    # Nobody can connect to it or fill it, for it does not listen.
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        mark.bind("\0" + _name(group, index))
    except OSError:
        mark.close()
        return None
    return mark


def mark_holder(group: SocketAddress, index: int) -> str:
    """Which other process has it, as `ports.PortHolder.owner`; "" if none has or nobody can tell."""
    wanted = "@" + _name(group, index)
    try:
        with open(_TABLE, encoding="utf-8", errors="replace") as table:
            rows = [row.split() for row in table]
    except OSError:
        return ""
    inodes = [int(fields[6]) for fields in rows if fields[7:] == [wanted]]
    return owner_of(inodes[0]) if inodes else ""
