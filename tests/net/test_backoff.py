"""When what failed is tried again."""

from __future__ import annotations

from pnp_responder.net.backoff import DELAYS, Backoff


def test_waits_longer_each_time_and_then_no_longer() -> None:
    backoff: Backoff[str] = Backoff()
    now = 100.0
    assert backoff.deadline is None
    for times, delay in enumerate([*DELAYS, DELAYS[-1], DELAYS[-1]], 1):
        assert backoff.failed("eth1", "taken", now) == times
        assert backoff.must_wait("eth1", now + delay - 0.001)
        assert not backoff.must_wait("eth1", now + delay)
        assert backoff.deadline == now + delay
        now += delay


def test_another_reason_is_a_first_time() -> None:
    backoff: Backoff[str] = Backoff()
    backoff.failed("eth1", "taken", 0.0)
    assert backoff.failed("eth1", "gone", 1.0) == 1
    assert backoff.reasons == ("gone",)


def test_one_does_not_wait_for_another() -> None:
    backoff: Backoff[str] = Backoff()
    backoff.failed("eth1", "taken", 0.0)
    assert not backoff.must_wait("eth2", 0.0)


def test_what_worked_and_what_nobody_wants_is_forgotten() -> None:
    backoff: Backoff[str] = Backoff()
    for name in ("eth1", "eth2", "eth3"):
        backoff.failed(name, f"{name} taken", 0.0)
    backoff.worked("eth1")
    backoff.keep_only(frozenset({"eth1", "eth2"}))
    assert backoff.reasons == ("eth2 taken",)
