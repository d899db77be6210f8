"""The two sockets of an interface, and in words why they cannot be had.

The group socket hears what phones send to the multicast group. It is bound to the group's own
address: bound to 0.0.0.0 it would take the unicast calls of a PBX on this host. The unicast socket
sends everything, and hears the phones' answers and unicast requests.
"""

from __future__ import annotations

import errno
import socket
import struct
from typing import NamedTuple

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.packet_socket import PacketSocket
from pnp_responder.net.ports import group_holders
from pnp_responder.net.refusals import PACKET_REMEDY, port_taken, unusable

# Linux's numbers, which Python 3.11's socket module does not have (linux/in.h).
IP_RECVERR = 11
IP_MULTICAST_ALL = 49

# 500 phones at once fill the usual buffer of 212,992 octets three times over; this holds 3,276 SUBSCRIBEs.
# The kernel cuts the wish at net.core.rmem_max without a word; so OpenInterface tells what was granted.
RECEIVE_BUFFER = 4 * 1024 * 1024
# Two datagrams for each phone of a burst wait here for a slow link.
SEND_BUFFER = 1024 * 1024


class Listen(NamedTuple):
    """Where to listen. Port 0 takes any that is free. `or_any`: so does a `reply_port` that is taken.
    `packet`: hear the group by a packet socket, which a holder of `port` cannot keep from us."""

    group: str = "224.0.1.75"
    port: int = 5060
    reply_port: int = 5060
    or_any: bool = False
    packet: bool = False


class OpenInterface(NamedTuple):
    """An interface that is served. `receive_buffer` is what the kernel granted to the group socket, in octets
    of its own counting (it doubles the wish)."""

    interface: Interface
    local: Local
    group: SocketAddress
    group_socket: socket.socket | PacketSocket
    unicast_socket: socket.socket
    receive_buffer: int

    def close(self) -> None:
        """Leave the group and give the ports back."""
        self.group_socket.close()
        self.unicast_socket.close()


def open_interface(interface: Interface, listen: Listen) -> OpenInterface:
    """Bind and join. Raises InterfaceUnusable; then nothing stays open."""
    if not interface.addresses:
        raise _without_address(interface)
    host = str(interface.addresses[0].ip)
    # First the unicast socket, which nobody else can share: a second instance ends here and never joins.
    unicast_socket = _open_unicast(interface, host, listen)
    group_socket: socket.socket | PacketSocket
    try:
        if listen.packet:
            group_socket = _open_packet(interface, listen)
            port, granted = listen.port, group_socket.receive_buffer
        else:
            group_socket = _open_group(interface, listen)
            port = group_socket.getsockname()[1]
            granted = group_socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    except InterfaceUnusable:
        unicast_socket.close()
        raise
    return OpenInterface(
        interface=interface,
        local=Local(interface.name, SocketAddress(host, unicast_socket.getsockname()[1])),
        group=SocketAddress(listen.group, port),
        group_socket=group_socket,
        unicast_socket=unicast_socket,
        receive_buffer=granted,
    )


def change_interface(opened: OpenInterface, interface: Interface, listen: Listen) -> OpenInterface:
    """The same link under another name or with other addresses. Raises InterfaceUnusable and changes nothing.

    The kernel keeps the membership through both, so the group socket stays. The unicast socket stays where
    the address to answer from does; else there is a new one, and the old one is the caller's to close.
    """
    if not interface.addresses:
        raise _without_address(interface)
    host = str(interface.addresses[0].ip)
    unicast_socket = opened.unicast_socket
    if host != opened.local.address.host:
        unicast_socket = _open_unicast(interface, host, listen)
    address = SocketAddress(host, unicast_socket.getsockname()[1])
    local = opened.local._replace(interface=interface.name, address=address)
    return opened._replace(interface=interface, local=local, unicast_socket=unicast_socket)


def _without_address(interface: Interface) -> InterfaceUnusable:
    remedy = f"give it one: ip addr add … dev {interface.name}"
    return InterfaceUnusable(interface.name, "has no IPv4 address", remedy)


def _open_unicast(interface: Interface, host: str, listen: Listen) -> socket.socket:
    address = SocketAddress(host, listen.reply_port)
    try:
        return _bind_unicast(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise unusable(interface.name, error, address) from error
        group = SocketAddress(listen.group, listen.port)
        # A second responder that moved to another port would answer each phone a second time.
        if not listen.or_any or group_holders(group):
            hears = listen.packet or _can_hear(interface, listen)
            taken = port_taken(address, group, hears=hears, or_any=listen.or_any)
            raise InterfaceUnusable(interface.name, *taken) from error
    try:
        return _bind_unicast(SocketAddress(host, 0))
    except OSError as error:
        raise unusable(interface.name, error, address) from error


def _bind_unicast(address: SocketAddress) -> socket.socket:
    # No SO_REUSEADDR: with it a second holder of the port would silently take half of the answers.
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        # Without it a full neighbour table loses what we send without a word, and ICMP errors stay unheard.
        opened.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        opened.bind(address)
    except OSError:
        opened.close()
        raise
    return opened


def _open_group(interface: Interface, listen: Listen) -> socket.socket:
    address = SocketAddress(listen.group, listen.port)
    try:
        return _bind_group(interface, address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InterfaceUnusable(interface.name, *port_taken(address, address, hears=False)) from error
        raise unusable(interface.name, error, address) from error


def _bind_group(interface: Interface, address: SocketAddress) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        # One socket per interface shares the group's address and port; each hears its own interface alone.
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        opened.bind(address)
        join_group(opened, address.host, interface.index)
    except OSError:
        opened.close()
        raise
    return opened


def _can_hear(interface: Interface, listen: Listen) -> bool:
    try:
        _bind_group(interface, SocketAddress(listen.group, listen.port)).close()
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True


def _open_packet(interface: Interface, listen: Listen) -> PacketSocket:
    # It has no port and so hears nothing; it makes the link and its switches bring us the group.
    member = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        join_group(member, listen.group, interface.index)
        return PacketSocket(interface.name, listen.group, listen.port, RECEIVE_BUFFER, member)
    except OSError as error:
        member.close()
        if error.errno in (errno.EPERM, errno.EACCES, errno.EAFNOSUPPORT):
            reason = "this process may not open packet sockets (`receive: packet`)"
            raise InterfaceUnusable(interface.name, reason, PACKET_REMEDY) from error
        raise unusable(interface.name, error, SocketAddress(listen.group, listen.port)) from error


def join_group(opened: socket.socket, group: str, index: int) -> None:
    """Join `group` on the interface `index` (RFC 1112 6.1). Being a member already is success."""
    membership = struct.pack("=4s4si", socket.inet_aton(group), bytes(4), index)  # struct ip_mreqn
    try:
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
