from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.rules.version_order import plain_version, version_key

ASCENDING = ["", "beta", "1.2.1", "1.2.1_build_6", "2.0", "2.0-SIP", "2.0.97", "2.0.114.51", "8.9.3.60"]


def order(text: str) -> object:
    return version_key(plain_version(text))


def test_versions_ascend() -> None:
    keys = [version_key(plain_version(text)) for text in ASCENDING]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("lower", "higher"),
    [("66.9", "66.85"), ("8.9.3.60", "8.9.3.60-SIP"), ("8.9.3.60-SIP", "8.9.3.61"), ("V2.0.97", "v2.0.100")],
)
def test_numbers_compare_as_numbers(lower: str, higher: str) -> None:
    assert version_key(plain_version(lower)) < version_key(plain_version(higher))


@pytest.mark.parametrize(("one", "other"), [("V2.0", "2.0"), ("2.00", "2.0"), ("2-0", "2.0"), ("1A", "1a")])
def test_spelling_does_not_matter(one: str, other: str) -> None:
    assert order(one) == order(other)


@given(st.integers(min_value=0), st.integers(min_value=0))
def test_runs_of_digits_are_numbers_of_any_length(one: int, other: int) -> None:
    assert (version_key(str(one)) < version_key(str(other))) == (one < other)
