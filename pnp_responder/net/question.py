"""A socket that asks the multicast group, as a phone does."""

from __future__ import annotations

import socket
import struct

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.refusals import unusable


class Question:
    """A UDP socket of its own on `interface`, whose multicast stays on the link."""

    def __init__(self, interface: Interface, port: int = 0) -> None:
        """On that port, else on any free one. Raises InterfaceUnusable."""
        if not interface.addresses:
            remedy = f"give it one: ip addr add … dev {interface.name}"
            raise InterfaceUnusable(interface.name, "has no IPv4 address", remedy)
        address = SocketAddress(str(interface.addresses[0].ip), 0)
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            route = struct.pack("=4s4si", bytes(4), bytes(4), interface.index)  # struct ip_mreqn
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, route)
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            try:
                opened.bind((address.host, port))
            except OSError:
                opened.bind(address)
        except OSError as error:
            opened.close()
            raise unusable(interface.name, error, address) from error
        self._socket = opened
        self.local = Local(interface.name, SocketAddress(*opened.getsockname()))

    def fileno(self) -> int:
        """For the loop."""
        return self._socket.fileno()

    def send(self, payload: bytes, remote: SocketAddress) -> None:
        """Raises OSError if the kernel does not take it."""
        self._socket.sendto(payload, remote)

    def receive(self) -> tuple[bytes, SocketAddress] | None:
        """What has come, or None. Raises nothing: an error of the network is no answer."""
        try:
            payload, remote = self._socket.recvfrom(65_535)
        except OSError:
            return None
        return payload, SocketAddress(*remote)

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()
