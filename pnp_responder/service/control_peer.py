"""Who asks at the control socket, as the kernel tells it (unix(7)), and whether he may."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

# linux/asm-generic/socket.h; Python does not name it.
SO_PEERGROUPS = 59
# As many as getsockopt of Python can take. Who is in more groups than that needs root.
_MOST_GROUPS = 256
# What the kernel shows for everybody who is not mapped in our user namespace (PrivateUsers=yes).
UNMAPPED = 65_534


class Peer(NamedTuple):
    """The process at the other end, as it was when it connected. `groups` are all of its groups."""

    pid: int
    uid: int
    groups: frozenset[int]


def read_peer(connection: socket.socket) -> Peer:
    """The peer of a connected unix socket. Raises OSError."""
    credentials = struct.Struct("iII")
    octets = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size)
    pid, uid, group = credentials.unpack(octets)
    try:
        octets = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 4 * _MOST_GROUPS)
    except OSError:
        octets = b""
    others = struct.unpack(f"{len(octets) // 4}I", octets)
    return Peer(pid, uid, frozenset({group, *others}))


def may_control(peer: Peer, own_uid: int, own_group: int) -> bool:
    """Root may, and who the service runs as, and the members of its group."""
    if peer.uid == 0:
        return True
    # Everybody looks like a service that runs as nobody.
    ours = own_uid != UNMAPPED and peer.uid == own_uid
    return ours or (own_group != UNMAPPED and own_group in peer.groups)
