"""T20: two responders and a phone come to an end, whatever they are sent, after so many datagrams exactly."""

from __future__ import annotations

from collections import deque

import pytest

from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.events import DatagramDropped
from pnp_responder.responder import Responder
from pnp_responder.sip import Identifiers
from tests.corpus_reader import HOSTILE
from tests.examples import admission, altered, answer, heard, numbered, offer, responder

PHONE = SocketAddress("192.0.2.45", 5060)
ADDRESSES = ("192.0.2.101", "192.0.2.102")
ENDLESS = 200


class Bridge:
    """Responders at ADDRESSES, each with the name of a stranger to the other; every datagram arrives."""

    def __init__(self) -> None:
        self.engines = {
            address: Responder(
                offer, identifiers=Identifiers(numbered(start)), admission=admission(), notify_attempts=1
            )
            for address, start in zip(ADDRESSES, (0, 20_000), strict=True)
        }
        self.to_the_phone: list[bytes] = []
        self.sent = 0
        self._under_way: deque[tuple[Datagram, SocketAddress]] = deque()

    def multicast(self, octets: bytes, source: SocketAddress) -> None:
        for address in ADDRESSES:
            if address != source.host:
                self._put(octets, source, address, multicast=True)

    def unicast(self, octets: bytes, source: SocketAddress, to: str) -> None:
        self._put(octets, source, to, multicast=False)

    def _put(self, octets: bytes, source: SocketAddress, to: str, *, multicast: bool) -> None:
        local = Local("eth0", SocketAddress(to, 5060))
        self._under_way.append((Datagram(octets, source, local, multicast), source))

    def run(self, *, phone_answers: bool = True) -> None:
        while self._under_way:
            datagram, _ = self._under_way.popleft()
            output = self.engines[datagram.local.address.host].receive_datagram(datagram, 0.0)
            for out in output.datagrams:
                self.sent += 1
                assert self.sent < ENDLESS, "a storm"
                assert not out.multicast
                if out.remote.host in self.engines:
                    self.unicast(out.payload, out.local.address, out.remote.host)
                else:
                    self.to_the_phone.append(out.payload)
                    if phone_answers and out.payload.startswith(b"NOTIFY"):
                        self.unicast(answer(out.payload), PHONE, out.local.address.host)


def test_two_responders_and_a_phone() -> None:
    bridge = Bridge()
    bridge.multicast(altered(), PHONE)
    bridge.run()
    assert bridge.sent == 4, "a 200 and a NOTIFY of each"
    assert [octets.split(b" ")[0] for octets in bridge.to_the_phone].count(b"NOTIFY") == 2


def test_a_question_forged_in_the_name_of_the_other_responder() -> None:
    """The one asks, as it seems, the other: a 200 that is dropped, a NOTIFY that is refused, and no more."""
    bridge = Bridge()
    forged = altered(Contact=f"<sip:{ADDRESSES[1]}:5060>", Via=f"SIP/2.0/UDP {ADDRESSES[1]};branch=z9hG4bK-f")
    bridge.multicast(forged, SocketAddress(ADDRESSES[1], 5060))
    bridge.run()
    assert bridge.sent == 3
    assert bridge.to_the_phone == []


def test_an_answer_is_never_answered() -> None:
    bridge = Bridge()
    bridge.multicast(altered(), PHONE)
    bridge.run(phone_answers=False)
    for octets in list(bridge.to_the_phone):
        if octets.startswith(b"SIP/2.0"):
            for status in ("100 Trying", "200 OK", "302 Moved", "481 Gone", "500 No", "699 Odd"):
                changed = b"SIP/2.0 " + status.encode() + octets[octets.index(b"\r\n") :]
                bridge.unicast(changed, SocketAddress(ADDRESSES[1], 5060), ADDRESSES[0])
                bridge.multicast(changed, PHONE)
    before = bridge.sent
    bridge.run()
    assert bridge.sent == before


@pytest.mark.parametrize("source", [*ADDRESSES, "192.0.2.45"])
def test_no_hostile_message_makes_a_storm(source: str) -> None:
    """Each message of the corpus, in the name of a responder or a phone, to the group and to each."""
    for message in HOSTILE:
        bridge = Bridge()
        bridge.multicast(message.octets, SocketAddress(source, 5060))
        for address in ADDRESSES:
            if address != source:
                bridge.unicast(message.octets, SocketAddress(source, 5060), address)
        bridge.run()
        assert bridge.sent <= 8, message.name


def test_what_we_sent_ourselves_is_not_answered() -> None:
    """A group message of our own comes back by multicast loop, or from another link of this host."""
    own = SocketAddress("192.0.2.1", 5060)
    for multicast in (True, False):
        output = responder().receive_datagram(heard(altered(), multicast=multicast, remote=own), 0.0)
        assert output.datagrams == ()
        assert [type(event) for event in output.events] == [DatagramDropped]
