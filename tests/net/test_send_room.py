"""A buffer that fills with what waits for hosts that are not there keeps room for those that are."""

from __future__ import annotations

import errno
from ipaddress import IPv4Network

import pytest

from pnp_responder.datagram import SocketAddress
from pnp_responder.net.send_room import ASKED, LARGEST, LOOK_AGAIN, MOST_ASKED, SendRoom, hosts_present
from pnp_responder.net.unicast import bind_unicast

LAN = IPv4Network("10.0.0.0/8")
THERE, NEW, GONE = "10.0.0.1", "10.0.0.2", "10.0.0.3"


class Buffer:
    """A buffer of a million octets, of which `held` thousand are taken, and a clock."""

    def __init__(self, held: int) -> None:
        self.held = held
        self.now = 100.0
        self.readings = 0
        self.present: frozenset[str] | None = frozenset({THERE})
        self.room = SendRoom(1_000_000, lambda: 1_000 * self.held, self.read, lambda: self.now)

    def read(self) -> frozenset[str] | None:
        self.readings += 1
        return self.present

    def allows(self, host: str) -> bool:
        return self.room.allows(host, LAN)


def test_below_a_quarter_nobody_is_looked_at() -> None:
    buffer = Buffer(held=249)
    assert all(buffer.allows(GONE) for _ in range(100))
    assert buffer.readings == 0


@pytest.mark.parametrize("held", [0, 100, 240, 249])
def test_what_waits_is_looked_at_before_it_can_be_a_quarter(held: int) -> None:
    buffer = Buffer(held)
    assert buffer.allows(GONE)
    buffer.held = 900
    unlooked = 1_000 * (250 - held) // LARGEST
    assert [buffer.allows(GONE) for _ in range(unlooked + 2)] == [True] * unlooked + [False] * 2


def test_above_a_quarter_a_host_gets_one_datagram_until_it_is_there() -> None:
    buffer = Buffer(held=250)
    assert [buffer.allows(NEW) for _ in range(3)] == [True, False, False]
    assert all(buffer.allows(THERE) for _ in range(100))
    buffer.present = frozenset({THERE, NEW})
    assert not buffer.allows(NEW), "the table is read from time to time"
    buffer.now += LOOK_AGAIN
    assert all(buffer.allows(NEW) for _ in range(100))
    assert buffer.readings == 2


def test_a_host_is_asked_for_again_when_the_kernel_has_given_up() -> None:
    buffer = Buffer(held=250)
    assert buffer.allows(GONE)
    buffer.now += ASKED - 0.01
    assert not buffer.allows(GONE)
    buffer.now += 0.02
    assert buffer.allows(GONE)


def test_the_last_quarter_is_for_hosts_that_are_there() -> None:
    buffer = Buffer(held=750)
    assert not buffer.allows(NEW)
    assert buffer.allows(THERE)


def test_whoever_is_behind_a_router_waits_for_no_arp_of_his_own() -> None:
    buffer = Buffer(held=999)
    assert buffer.allows("192.0.2.1")
    assert buffer.room.allows(GONE, None)


def test_where_the_table_cannot_be_read_all_are_there() -> None:
    buffer = Buffer(held=999)
    buffer.present = None
    assert all(buffer.allows(GONE) for _ in range(100))


def test_those_that_were_asked_for_are_no_more_than_so_many() -> None:
    buffer = Buffer(held=250)
    asked = [f"10.1.{number >> 8}.{number & 255}" for number in range(MOST_ASKED)]
    assert all(buffer.allows(host) for host in asked)
    assert not buffer.allows(NEW)
    buffer.now += ASKED
    assert buffer.allows(NEW)


def test_the_socket_leaves_out_what_is_not_allowed() -> None:
    with (
        bind_unicast(SocketAddress("127.0.0.1", 0)) as made,
        bind_unicast(SocketAddress("127.0.0.1", 0)) as other,
    ):
        made.network = IPv4Network("127.0.0.0/8")
        made.sendto(b"one", other.getsockname())
        made.room = SendRoom(1, lambda: 1, frozenset)
        with pytest.raises(BlockingIOError) as caught:
            made.sendto(b"two", other.getsockname())
        assert caught.value.errno == errno.EAGAIN
        assert other.recv(100) == b"one"


def test_the_kernels_table_is_read() -> None:
    found = hosts_present()
    assert found is not None
    assert all(host.count(".") == 3 for host in found)
