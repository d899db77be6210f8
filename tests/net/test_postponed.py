"""What the kernel had no room for is tried again, in its order, and not for ever. Time is a number."""

from __future__ import annotations

import pytest

from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.net.postponed import FIRST_DELAY, LONGEST_DELAY, REFUSALS_AT_ONCE, GivenUp, Postponed

LOCAL = Local("eth0", SocketAddress("192.0.2.1", 5060))


def to(number: int) -> Datagram:
    return Datagram(b"answer", SocketAddress("192.0.2.2", number), LOCAL)


class Link:
    """Takes what is not for `full`; remembers what it took."""

    def __init__(self, *full: int) -> None:
        self.full = set(full)
        self.took: list[int] = []
        self.tried = 0

    def send(self, datagram: Datagram) -> bool:
        self.tried += 1
        if datagram.remote.port in self.full:
            return False
        self.took.append(datagram.remote.port)
        return True


def kept(*numbers: int, at: float = 0.0) -> Postponed:
    postponed = Postponed(most=10_000)
    for number in numbers:
        assert postponed.keep(to(number), at) is None
    return postponed


def test_it_is_sent_again_soon_in_order() -> None:
    postponed, link = kept(1, 2, 3), Link()
    assert postponed.deadline == FIRST_DELAY
    assert postponed.retry(FIRST_DELAY, link.send) == []
    assert link.took == [1, 2, 3]
    assert len(postponed) == 0
    assert postponed.deadline is None


def test_the_same_datagram_is_kept_once() -> None:
    postponed, link = kept(1, 1, 1), Link()
    postponed.retry(1.0, link.send)
    assert link.took == [1]


def test_while_nothing_gets_through_it_is_tried_less_often() -> None:
    postponed, link = kept(1), Link(1)
    times: list[float] = []
    while len(times) < 8:
        assert postponed.deadline is not None
        times.append(postponed.deadline)
        postponed.retry(times[-1], link.send)
    delays = [later - sooner for sooner, later in zip(times, times[1:], strict=False)]
    assert delays == pytest.approx([0.1, 0.2, 0.4, 0.8, LONGEST_DELAY, LONGEST_DELAY, LONGEST_DELAY])


def test_what_gets_through_brings_the_next_soon() -> None:
    postponed, link = kept(1, 2), Link(1, 2)
    for now in (1.0, 2.0, 3.0, 4.0, 5.0):
        postponed.retry(now, link.send)
    link.full.remove(2)
    postponed.retry(6.0, link.send)
    assert link.took == [2]
    assert postponed.deadline == pytest.approx(6.0 + FIRST_DELAY)


def test_a_full_link_does_not_hold_up_another_one() -> None:
    stuck = range(1, 3 * REFUSALS_AT_ONCE + 1)
    postponed, link = kept(*stuck, 1000), Link(*stuck)
    tries = 0
    while not link.took:
        postponed.retry(1.0, link.send)
        tries += 1
        assert link.tried <= tries * (REFUSALS_AT_ONCE + 1)
        assert tries < 10
    assert link.took == [1000]


def test_after_its_patience_it_is_given_up_and_told() -> None:
    postponed, link = Postponed(patience=32.0), Link(1, 2)
    postponed.keep(to(1), 0.0)
    postponed.keep(to(2), 1.0)
    assert postponed.retry(31.9, link.send) == []
    assert postponed.retry(32.0, link.send) == [GivenUp(to(1), 3)]
    assert postponed.retry(33.0, link.send) == [GivenUp(to(2), 4)]
    assert postponed.deadline is None


def test_the_oldest_makes_room() -> None:
    postponed, link = Postponed(most=2), Link()
    assert postponed.keep(to(1), 0.0) is None
    assert postponed.keep(to(2), 0.0) is None
    assert postponed.keep(to(3), 0.0) == GivenUp(to(1), 1)
    assert len(postponed) == 2
    postponed.retry(1.0, link.send)
    assert link.took == [2, 3]


def test_one_try_takes_no_longer_than_its_share() -> None:
    postponed, link = kept(*range(1, 2000)), Link()
    postponed.retry(1.0, link.send)
    assert len(link.took) == 500
    assert postponed.deadline == pytest.approx(1.0 + FIRST_DELAY)


def test_nothing_waits_after_clear() -> None:
    postponed = kept(1)
    postponed.clear()
    assert len(postponed) == 0
    assert postponed.deadline is None
