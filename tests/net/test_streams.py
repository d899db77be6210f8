"""The driver and whoever serves connections beside it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Interface

from pnp_responder.datagram import TCP, Datagram, Local, SocketAddress
from pnp_responder.engine import Output
from pnp_responder.net.multicast import Listen, change_interface
from pnp_responder.net.troubles import EngineFailed

from .loopback import LOOPBACK, opened
from .test_driver import Rig, run


class Remembered:
    """Streams that only remember what they were told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def add_address(self, local: Local) -> None:
        self.told.append(("add", local))

    def remove_address(self, local: Local) -> None:
        self.told.append(("remove", local))

    def serves(self, local: Local) -> bool:
        return ("add", local) in self.told

    def send(self, datagram: Datagram) -> None:
        self.told.append(datagram)

    def stop_listening(self) -> None:
        self.told.append("stop listening")

    def stop(self) -> None:
        self.told.append("stop")


def test_they_follow_the_interfaces() -> None:
    async def test() -> None:
        rig, streams = Rig(1_000_000), Remembered()
        rig.driver.serve_streams(streams)
        with opened() as it:
            assert rig.driver.transports(it.local) == ["UDP"]
            rig.driver.add_interface(it)
            assert rig.driver.transports(it.local) == ["UDP", "TCP"]
            rig.driver.stop_listening()
            rig.driver.remove_interface("lo")
            rig.driver.stop()
        assert streams.told == [("add", it.local), "stop listening", ("remove", it.local), "stop"]

    run(test)


def test_each_address_is_a_place_to_listen_at() -> None:
    async def test() -> None:
        rig, streams = Rig(1_000_000), Remembered()
        rig.driver.serve_streams(streams)
        listen = Listen(port=0, reply_port=0)
        with opened(listen) as it:
            rig.driver.add_interface(it)
            first = it.local
            for addresses in (("127.0.0.1/8", "127.0.0.9/8"), ("127.0.0.9/8",)):
                interface = replace(LOOPBACK, addresses=tuple(map(IPv4Interface, addresses)))
                changed = change_interface(it, interface, listen)
                rig.driver.change_interface("lo", changed)
                it = changed
            rig.driver.stop()
        second = it.local
        assert second.address.host == "127.0.0.9"
        told = [("add", first), ("add", first), ("add", second), ("remove", first), ("add", second)]
        assert streams.told == [*told, ("remove", second), "stop"]

    run(test)


def test_what_goes_by_tcp_goes_to_them_and_a_fault_is_told_with_its_message() -> None:
    async def test() -> None:
        rig, streams = Rig(1_000_000), Remembered()
        asked = Datagram(b"x", SocketAddress("127.0.0.1", 9), Local("lo", SocketAddress("127.0.0.1", 1), TCP))
        rig.driver.deliver(lambda now: Output((asked,), ("nobody serves it",), None), asked)
        rig.driver.serve_streams(streams)
        rig.driver.deliver(lambda now: Output((asked,), ("an event",), None), asked)
        assert streams.told == [asked]
        assert rig.events == ["nobody serves it", "an event"]

        def broken(now: float) -> Output[str]:
            raise KeyError(now)

        rig.driver.deliver(broken, asked)
        (trouble,) = rig.troubles
        assert isinstance(trouble, EngineFailed)
        assert trouble.datagram == asked

    run(test)
