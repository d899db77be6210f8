"""The sockets of an interface, and in words why they cannot be had.

The group socket hears what phones send to the multicast group. It is bound to the group's own
address: bound to 0.0.0.0 it would take the unicast calls of a PBX on this host. The unicast sockets,
one for each address, send everything, and hear the phones' answers and unicast requests.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Mapping
from ipaddress import IPv4Interface
from typing import NamedTuple

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.net.interfaces import Interface
from pnp_responder.net.packet_mark import mark_holder, take_mark
from pnp_responder.net.packet_socket import PacketSocket
from pnp_responder.net.ports import group_holders
from pnp_responder.net.refusals import PACKET_REMEDY, port_taken, unusable
from pnp_responder.net.send_room import ReplySocket
from pnp_responder.net.unicast import RECEIVE_BUFFER, Home, Unicast, bind_unicast, home_of

# Linux's number, which Python 3.11's socket module does not have (linux/in.h).
IP_MULTICAST_ALL = 49

# Addresses of one link that are served, so that a host with hundreds keeps descriptors for all its links.
MOST_ADDRESSES = 32


class Listen(NamedTuple):
    """Where to listen. Port 0 takes any that is free. `or_any`: so does a `reply_port` that is taken.
    `packet`: hear the group by a packet socket, which a holder of `port` cannot keep from us.
    `routed`: those who are not on a link may be answered, too, by whichever way leads to them."""

    group: str = "224.0.1.75"
    port: int = 5060
    reply_port: int = 5060
    or_any: bool = False
    packet: bool = False
    routed: bool = False


class OpenInterface(NamedTuple):
    """An interface that is served. `unicasts` has one socket for each address, the first one first; `home`
    tells which of them answers a phone's address, None if all phones have the first. `refused` are the
    addresses that cannot be had, and why. `receive_buffer` is what the kernel granted to the group socket,
    in octets of its own counting (it doubles the wish)."""

    interface: Interface
    unicasts: tuple[Unicast, ...]
    home: Home | None
    refused: tuple[tuple[IPv4Interface, InterfaceUnusable], ...]
    group: SocketAddress
    group_socket: socket.socket | PacketSocket
    receive_buffer: int

    @property
    def local(self) -> Local:
        """Our end for all phones that are in none of the link's other networks."""
        return self.unicasts[0].local

    @property
    def unicast_socket(self) -> socket.socket:
        """The socket of `local`."""
        return self.unicasts[0].socket

    @property
    def receivers(self) -> tuple[tuple[socket.socket | PacketSocket, Local, bool, Home | None], ...]:
        """Each socket with our end there, whether it hears the group, and what is our end for
        each phone if not `local` for all."""
        group = (self.group_socket, self.local, True, self.home)
        return group, *((unicast.socket, unicast.local, False, None) for unicast in self.unicasts)

    def close(self) -> None:
        """Leave the group and give the ports back."""
        self.group_socket.close()
        for unicast in self.unicasts:
            unicast.socket.close()


def open_interface(interface: Interface, listen: Listen) -> OpenInterface:
    """Bind and join. Raises InterfaceUnusable; then nothing stays open.

    Only the first address has to be had.
    """
    # First the unicast sockets, which nobody else can share: a second instance ends here and never joins.
    unicasts, refused = _open_unicasts(interface, listen, {})
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
        for unicast in unicasts:
            unicast.socket.close()
        raise
    return OpenInterface(
        interface=interface,
        unicasts=unicasts,
        home=home_of(unicasts),
        refused=refused,
        group=SocketAddress(listen.group, port),
        group_socket=group_socket,
        receive_buffer=granted,
    )


def change_interface(opened: OpenInterface, interface: Interface, listen: Listen) -> OpenInterface:
    """The same link under another name or with other addresses. Raises InterfaceUnusable and changes nothing.

    The kernel keeps the membership through both, so the group socket stays. A unicast socket stays where
    its address does; the others are the caller's to close. What was refused is tried again.
    """
    kept = {unicast.local.address.host: unicast.socket for unicast in opened.unicasts}
    unicasts, refused = _open_unicasts(interface, listen, kept)
    return opened._replace(interface=interface, unicasts=unicasts, home=home_of(unicasts), refused=refused)


