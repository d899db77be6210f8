"""A link that is served goes on under another name or address, and nothing that came in before is lost."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from ipaddress import IPv4Interface

import pytest

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.net.multicast import change_interface

from .loopback import FREE, LOOPBACK, phone_socket
from .test_driver import echo, run, serving, until

RENAMED = replace(LOOPBACK, name="lo7")
ELSEWHERE = replace(LOOPBACK, addresses=(IPv4Interface("127.0.0.77/8"),))


def test_what_came_before_another_name_is_answered_under_the_new_one() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            rig.engine.answer = echo
            for name in ("one", "two"):
                phone.sendto(name.encode(), it.group)
            phone.sendto(b"three", it.local.address)
            changed = change_interface(it, RENAMED, FREE)
            rig.driver.change_interface("lo", changed)
            assert rig.driver.interfaces == (changed,)
            await until(lambda: len(rig.events) == 3)
            assert {datagram.local for datagram in rig.engine.received} == {changed.local}
            assert [phone.recvfrom(100)[1] for _ in range(3)] == [it.local.address] * 3
            phone.sendto(b"four", it.group)
            await until(lambda: "four" in rig.events)

    run(test)


def test_what_is_still_to_be_said_under_the_old_name_goes_out() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            late = Datagram(b"again", SocketAddress(*phone.getsockname()), it.local)
            rig.driver.change_interface("lo", change_interface(it, RENAMED, FREE))
            rig.engine.answer = lambda datagram, now: Output((late,), (), None)
            phone.sendto(b"ask", it.group)
            await until(lambda: rig.engine.received)
            assert phone.recv(100) == b"again"

    run(test)


def test_another_address_gives_another_socket_and_closes_the_old_one() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            rig.engine.answer = echo
            before = len(os.listdir("/proc/self/fd"))
            phone.sendto(b"to the old address", it.local.address)
            changed = change_interface(it, ELSEWHERE, FREE)
            rig.driver.change_interface("lo", changed)
            assert it.unicast_socket.fileno() == -1
            assert it.group_socket.fileno() > 0
            assert len(os.listdir("/proc/self/fd")) == before
            phone.sendto(b"to the group", it.group)
            await until(lambda: len(rig.events) == 2)
            assert [phone.recvfrom(100)[1] for _ in range(2)] == [changed.local.address] * 2

    run(test)


def test_what_is_still_to_be_said_from_an_address_that_went_goes_out_from_another() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            late = Datagram(b"again", SocketAddress(*phone.getsockname()), it.local)
            changed = change_interface(it, ELSEWHERE, FREE)
            rig.driver.change_interface("lo", changed)
            rig.engine.answer = lambda datagram, now: Output((late,), (), None)
            phone.sendto(b"ask", it.group)
            assert await asyncio.to_thread(phone.recvfrom, 100) == (b"again", changed.local.address)
            # An interface that is served no more sends no more.
            rig.driver.remove_interface("lo")
            rig.driver.deliver(lambda now: Output((late,), ("not sent",), None))
            assert rig.events == ["not sent"]
            assert rig.driver.unsent == 0

    run(test)


BOTH = replace(LOOPBACK, addresses=(IPv4Interface("127.0.0.1/24"), IPv4Interface("127.0.5.1/24")))


def test_each_network_of_a_link_is_answered_from_its_own_address() -> None:
    async def test() -> None:
        async with serving() as (rig, it, phone):
            rig.engine.answer = echo
            both = change_interface(it, BOTH, FREE)
            rig.driver.change_interface("lo", both)
            first, second = (unicast.local.address for unicast in both.unicasts)
            with phone_socket("127.0.5.45") as other, phone_socket("127.0.7.45") as routed:
                expected = {phone: first, other: second, routed: first}
                for asking, ours in expected.items():
                    asking.sendto(b"to the group", both.group)
                    assert await asyncio.to_thread(asking.recvfrom, 100) == (b"re: to the group", ours)
                    # By unicast the address that was asked answers.
                    asking.sendto(b"to the second", second)
                    assert await asyncio.to_thread(asking.recvfrom, 100) == (b"re: to the second", second)
                before = len(os.listdir("/proc/self/fd"))
                rig.driver.change_interface("lo", change_interface(both, LOOPBACK, FREE))
                assert len(os.listdir("/proc/self/fd")) == before - 1
                other.sendto(b"to the group", both.group)
                assert await asyncio.to_thread(other.recvfrom, 100) == (b"re: to the group", first)

    run(test)


def test_two_cannot_be_served_under_one_name() -> None:
    async def test() -> None:
        async with serving() as (rig, it, _):
            changed = change_interface(it, RENAMED, FREE)
            rig.driver.change_interface("lo", changed)
            with pytest.raises(ValueError, match="lo7 is served already"):
                rig.driver.change_interface("lo", changed)
            rig.driver.remove_interface("lo7")
            assert rig.driver.interfaces == ()

    run(test)
