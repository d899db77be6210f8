"""The enrolment window. Time is a number."""

from __future__ import annotations

import time

import pytest

from pnp_responder.service.window import LONGEST_OPEN, Window, window_clock


def test_is_closed_at_first() -> None:
    window = Window()
    assert not window.is_open(0.0)
    assert window.closes_at is None
    assert not window.has_expired(1e9)
    assert not window.close(0.0)


def test_closes_itself_and_says_so_once() -> None:
    window = Window()
    window.open(60, 100.0)
    assert window.closes_at == 160.0
    assert window.is_open(100.0)
    assert window.is_open(159.9)
    assert not window.has_expired(159.9)
    assert not window.is_open(160.0)
    assert [window.has_expired(160.0), window.has_expired(160.0)] == [True, False]
    assert window.closes_at is None


def test_is_closed_by_hand() -> None:
    window = Window()
    window.open(60, 100.0)
    assert window.close(110.0)
    assert not window.is_open(110.0)
    assert not window.has_expired(200.0)
    assert not window.close(110.0)


@pytest.mark.parametrize("seconds", [10, 600])
def test_opened_again_the_new_time_counts(seconds: int) -> None:
    window = Window()
    window.open(60, 100.0)
    window.open(seconds, 120.0)
    assert window.closes_at == 120.0 + seconds


def test_closing_what_has_run_out_closes_nothing() -> None:
    window = Window()
    window.open(60, 100.0)
    assert not window.close(160.0)


@pytest.mark.parametrize("seconds", [0, -1, LONGEST_OPEN + 1, float("inf"), float("nan")])
def test_has_bounds(seconds: float) -> None:
    window = Window()
    with pytest.raises(ValueError, match="a day at most"):
        window.open(seconds, 0.0)
    assert not window.is_open(0.0)


def test_its_clock_never_goes_back() -> None:
    first = window_clock()
    assert time.monotonic() - 1 <= first <= window_clock()