def _open_unicasts(
    interface: Interface, listen: Listen, kept: Mapping[str, ReplySocket]
) -> tuple[tuple[Unicast, ...], tuple[tuple[IPv4Interface, InterfaceUnusable], ...]]:
    """Those of `kept`, by their address, are used again."""
    if not interface.addresses:
        remedy = f"give it one: ip addr add … dev {interface.name}"
        raise InterfaceUnusable(interface.name, "has no IPv4 address", remedy)
    unicasts: list[Unicast] = []
    refused: list[tuple[IPv4Interface, InterfaceUnusable]] = []
    for address in interface.addresses:
        host = str(address.ip)
        try:
            if len(unicasts) == MOST_ADDRESSES:
                reason = f"only {MOST_ADDRESSES} addresses of a link are served"
                raise InterfaceUnusable(interface.name, reason, "")
            opened = kept.get(host) or _open_unicast(interface, host, listen)
        except InterfaceUnusable as refusal:
            if not unicasts:
                raise
            refused.append((address, refusal))
            continue
        opened.network = address.network
        port = opened.getsockname()[1]
        unicasts.append(Unicast(Local(interface.name, SocketAddress(host, port)), opened, address))
    return tuple(unicasts), tuple(refused)


def _open_unicast(interface: Interface, host: str, listen: Listen) -> ReplySocket:
    address = SocketAddress(host, listen.reply_port)
    index = 0 if listen.routed else interface.index
    try:
        return bind_unicast(address, index)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise unusable(interface.name, error, address) from error
        group = SocketAddress(listen.group, listen.port)
        # A second responder that moved to another port would answer each phone a second time.
        rivals = _rivals(group, interface)
        if not listen.or_any or rivals:
            hears = listen.packet or _can_hear(interface, listen)
            taken = port_taken(address, group, hears=hears, or_any=listen.or_any, rivals=rivals)
            raise InterfaceUnusable(interface.name, *taken) from error
    try:
        return bind_unicast(SocketAddress(host, 0), index)
    except OSError as error:
        raise unusable(interface.name, error, address) from error


def _rivals(group: SocketAddress, interface: Interface) -> tuple[str, ...]:
    """Who else hears the group, by whichever kind of socket."""
    owners = [holder.owner for holder in group_holders(group)]
    owners += [owner] if (owner := mark_holder(group, interface.index)) else []
    return tuple(dict.fromkeys(owners))


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
        opened = PacketSocket(interface.name, listen.group, listen.port, RECEIVE_BUFFER, member)
        opened.mark = take_mark(SocketAddress(listen.group, listen.port), interface.index)
        return opened
    except OSError as error:
        member.close()
        if error.errno in (errno.EPERM, errno.EACCES, errno.EAFNOSUPPORT):
            reason = "this process may not open packet sockets (`receive: packet`)"
            raise InterfaceUnusable(interface.name, reason, PACKET_REMEDY) from error
        raise unusable(interface.name, error, SocketAddress(listen.group, listen.port)) from error


def rejoin_group(opened: OpenInterface) -> None:
    """Leave the group and join it again: then the kernel reports the membership to the link's switches anew.

    Raises OSError; then the group may be left.
    """
    receiver = opened.group_socket
    member = receiver.member if isinstance(receiver, PacketSocket) else receiver
    index = opened.interface.index
    membership = struct.pack("=4s4si", socket.inet_aton(opened.group.host), bytes(4), index)
    try:
        member.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, membership)
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:  # no member
            raise
    join_group(member, opened.group.host, index)


def join_group(opened: socket.socket, group: str, index: int) -> None:
    """Join `group` on the interface `index` (RFC 1112 6.1). Being a member already is success."""
    membership = struct.pack("=4s4si", socket.inet_aton(group), bytes(4), index)  # struct ip_mreqn
    try:
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
