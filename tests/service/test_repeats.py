"""What is told of a flood, and what is counted. Time is a number."""

from __future__ import annotations

from pnp_responder.service.repeats import MOST_KINDS, MOST_SOURCES, VARIOUS, RecentlySeen, Repeats, Summary


def test_the_first_are_told_and_the_rest_summed_up() -> None:
    repeats = Repeats(burst=2, seconds=60)
    told = [repeats.tell(("dropped", "no SIP"), f"192.0.2.{n % 3}", 0.0) for n in range(10)]
    assert told == [True, True] + [False] * 8
    assert repeats.ended(59.0) == []
    assert repeats.ended(60.0) == [Summary(("dropped", "no SIP"), 8, 3)]
    assert repeats.ended(60.0) == []
    assert repeats.tell(("dropped", "no SIP"), "192.0.2.1", 61.0)


def test_a_window_without_untold_ends_in_silence() -> None:
    repeats = Repeats(burst=2, seconds=60)
    repeats.tell(("dropped", ""), "192.0.2.1", 0.0)
    assert repeats.ended(60.0) == []


def test_at_the_end_all_windows_are_summed_up() -> None:
    repeats = Repeats(burst=0, seconds=60)
    repeats.tell(("dropped", ""), "192.0.2.1", 0.0)
    assert repeats.ended(1.0, all_of_them=True) == [Summary(("dropped", ""), 1, 1)]


def test_kinds_and_sources_are_bounded() -> None:
    repeats = Repeats(burst=0, seconds=60)
    for number in range(10_000):
        repeats.tell(("dropped", str(number)), str(number), 0.0)
    summaries = repeats.ended(60.0)
    assert len(summaries) <= MOST_KINDS + 1
    assert sum(summary.times for summary in summaries) == 10_000
    assert summaries[-1].kind == ("dropped", VARIOUS)
    assert summaries[-1].sources == MOST_SOURCES


def test_a_key_is_new_again_after_a_while() -> None:
    seen = RecentlySeen(most=10, seconds=600)
    assert [seen.is_new("a", now) for now in (0.0, 1.0, 599.0, 600.0, 601.0)] == [
        True,
        False,
        False,
        True,
        False,
    ]


def test_the_key_longest_unseen_makes_room() -> None:
    seen = RecentlySeen(most=2, seconds=600)
    assert seen.is_new("a", 0.0)
    assert seen.is_new("b", 1.0)
    assert not seen.is_new("a", 2.0)
    assert seen.is_new("c", 3.0)
    assert not seen.is_new("a", 4.0)
    assert seen.is_new("b", 5.0)
