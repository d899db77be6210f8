"""The sockets of an interface, over the loopback; and the kernel's refusals in words."""

from __future__ import annotations

import errno
import os
import select
import socket
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Interface

import pytest

from pnp_responder.datagram import SocketAddress
from pnp_responder.errors import InterfaceUnusable
from pnp_responder.net.multicast import (
    MOST_ADDRESSES,
    Listen,
    OpenInterface,
    change_interface,
    join_group,
    open_interface,
)
from pnp_responder.net.refusals import unusable

from .loopback import FREE, LOOPBACK, opened, phone_socket


def heard(receiver: socket.socket) -> bytes | None:
    """What arrives within two seconds, else None."""
    ready, _, _ = select.select([receiver], [], [], 2)
    return receiver.recv(65535) if ready else None


def plain(it: OpenInterface) -> socket.socket:
    assert isinstance(it.group_socket, socket.socket)
    return it.group_socket


def test_the_group_socket_hears_multicast_and_no_unicast() -> None:
    with opened() as it, phone_socket() as phone:
        phone.sendto(b"to the group", it.group)
        phone.sendto(b"to us", it.local.address)
        assert heard(plain(it)) == b"to the group"
        assert heard(it.unicast_socket) == b"to us"
        assert select.select([it.group_socket, it.unicast_socket], [], [], 0)[0] == []


def test_tells_the_buffer_that_was_granted() -> None:
    with opened() as it:
        assert it.receive_buffer == plain(it).getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) > 0


def test_a_second_instance_may_not_share_the_unicast_port() -> None:
    with opened() as first, pytest.raises(InterfaceUnusable) as caught:
        open_interface(LOOPBACK, Listen(port=first.group.port, reply_port=first.local.address.port))
    assert f"UDP port {first.local.address.port} is taken" in caught.value.reason
    assert "reply_port" in caught.value.remedy


def test_two_on_the_group_with_ports_of_their_own_both_hear() -> None:
    with (
        opened() as first,
        opened(Listen(port=first.group.port, reply_port=0)) as second,
        phone_socket() as phone,
    ):
        phone.sendto(b"hello", first.group)
        assert heard(plain(first)) == heard(plain(second)) == b"hello"


def test_a_program_on_all_addresses_is_named_with_what_to_change() -> None:
    pbx = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    read, write = os.pipe()
    with pbx:
        pbx.bind(("0.0.0.0", 0))
        port = pbx.getsockname()[1]
        child = os.fork()
        if child == 0:  # holds the port until the pipe closes; the parent's own sockets are not named
            os.close(write)
            os.read(read, 1)
            os._exit(0)
    os.close(read)
    try:
        with pytest.raises(InterfaceUnusable) as caught:
            open_interface(LOOPBACK, Listen(port=port, reply_port=0))
    finally:
        os.close(write)
        os.waitpid(child, 0)
    assert f"(pid {child}) on 0.0.0.0:{port}" in caught.value.reason
    assert "listen on one address" in caught.value.remedy


def held_by_a_child(host: str) -> tuple[int, int, Callable[[], None]]:
    """The pid and port of a process that holds a UDP port of `host` until the function is called."""
    pbx = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    read, write = os.pipe()
    with pbx:
        pbx.bind((host, 0))
        port = pbx.getsockname()[1]
        child = os.fork()
        if child == 0:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
    os.close(read)

    def release() -> None:
        os.close(write)
        os.waitpid(child, 0)

    return child, port, release


def test_a_reply_port_that_is_taken_may_be_any_other() -> None:
    child, port, release = held_by_a_child("127.0.0.1")
    try:
        with opened(Listen(port=0, reply_port=port, or_any=True)) as it:
            assert it.local.address.port not in (0, port)
            assert it.local.address.port == it.unicast_socket.getsockname()[1]
        with pytest.raises(InterfaceUnusable) as caught:
            open_interface(LOOPBACK, Listen(port=0, reply_port=port))
    finally:
        release()
    assert f"(pid {child}) on 127.0.0.1:{port}" in caught.value.reason
    assert "`reply_port: 5062`" in caught.value.remedy
    assert "nft" not in caught.value.remedy, "the group can be heard, so no more is to be done"


def test_a_free_reply_port_is_taken_as_it_is() -> None:
    with opened() as it:
        port = it.local.address.port
    with opened(Listen(port=0, reply_port=port, or_any=True)) as it:
        assert it.local.address.port == port


