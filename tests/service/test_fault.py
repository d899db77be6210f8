"""Faults: their place, and what is no fault but a want of memory."""

from __future__ import annotations

import errno

import pytest

from pnp_responder.service.fault import Reserve, fault_place, is_want_of_memory


@pytest.mark.parametrize(
    ("error", "want"),
    [
        (MemoryError(), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), True),
        (OSError(errno.ENOSPC, "No space left on device"), False),
        (RuntimeError("can't start new thread"), True),
        (RuntimeError("can't"), False),
        (ImportError("libx.so: failed to map segment from shared object"), True),
        (ImportError("no module named x"), False),
        (ValueError("can't start new thread"), False),
        (None, False),
    ],
)
def test_a_want_of_memory(error: BaseException | None, want: bool) -> None:
    assert is_want_of_memory(error) is want


def test_the_reserve_is_given_back_once() -> None:
    reserve = Reserve()
    assert [reserve.release(), reserve.release()] == [True, False]


def test_the_place_of_a_fault() -> None:
    assert fault_place(ValueError()) == "?"
    with pytest.raises(ZeroDivisionError) as caught:
        1 / 0  # noqa: B018
    assert fault_place(caught.value).startswith("test_fault.py:")
