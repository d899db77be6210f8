"""T21: TCP is off unless switched on; who holds connections and feeds them drop by drop delays nobody."""

from __future__ import annotations

import time
from contextlib import ExitStack

from pnp_responder.net.tcp import TcpLimits
from pnp_responder.service.settings import Settings
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.server import PATIENCE, Server
from tests.outside.tcp_client import Client
from tests.security.hostile_lan import PHONE, SERVER, VICTIM, HostileLan

PROMPTLY = 1.0
"""Seconds. A message may take `TcpLimits().whole_message`, ten times as long."""


def test_it_is_off_by_default() -> None:
    assert not Settings().tcp


def test_drop_feeders_delay_nobody(lan: HostileLan, server: Server, phone: Phone) -> None:
    limits = TcpLimits()
    with ExitStack() as stack:
        slow = [stack.enter_context(Client(lan.phone, PHONE, SERVER)) for _ in range(limits.per_source)]
        for client in slow:
            client.send(b"SUBSCRIBE sip:x SIP/2.0\r\nVia")
        began = time.monotonic()
        phone.send(plain_subscribe(PHONE, 5060, "022100000001", "t21-udp"), to=SERVER)
        phone.hear_exchange()
        other = stack.enter_context(Client(lan.victim, VICTIM, SERVER))
        other.send(other.subscribe("t21-tcp"))
        other.hear_exchange()
        # The same address, one connection more than it may have: the one of least use made room.
        one_more = stack.enter_context(Client(lan.phone, PHONE, SERVER))
        one_more.send(one_more.subscribe("t21-one-more"))
        one_more.hear_exchange()
        assert time.monotonic() - began < PROMPTLY
        slow[0].settimeout(PATIENCE)
        assert slow[0].hear() is None, "the oldest connection is still held"


def test_a_message_has_a_time_to_be_whole() -> None:
    limits = TcpLimits()
    assert limits.whole_message <= 10.0
    assert limits.connections <= 256
    assert limits.per_source <= 8
