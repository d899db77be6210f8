"""What the edge modules see, as plain values. None stands for what this user may not see."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.net.interfaces import Interface


class Link(NamedTuple):
    """An interface with what /sys knows of it.

    `kind`: the kernel's word for it ("bridge", "vlan", "macvlan", "veth", ...), "" for a network card.
    `carrier`: is there a cable or its like? `bridge` is the bridge that it is or is a port of. `below`: the
    kinds of what it is made of in the end, for a bridge, a VLAN or a bond; its own for any other.
    """

    interface: Interface
    kind: str = ""
    carrier: bool | None = None
    bridge: Bridge | None = None
    below: frozenset[str] = frozenset({""})


class Bridge(NamedTuple):
    """A bridge of this host. `snooping`: it forwards a group only to who joined it; `querier`: it asks
    who still belongs to a group."""

    name: str
    snooping: bool
    querier: bool


class UdpSocket(NamedTuple):
    """A UDP socket of this network namespace, known by its `inode`.

    `process` is `name (pid 42)`, or "" where we may not know. `receive_buffer` in the kernel's own counting,
    None if it was not told. `drops`: datagrams lost because the buffer was full.
    """

    address: str
    port: int
    inode: int
    uid: int
    process: str
    receive_buffer: int | None
    drops: int


class Responder(NamedTuple):
    """A running `pnp-responder run`.

    `arguments`: what stands after `run`. `folder`: where its relative paths begin, "" if we may not know.
    `here`: in this network namespace? `inodes`: its sockets. Both None if we may not know.
    """

    pid: int
    user: User
    arguments: tuple[str, ...]
    folder: str
    here: bool | None
    inodes: frozenset[int] | None

    def __str__(self) -> str:
        return f"pnp-responder (pid {self.pid})"

    def holds(self, socket: UdpSocket) -> bool:
        """Is `socket` this process's? Where nobody may know, its user must do."""
        if self.inodes is not None:
            return socket.inode in self.inodes
        return not socket.process and socket.uid == self.user.uid


class User(NamedTuple):
    """Who a process runs as. `group` is the name of its own group, "" if it has none."""

    name: str
    uid: int
    gids: frozenset[int]
    group: str = ""


class Entry(NamedTuple):
    """A file or folder as `stat` has it; `mode` holds the permission bits alone."""

    path: str
    mode: int
    uid: int
    gid: int


class Route(NamedTuple):
    """A row of the main routing table, as integers: `network`/`mask` leads out by `interface`."""

    network: int
    mask: int
    interface: str
    metric: int


class Counts(NamedTuple):
    """What IP counts in this network namespace: datagrams that it took in, of them multicasts that it let on
    to the sockets, multicasts that left it."""

    received: int
    multicasts_in: int
    multicasts_out: int
