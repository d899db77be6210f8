from __future__ import annotations

import pytest

from pnp_responder.limits import LEAK, SourceRates


def admitted(rates: SourceRates, host: str, times: int, now: float) -> int:
    return sum(rates.admits(host, now) for _ in range(times))


def test_a_burst_and_then_the_rate() -> None:
    rates = SourceRates(rate=50, burst=200)
    assert admitted(rates, "a", 200, 10.0) == 200
    assert not rates.admits("a", 10.0)
    assert rates.admits("a", 10.02)
    assert not rates.admits("a", 10.02)


def test_a_source_that_keeps_to_the_rate_is_never_refused() -> None:
    rates = SourceRates(rate=50, burst=1)
    assert all(rates.admits("a", 1000 + number / 50) for number in range(5000))


@pytest.mark.parametrize("after", [4.0, 4.1, 40.0, 4000.0])
def test_a_source_that_was_silent_has_its_burst_again(after: float) -> None:
    rates = SourceRates(rate=50, burst=200)
    admitted(rates, "a", 300, 10.0)
    assert admitted(rates, "a", 200, 10.0 + after) == 200


def test_one_in_ten_of_the_excess_is_let_through() -> None:
    rates = SourceRates(rate=1, burst=1)
    rates.admits("a", 0.0)
    assert [rates.admits("a", 0.0) for _ in range(2 * LEAK)] == ([False] * (LEAK - 1) + [True]) * 2


def test_one_source_does_not_spend_what_is_another_ones() -> None:
    rates = SourceRates(rate=50, burst=200)
    admitted(rates, "a", 10_000, 0.0)
    assert admitted(rates, "b", 200, 0.0) == 200


def test_the_rate_holds_over_many_periods() -> None:
    """What a period forgets is never a debt that still counts."""
    rates = SourceRates(rate=50, burst=200)
    through = sum(rates.admits("a", number / 1000) for number in range(60_000))
    excess = 60_000 - (200 + 60 * 50)
    assert through == pytest.approx(200 + 60 * 50 + excess / LEAK, rel=0.02)


def test_any_number_of_sources_takes_bounded_memory() -> None:
    rates = SourceRates(rate=50, burst=200, most_sources=100)
    for number in range(10_000):
        assert rates.admits(f"source {number}", number / 100_000)
        assert len(rates) <= 200


def test_a_clock_that_begins_below_zero_or_high() -> None:
    for start in (-100.0, 0.0, 1e9):
        rates = SourceRates(rate=50, burst=200)
        assert admitted(rates, "a", 201, start) == 200


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (1, 0), (-1, 1)])
def test_no_bucket_of_nothing(rate: int, burst: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        SourceRates(rate, burst)
