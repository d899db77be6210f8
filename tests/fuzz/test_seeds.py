"""The fuzz targets over their seeds and all that was ever found: they cannot rot, no find can come back."""

from __future__ import annotations

import pytest

from tests.fuzz.seeds import REGRESSIONS, regressions, seeds
from tests.fuzz.targets import TARGETS

INPUTS = {target: {**seeds(target), **regressions(target)} for target in TARGETS}
CASES = [(target, name) for target, inputs in INPUTS.items() for name in inputs]


@pytest.mark.parametrize(("target", "name"), CASES, ids=lambda value: value)
def test_holds(target: str, name: str) -> None:
    TARGETS[target](INPUTS[target][name])


def test_every_folder_of_finds_has_a_target() -> None:
    assert {path.name for path in REGRESSIONS.glob("*") if path.is_dir()} <= set(TARGETS)
