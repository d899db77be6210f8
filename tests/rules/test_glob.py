from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.rules.glob import compile_glob, glob_tokens

small = st.text(alphabet="ab-]!*?", max_size=8)


@given(small, st.text(alphabet="ab-]!\n", max_size=8))
def test_globs_are_those_of_the_shell(pattern: str, text: str) -> None:
    assert (compile_glob(glob_tokens(pattern)).fullmatch(text) is not None) == fnmatchcase(text, pattern)


@pytest.mark.parametrize(
    ("pattern", "fits", "fails"),
    [
        ("[a-c]x", "bx", "dx"),
        ("[!a-c]x", "dx", "bx"),
        ("[]]", "]", "["),
        ("[[]", "[", "]"),
        ("[a-]", "-", "b"),
    ],
)
def test_sets(pattern: str, fits: str, fails: str) -> None:
    assert compile_glob(glob_tokens(pattern)).fullmatch(fits)
    assert not compile_glob(glob_tokens(pattern)).fullmatch(fails)


@pytest.mark.parametrize("pattern", ["[", "[a", "a[!", "[]", "[^a]", "[z-a]"])
def test_doubtful_sets_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="'"):
        glob_tokens(pattern)


def test_many_stars_do_not_multiply() -> None:
    # Tried one place after the other, this would outlast the test run.
    assert compile_glob(glob_tokens("*a" * 40 + "*b")).fullmatch("a" * 5000) is None
