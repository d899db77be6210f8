"""Reads one file by TFTP (RFC 1350, octet mode), as phones do."""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress

from pnp_responder.net.unicast import IP_RECVERR

_RRQ, _DATA, _ACK, _ERROR = 1, 3, 4, 5
_BLOCK = 512
_RETRY = 1.0
_LARGEST = 65_535


class TftpError(OSError):
    """The server refused; the text is what it said, in ASCII."""


def read_tftp(host: str, port: int, path: str, seconds: float, most: int) -> bytes:
    """The file; `most` octets of it at most. Raises OSError, TimeoutError after `seconds`.

    The transfer is with the port that answers first (RFC 1350 4); what comes from others is dropped.
    """
    if "\0" in path or len(path) > _BLOCK - 20:
        raise TftpError("a path that no request can hold")
    address = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0][4]
    deadline = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as opened:
        # Without it nobody tells that nothing listens there.
        opened.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        asked = _RRQ.to_bytes(2, "big") + path.encode() + b"\0octet\0"
        to: tuple[str, int] = (str(address[0]), int(address[1]))
        peer: tuple[str, int] | None = None
        wanted, found = 1, bytearray()
        while True:
            packet, sender = _ask(opened, asked, to, peer, deadline)
            peer = to = sender
            code, number = int.from_bytes(packet[:2], "big"), int.from_bytes(packet[2:4], "big")
            if code == _ERROR:
                words = packet[4:].split(b"\0", 1)[0].decode("ascii", "replace")
                raise TftpError(f"error {number}: {words[:100]}" if words else f"error {number}")
            if code != _DATA or number != wanted & 0xFFFF:
                continue  # a repeat: what was asked is asked again
            found += packet[4:]
            asked = _ACK.to_bytes(2, "big") + packet[2:4]
            wanted += 1
            if len(packet) - 4 < _BLOCK or len(found) >= most:
                with suppress(OSError):  # the file is here, whether the server learns of it or not
                    opened.sendto(asked, to)
                return bytes(found[:most])


def _ask(
    opened: socket.socket,
    asked: bytes,
    to: tuple[str, int],
    peer: tuple[str, int] | None,
    deadline: float,
) -> tuple[bytes, tuple[str, int]]:
    """Send until something comes from `peer`, or, before there is one, from the host that was asked."""
    while (left := deadline - time.monotonic()) > 0:
        opened.sendto(asked, to)
        end = time.monotonic() + min(_RETRY, left)
        while (wait := end - time.monotonic()) > 0:
            if not select.select([opened], [], [], wait)[0]:
                break
            packet, sender = opened.recvfrom(_LARGEST)
            if (sender == peer if peer else sender[0] == to[0]) and len(packet) >= 4:
                return packet, sender
    raise TimeoutError("no answer")
