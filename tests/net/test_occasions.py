"""What happens often is told at once, and then once in a while with its count."""

from __future__ import annotations

from pnp_responder.net.occasions import MOST_KINDS, Occasions


def test_at_once_and_then_once_in_a_while() -> None:
    occasions = Occasions(tell_every=60.0)
    assert occasions.to_tell("x", 0.0) == 1
    assert occasions.to_tell("x", 1.0) == 0
    assert occasions.to_tell("x", 59.9, 5) == 0
    assert occasions.to_tell("y", 59.9, 3) == 3
    assert occasions.to_tell("x", 60.0) == 7
    assert occasions.to_tell("x", 61.0) == 0


def test_no_more_kinds_than_there_is_room_for() -> None:
    occasions = Occasions()
    for number in range(MOST_KINDS + 1):
        assert occasions.to_tell(number, 0.0) == 1
    assert occasions.to_tell(1, 1.0) == 0
    assert occasions.to_tell(0, 1.0) == 1, "forgotten"
