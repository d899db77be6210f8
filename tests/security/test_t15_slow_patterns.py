"""T15: no pattern of the rules can be made slow by what a device says.

There are globs and no regular expressions; a glob is matched without backtracking over its stars.
"""

from __future__ import annotations

from time import process_time

import pytest

from pnp_responder.rules import RulesError
from pnp_responder.rules.ruleset import RuleSet
from tests.rules.devices import enrollment

LONGEST = 4_000
"""Characters of a model: a header value may have 4,096 octets."""

BUDGET = 0.005
"""Seconds for one match of a text of 128 characters; a longer one may take in proportion."""

# Each, as a regular expression with `.*`, takes seconds or for ever on a text that nearly matches.
PATTERNS = (
    "*a*a*a*a*a*a*a*a*a*a*a*a*b",
    "*" * 60 + "b",
    "*?*?*?*?*?*?*?*?*?*?*b",
    "*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*b",
    "*aaaaaaaaaaaaaaaaaaab*aaaaaaaaaaaaaaaaaaab",
    "a*a?a*a?a*a?a*a?a*a?a*a?a*b",
    "[!b]*[!b]*[!b]*[!b]*[!b]*b",
)
TEXTS = ("a", "ab", "aaaaaaaaaaaaaaaaaaa", "a ", "é", "*", "?")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_hostile_text_costs_what_its_length_costs(pattern: str) -> None:
    rules = RuleSet.from_text(
        f"rules:\n  - {{name: slow, match: {{model: '{pattern}'}}, url: 'http://h/'}}\n", "rules.yaml"
    )
    for piece in TEXTS:
        for length in (20, 28, 128, LONGEST):
            asked = enrollment(model=(piece * length)[:length], vendor="A", version="1")
            took = []
            for _ in range(3):  # the best of three: others run on this machine, too
                began = process_time()
                rules.decide(asked)
                took.append(process_time() - began)
            assert min(took) < BUDGET * max(1.0, length / 128), (
                f"{min(took) * 1000:.1f} ms on {length} of {piece!r}"
            )


@pytest.mark.parametrize("key", ["regex", "pattern", "re"])
def test_there_is_no_key_for_regular_expressions(key: str) -> None:
    with pytest.raises(RulesError, match=f"unknown key '{key}'"):
        RuleSet.from_text(
            f"rules:\n  - {{name: x, match: {{{key}: '(a+)+$'}}, url: 'http://h/'}}\n", "rules.yaml"
        )


def test_what_looks_like_a_regular_expression_is_plain_text() -> None:
    rules = RuleSet.from_text(
        "rules:\n  - {name: x, match: {model: '(a+)+$'}, url: 'http://h/'}\n", "rules.yaml"
    )
    assert rules.decide(enrollment(model="(a+)+$", vendor="A")).rule == "x"
    assert rules.decide(enrollment(model="a" * 30, vendor="A")).rule is None
