"""While a thread works hard, the loop gets its turns soon."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress

import pytest

from pnp_responder.service.daemon_thread import HARD_WORK_INTERVAL, hard_work_beside_the_loop


def test_all_is_as_before_when_the_work_is_done() -> None:
    interval = sys.getswitchinterval()
    with suppress(ValueError), hard_work_beside_the_loop():
        assert sys.getswitchinterval() == pytest.approx(HARD_WORK_INTERVAL)
        assert not gc.isenabled()
        raise ValueError
    assert sys.getswitchinterval() == interval
    assert gc.isenabled()


def test_who_collects_no_garbage_does_not_begin_to() -> None:
    gc.disable()
    try:
        with hard_work_beside_the_loop():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
