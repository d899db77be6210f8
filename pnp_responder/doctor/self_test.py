"""Edge: send one multicast on an interface and listen for it as the service does.

The payload is a keep-alive (RFC 3261 7.5), to which a running service, ours or another, stays silent.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
import time

from pnp_responder.doctor.firewall import PHONES_PORT
from pnp_responder.doctor.heard import Tried
from pnp_responder.doctor.read_host import read_counts
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.multicast import IP_MULTICAST_ALL, Listen, join_group

KEEP_ALIVE = b"\r\n\r\n"
_TRIES = 3
# When nothing was heard: so many at once, which stay on this host, that others' datagrams cannot be taken
# for them in the kernel's counts.
_BURST = 50
_PATIENCE = 0.1


def try_multicast(interface: Interface, listen: Listen) -> Tried:
    """To the port that phones ask, and if that is not heard, to the one that we listen on."""
    ports = dict.fromkeys((PHONES_PORT, listen.port)) if listen.port != PHONES_PORT else {PHONES_PORT: None}
    tried = Tried(listen.port, heard=False)
    for port in ports:
        tried = _try_port(interface, listen, port)
        if tried.heard or tried.listen_error or tried.send_error:
            break
    return tried


def _try_port(interface: Interface, listen: Listen, port: int) -> Tried:
    host = str(interface.addresses[0].ip)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        try:
            # As net/multicast.py opens it, so that it hears what the service would hear.
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            ear.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
            ear.bind((listen.group, listen.port))
            join_group(ear, listen.group, interface.index)
        except OSError as error:
            return Tried(port, heard=False, listen_error=error.strerror or str(error))
        before = read_counts()
        source_port = 0
        try:
            mouth.bind((host, 0))
            way = struct.pack("=4s4si", bytes(4), bytes(4), interface.index)  # struct ip_mreqn
            mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, way)
            mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            own = mouth.getsockname()
            source_port = own[1]
            for _ in range(_TRIES):
                mouth.sendto(KEEP_ALIVE, (listen.group, port))
                if _hears(ear, own):
                    return Tried(port, heard=True)
            after = read_counts()
            mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
            for _ in range(_BURST):
                mouth.sendto(KEEP_ALIVE, (listen.group, port))
            last = read_counts()
        except OSError as error:
            return Tried(
                port,
                heard=False,
                send_error=error.strerror or str(error),
                refused=error.errno in (errno.EPERM, errno.EACCES),
                source_port=source_port,
            )
    if before is None or after is None or last is None:
        return Tried(port, heard=False, source_port=source_port)
    return Tried(
        port,
        heard=False,
        sent=after.multicasts_out >= before.multicasts_out + _TRIES,
        came=last.received >= after.received + _BURST,
        routed=last.multicasts_in >= after.multicasts_in + _BURST,
        source_port=source_port,
    )


def _hears(ear: socket.socket, sender: tuple[str, int]) -> bool:
    """Phones may ask meanwhile; only our own datagram counts."""
    deadline = time.monotonic() + _PATIENCE
    while select.select([ear], [], [], max(0.0, deadline - time.monotonic()))[0]:
        if ear.recvfrom(65_535)[1] == sender:
            return True
    return False
