"""Who waits, found by Call-ID, by name, or because nobody else does."""

from __future__ import annotations

import pytest

from pnp_responder.phone.waiting import Subscription, Waiting
from pnp_responder.sip import Request, parse_message

from .wire import subscribe


def request(octets: bytes) -> Request:
    message = parse_message(octets)
    assert isinstance(message, Request)
    return message


def named(number: int, name: str) -> bytes:
    """Phone `number` under another's name."""
    return subscribe(number).replace(f"02{number:010x}".encode(), name.encode())


@pytest.fixture
def waiting() -> Waiting:
    return Waiting(4, 5.0)


def test_the_only_one_is_meant_by_everything(waiting: Waiting) -> None:
    first = Subscription(request(subscribe(1)))
    waiting.add(first, 0.0)
    assert waiting.meant_by(request(subscribe(9))) is first
    waiting.remove(first)
    assert waiting.meant_by(request(subscribe(1))) is None


def test_by_name_whatever_its_case(waiting: Waiting) -> None:
    for octets in (subscribe(1), subscribe(10), subscribe(3)):
        waiting.add(Subscription(request(octets)), 0.0)
    found = waiting.meant_by(request(subscribe(10).replace(b"02000000000a", b"02000000000A")))
    assert found is waiting.get("10@10.0.0.2")
    assert waiting.meant_by(request(subscribe(4))) is None


def test_by_the_name_in_to_and_not_at_all_where_it_cannot_be_read(waiting: Waiting) -> None:
    for number in (1, 2):
        waiting.add(Subscription(request(subscribe(number))), 0.0)
    octets = subscribe(2).replace(b"SUBSCRIBE sip:MAC=020000000002@", b"SUBSCRIBE sip:")
    assert waiting.meant_by(request(octets)) is waiting.get("2@10.0.0.2")
    assert waiting.meant_by(request(octets.replace(b"To: <", b"To: Desk, one <"))) is None


def test_a_name_of_two_is_nobodys(waiting: Waiting) -> None:
    for number in (1, 2):
        waiting.add(Subscription(request(named(number, "512"))), 0.0)
    assert waiting.meant_by(request(named(9, "512"))) is None


def test_ends_in_the_order_of_their_asking(waiting: Waiting) -> None:
    for number in (1, 2, 3):
        waiting.add(Subscription(request(subscribe(number))), float(number))
    gone = waiting.get("1@10.0.0.2")
    assert gone is not None
    waiting.remove(gone)
    assert waiting.deadline == 6.0
    assert waiting.expired(7.5) == [waiting.get("2@10.0.0.2")]
    assert waiting.deadline == 8.0


def test_no_more_than_it_may_hold(waiting: Waiting) -> None:
    waiting.add(Subscription(request(subscribe(1))), 0.0)
    with pytest.raises(ValueError, match="in use"):
        waiting.add(Subscription(request(subscribe(1))), 0.0)
    for number in (2, 3, 4):
        waiting.add(Subscription(request(subscribe(number))), 0.0)
    with pytest.raises(ValueError, match="too many"):
        waiting.add(Subscription(request(subscribe(5))), 0.0)
