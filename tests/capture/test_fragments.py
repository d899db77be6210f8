"""Fragments that never become a packet: named where they can be, forgotten where they are too many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.capture.fragments import LIFETIME, MOST_FRAGMENTS, MOST_PACKETS, Reassembler
from pnp_responder.capture.link import IpPacket

BODY = bytes(range(240))


def fragment(
    start: int, end: int, *, when: int = 0, number: int = 1, body: bytes = BODY, missing: int = 0
) -> IpPacket:
    source, destination = b"\xc0\0\x02\x2d", b"\xe0\0\x01\x4b"
    more = end < len(body)
    return IpPacket(when, "", source, destination, 17, number, start, more, body[start:end], missing)


FIRST, SECOND, THIRD = fragment(0, 80), fragment(80, 160), fragment(160, 240)


@given(order=st.permutations([FIRST, SECOND, THIRD]))
def test_any_order_will_do(order: list[IpPacket]) -> None:
    reassembler = Reassembler()
    *early, whole = map(reassembler.add, order)
    assert early == [None, None]
    assert whole is not None
    assert (whole.payload, whole.more, whole.missing) == (BODY, False, 0)
    assert reassembler.left(all_of_them=True) == []


def test_the_same_one_twice_does_no_harm() -> None:
    reassembler = Reassembler()
    found = [reassembler.add(part) for part in (FIRST, FIRST, SECOND, THIRD)]
    assert found[3] is not None
    assert found[3].payload == BODY


def test_overlapping_ones_that_differ_make_no_packet() -> None:
    reassembler = Reassembler()
    wrong = SECOND._replace(payload=bytes(80))
    assert [reassembler.add(part) for part in (FIRST, SECOND, wrong, THIRD)] == [None] * 4
    assert [part.payload for part in reassembler.left(all_of_them=True)] == [FIRST.payload]


def test_numbers_may_come_again_later() -> None:
    reassembler = Reassembler()
    reassembler.add(FIRST)
    late = [part._replace(when=LIFETIME + 1) for part in (FIRST, SECOND, THIRD)]
    assert reassembler.add(late[1]) is None
    assert [part.missing for part in reassembler.left()] == [1]
    assert reassembler.add(late[0]) is None
    assert reassembler.add(late[2]) is not None


def test_of_too_many_packets_the_oldest_is_given_up() -> None:
    reassembler = Reassembler()
    for number in range(MOST_PACKETS + 1):
        reassembler.add(FIRST._replace(identification=number))
    assert [part.identification for part in reassembler.left()] == [0]
    assert len(reassembler.left(all_of_them=True)) == MOST_PACKETS


def test_too_many_fragments_make_no_packet() -> None:
    reassembler = Reassembler()
    for _ in range(MOST_FRAGMENTS + 1):
        assert reassembler.add(FIRST) is None
    assert len(reassembler.left()) == 1


def test_no_packet_is_longer_than_a_packet_can_be() -> None:
    reassembler = Reassembler()
    assert reassembler.add(FIRST) is None
    assert reassembler.add(SECOND._replace(offset=65_528)) is None
    assert [part.offset for part in reassembler.left()] == [0]


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_behind_what_the_capture_cut_off_nothing_is_known(cut: int) -> None:
    parts = [FIRST, SECOND, THIRD]
    parts[cut] = parts[cut]._replace(payload=parts[cut].payload[:30], missing=50)
    reassembler = Reassembler()
    *_, whole = map(reassembler.add, parts)
    assert whole is not None
    assert whole.payload == BODY[: cut * 80 + 30]
    assert whole.missing == len(BODY) - len(whole.payload)
