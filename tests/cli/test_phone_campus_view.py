"""What is said of a whole campus beside the numbers."""

from __future__ import annotations

from pnp_responder.cli.phone_campus import Campus
from pnp_responder.cli.phone_campus_view import LATE, advice
from pnp_responder.limits import DEFAULT_LIMITS

MANY = DEFAULT_LIMITS.burst + 1


def test_one_address_for_all_phones_may_be_what_makes_them_wait() -> None:
    first, second = advice(Campus(MANY, 1.0, at_first_try=MANY - 1))
    assert "one address" in first
    assert f"`limits: {{rate: {MANY}, burst: {MANY}}}`" in second


def test_nothing_to_say_where_all_went_well_or_phones_are_few() -> None:
    assert advice(Campus(MANY, 1.0, at_first_try=MANY)) == []
    assert advice(Campus(MANY - 1, 1.0, at_first_try=0)) == []


def test_a_machine_that_is_too_slow_says_so() -> None:
    (line,) = advice(Campus(1, 1.0, at_first_try=1, late=LATE + 0.1))
    assert "could not keep up" in line
