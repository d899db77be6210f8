"""A host of our own whose links the tests make, break and mend, and a phone on each."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.outside.namespaces import Namespace, Network
from tests.outside.phone import Arrival, Phone, plain_subscribe

BACK_WITHIN = 2.0
"""Seconds that a link may take from a change until it is served again."""

_numbers = itertools.count(1)


class Site:
    """`server` and, for each link that is made, the host of its phones."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.server = network.host()

    def link(self, name: str, *addresses: str, phone: str, up: bool = True, index: int = 0) -> Namespace:
        """Make the server's link `name`, with a phone's host at its other end that has the address `phone`.
        Addresses are written as `192.0.2.1/24`."""
        phones = self._network.host()
        self.connect(phones, name, *addresses, phone=phone, up=up, index=index)
        return phones

    def connect(
        self, phones: Namespace, name: str, *addresses: str, phone: str, up: bool = True, index: int = 0
    ) -> None:
        """The same with the phone's host given, `index` too if not 0."""
        chosen = ["index", str(index)] if index else []
        self.run(f"link add {name}", *chosen, f"type veth peer name eth0 netns {phones.name}")
        for address in addresses:
            self.run(f"address add {address} dev {name}")
        phones.run("ip", "address", "add", phone, "dev", "eth0")
        phones.run("ip", "link", "set", "eth0", "up")
        if up:
            self.run(f"link set {name} up")

    def run(self, *words: str) -> None:
        """`ip` with these words, on the server."""
        self.server.run("ip", *" ".join(words).split())


@contextmanager
def site() -> Iterator[Site]:
    """All of it, gone at the end."""
    with Network() as network:
        yield Site(network)


def ask_until_served(phone: Phone, within: float = BACK_WITHIN) -> tuple[Arrival, Arrival, float]:
    """Ask as a new phone again and again; the 200, the NOTIFY and the seconds until the 200 came."""
    began = time.monotonic()
    while time.monotonic() - began < within:
        number = next(_numbers)
        call_id = f"again-{number}@{phone.address}"
        phone.send(plain_subscribe(phone.address, 5060, f"02aa{number:08x}", call_id))
        # Answers to earlier questions may have waited for ARP and come now, all at once.
        response = _hear(phone, call_id, 0.1)
        if response is not None:
            notify = _hear(phone, call_id, 1.0)
            assert notify is not None
            assert response.message.status == 200, response.octets
            return response, notify, response.at - began
    raise AssertionError(f"not served again within {within} s")


def _hear(phone: Phone, call_id: str, seconds: float) -> Arrival | None:
    while (arrival := phone.hear(seconds)) is not None:
        if arrival.message.one("Call-ID") == call_id:
            return arrival
    return None


def is_unserved(phone: Phone) -> bool:
    """Does one question stay unanswered?"""
    number = next(_numbers)
    call_id = f"silent-{number}@{phone.address}"
    phone.send(plain_subscribe(phone.address, 5060, f"02aa{number:08x}", call_id))
    return phone.hear(0.3) is None
