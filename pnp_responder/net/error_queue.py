"""What ICMP says about datagrams that we sent, from a socket's error queue (ip(7), IP_RECVERR)."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator

from pnp_responder.datagram import SocketAddress
from pnp_responder.net.unicast import IP_RECVERR

# struct sock_extended_err (linux/errqueue.h): errno, origin, type, code, pad, info, data
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_ORIGIN_LOCAL = 1
_ORIGIN_ICMP = 2
_DESTINATION_UNREACHABLE = 3  # ICMP type
_FRAGMENTATION_NEEDED = 4  # its one code that says nothing about the other end
_LOCALLY_UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNREFUSED}

# What recvfrom raises for an ICMP error (Linux's icmp_err_convert).
ICMP_ERRORS = {
    *(errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN),
    *(errno.EMSGSIZE, errno.EPROTO, errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.ENONET),
}

# One wake-up reads so many; the rest wakes us again.
_MOST = 256
_MSG_ERRQUEUE = 0x2000  # not in the socket module of Python 3.11


def read_unreachable(source: socket.socket) -> Iterator[SocketAddress]:
    """The addresses to which something that we sent could not be delivered (RFC 3261 18.4).

    Source quench, time exceeded and the like are read and ignored. Raises nothing.
    """
    for _ in range(_MOST):
        try:
            _, ancillary, _, remote = source.recvmsg(1, 512, _MSG_ERRQUEUE)
        except OSError:  # EAGAIN: no more
            return
        for level, kind, data in ancillary:
            if level == socket.IPPROTO_IP and kind == IP_RECVERR and _says_unreachable(data):
                yield SocketAddress(*remote)


def _says_unreachable(data: bytes) -> bool:
    if len(data) < _EXTENDED_ERROR.size:
        return False
    number, origin, icmp_type, icmp_code, *_ = _EXTENDED_ERROR.unpack_from(data)
    if origin == _ORIGIN_ICMP:
        return bool(icmp_type == _DESTINATION_UNREACHABLE and icmp_code != _FRAGMENTATION_NEEDED)
    return origin == _ORIGIN_LOCAL and number in _LOCALLY_UNREACHABLE
