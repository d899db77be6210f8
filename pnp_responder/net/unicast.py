"""The sockets at the addresses of a link, and which of them answers whom.

A phone of the second network of a link can reach the address of that network only, so it is answered
from there.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Interface
from typing import NamedTuple

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.net.send_room import ReplySocket

Home = Callable[[str], Local]
"""From a phone's address to our end that answers it."""

# Linux's numbers, which Python 3.11's socket module does not have (linux/in.h).
IP_RECVERR = 11
IP_UNICAST_IF = 50

# 500 phones at once fill the usual buffer of 212,992 octets three times over; this holds 3,276 SUBSCRIBEs.
# The kernel cuts the wish at net.core.rmem_max without a word; so OpenInterface tells what was granted.
RECEIVE_BUFFER = 4 * 1024 * 1024
# Two datagrams for each phone of a burst wait here for a slow link.
SEND_BUFFER = 1024 * 1024


class Unicast(NamedTuple):
    """A socket of one address of a link. It sends, and hears what is sent to that address."""

    local: Local
    socket: ReplySocket
    address: IPv4Interface


def bind_unicast(address: SocketAddress, index: int = 0) -> ReplySocket:
    """A socket for UDP at `address` that nobody shares. Raises OSError. With the `index` of an interface,
    what it sends leaves there, whatever the routes say."""
    # No SO_REUSEADDR: with it a second holder of the port would silently take half of the answers.
    opened = ReplySocket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        # Without it a full neighbour table loses what we send without a word, and ICMP errors stay unheard.
        opened.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if index:
            # Where two links have the same network, a route leads to one of them alone.
            _leave_by(opened, index)
        opened.keep_room()
        opened.bind(address)
    except OSError:
        opened.close()
        raise
    return opened


def _leave_by(opened: socket.socket, index: int) -> None:
    try:
        opened.setsockopt(socket.IPPROTO_IP, IP_UNICAST_IF, index.to_bytes(4, "big"))
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:
            raise
        # So the kernel calls an interface that is gone; of an address it would be something else.
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from error


def home_of(unicasts: Sequence[Unicast]) -> Home | None:
    """Answers each phone from the end in its own network, the narrowest if there are several, and from the
    first end who is in none of them. None where all phones have the same."""
    first = unicasts[0]
    if all(unicast.address.network == first.address.network for unicast in unicasts):
        return None
    # Those of one prefix length keep their order: the first address of a network answers for it.
    by_width = sorted(unicasts, key=lambda unicast: -unicast.address.network.prefixlen)
    networks = [
        (int(unicast.address.network.network_address), int(unicast.address.netmask), unicast.local)
        for unicast in by_width
    ]

    def home(host: str) -> Local:
        source = int.from_bytes(socket.inet_aton(host), "big")
        for network, mask, local in networks:
            if source & mask == network:
                return local
        return first.local

    return home