def test_another_name_keeps_the_sockets() -> None:
    with opened() as it:
        changed = change_interface(it, replace(LOOPBACK, name="lo7"), FREE)
        assert changed.local == it.local._replace(interface="lo7")
        assert changed.interface.name == "lo7"
        assert (changed.group_socket, changed.unicast_socket) == (it.group_socket, it.unicast_socket)


def test_another_address_takes_another_unicast_socket() -> None:
    elsewhere = replace(LOOPBACK, addresses=(IPv4Interface("127.0.0.77/8"),))
    with opened() as it:
        changed = change_interface(it, elsewhere, FREE)
        with changed.unicast_socket:
            assert changed.local.address.host == changed.unicast_socket.getsockname()[0] == "127.0.0.77"
            assert changed.group_socket is it.group_socket
            assert it.unicast_socket.fileno() > 0, "the old one is the caller's to close"
        with pytest.raises(InterfaceUnusable, match="has no IPv4 address"):
            change_interface(it, replace(LOOPBACK, addresses=()), FREE)


def test_an_address_that_is_taken_leaves_the_others_served() -> None:
    addresses = ("127.0.0.1/8", "127.0.0.78/8", "127.0.0.79/8")
    several = replace(LOOPBACK, addresses=tuple(map(IPv4Interface, addresses)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.78", 0))
        port = probe.getsockname()[1]
        listen = FREE._replace(reply_port=port)
        it = open_interface(several, listen)
        assert [unicast.local.address.host for unicast in it.unicasts] == ["127.0.0.1", "127.0.0.79"]
        ((address, refusal),) = it.refused
        assert str(address) == "127.0.0.78/8"
        assert f"port {port} is taken" in refusal.reason
    changed = change_interface(it, several, listen)
    try:
        assert [unicast.local.address.host for unicast in changed.unicasts] == [a[:-2] for a in addresses]
        assert [changed.unicasts[i].socket for i in (0, 2)] == [unicast.socket for unicast in it.unicasts]
        assert not changed.refused
    finally:
        changed.close()


def test_so_many_addresses_of_a_link_are_served_and_no_more() -> None:
    many = replace(LOOPBACK, addresses=tuple(IPv4Interface(f"127.0.1.{n}/8") for n in range(1, 41)))
    it = open_interface(many, FREE)
    it.close()
    assert len(it.unicasts) == MOST_ADDRESSES
    assert [str(address.ip) for address, _ in it.refused] == [f"127.0.1.{n}" for n in range(33, 41)]
    assert "32 addresses" in it.refused[0][1].reason


def test_nothing_stays_open_after_a_refusal() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with opened() as first, pytest.raises(InterfaceUnusable):
        open_interface(LOOPBACK, FREE._replace(reply_port=first.local.address.port))
    with pytest.raises(InterfaceUnusable):
        open_interface(replace(LOOPBACK, index=999_999), FREE)
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_interface_that_is_gone() -> None:
    with pytest.raises(InterfaceUnusable, match="the interface is gone"):
        open_interface(replace(LOOPBACK, index=999_999), FREE)


def test_an_interface_without_address() -> None:
    with pytest.raises(InterfaceUnusable, match="has no IPv4 address"):
        open_interface(replace(LOOPBACK, addresses=()), FREE)


def test_joining_twice_is_success() -> None:
    with opened() as it, phone_socket() as phone:
        join_group(plain(it), it.group.host, LOOPBACK.index)
        phone.sendto(b"once", it.group)
        assert heard(plain(it)) == b"once"


@pytest.mark.parametrize(
    ("number", "reason", "remedy"),
    [
        (errno.ENOBUFS, "no room for another group membership", "net.ipv4.igmp_max_memberships"),
        (errno.EADDRNOTAVAIL, "192.0.2.1:5060 is no address of this host", "ip addr show dev eth7"),
        (errno.EACCES, "this user may not open 192.0.2.1:5060", "SocketBindDeny"),
        (errno.EPERM, "this user may not open 192.0.2.1:5060", "RestrictAddressFamilies"),
        (errno.ENODEV, "the interface is gone", "ip link"),
        (errno.ENOMEM, os.strerror(errno.ENOMEM), "ip addr"),
    ],
)
def test_refusals_in_words(number: int, reason: str, remedy: str) -> None:
    said = unusable("eth7", OSError(number, os.strerror(number)), SocketAddress("192.0.2.1", 5060))
    assert said.interface == "eth7"
    assert reason in said.reason
    assert remedy in said.remedy
