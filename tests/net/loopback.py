"""The loopback interface as it is everywhere, and a socket that multicasts on it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Interface

from pnp_responder.net.interfaces import Interface
from pnp_responder.net.multicast import Listen, OpenInterface, open_interface

LOOPBACK = Interface("lo", 1, True, False, True, (IPv4Interface("127.0.0.1/8"),))
FREE = Listen(port=0, reply_port=0)


@contextmanager
def opened(listen: Listen = FREE) -> Iterator[OpenInterface]:
    it = open_interface(LOOPBACK, listen)
    try:
        yield it
    finally:
        it.close()


@contextmanager
def phone_socket(host: str = "127.0.0.1") -> Iterator[socket.socket]:
    """A UDP socket on a free port whose multicast goes out on the loopback; waits 5 s at most."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        route = struct.pack("=4s4si", bytes(4), bytes(4), LOOPBACK.index)
        phone.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, route)
        phone.bind((host, 0))
        phone.settimeout(5)
        yield phone
