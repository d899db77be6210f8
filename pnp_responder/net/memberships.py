"""Which interfaces the kernel has in a multicast group, whoever joined (/proc/self/net/igmp)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

_TABLE = "/proc/self/net/igmp"


def group_members(group: str) -> frozenset[int] | None:
    """The indexes of the interfaces that are in `group`; None if the kernel's table cannot be read."""
    try:
        with open(_TABLE, encoding="ascii", errors="replace") as table:
            return members_of(group, table.readlines()[1:])
    except OSError:
        return None


def members_of(group: str, rows: Iterable[str]) -> frozenset[int]:
    """The same from the table's rows: one of an interface, then an indented one for each of its groups."""
    # The kernel prints the address as a word in the machine's own octet order.
    wanted = f"{struct.unpack('=I', socket.inet_aton(group))[0]:08X}"
    found = set()
    index = 0
    for row in rows:
        fields = row.split()
        if not fields:
            continue
        if not row[0].isspace():
            index = int(fields[0])
        elif fields[0] == wanted:
            found.add(index)
    return frozenset(found)
