"""Where each rule is filed, so that not every rule needs to be asked.

Each rule is filed under one condition whose values are plain enough to look up (a MAC, a prefix, a
text, a network, what a glob begins with): the one that it shares with the fewest rules. Rules without
such a condition are filed nowhere, and asked always. Filing only leaves out rules that cannot match.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import merge
from typing import NamedTuple

from pnp_responder.rules.match import Condition, Match
from pnp_responder.rules.match_keys import SLOTS
from pnp_responder.rules.value_tests import Exact, Glob, Prefix, Term, ValueTest

_FILED_BY = ("mac", "source", "model", "user_agent", "vendor", "version", "interface", "profile_type")
"""The keys to file under, the one that tells most devices apart first."""

_RANKS = {SLOTS[key]: rank for rank, key in enumerate(_FILED_BY)}

_Filed = tuple[int, tuple[Term, ...]]
"""A slot, and what a rule can be filed under there."""


class Drawer(NamedTuple):
    """Numbers of rules, ascending, by a value of the key of that slot; `kind` and `size` are its `Term`'s."""

    slot: int
    kind: str
    size: int
    rules: dict[str | int, list[int]]


class RuleIndex:
    """Where the rules of a file, as numbers, are filed: `always` nowhere, all others in `drawers`."""

    def __init__(self, matches: Iterable[Match]) -> None:
        matches = tuple(matches)
        self.always: list[int] = []
        drawers: dict[tuple[int, str, int], dict[str | int, list[int]]] = {}
        possible = [_possible(match) for match in matches]
        sharing = Counter(
            (slot, term) for conditions in possible for slot, terms in conditions for term in terms
        )

        def shared(filed: _Filed) -> int:
            slot, terms = filed
            return sum(sharing[slot, term] for term in terms)

        for number, conditions in enumerate(possible):
            if not conditions:
                self.always.append(number)
                continue
            slot, terms = conditions[0] if len(conditions) == 1 else min(conditions, key=shared)
            for term in terms:
                drawer = drawers.setdefault((slot, term.kind, term.size), {})
                drawer.setdefault(term.value, []).append(number)
        self.drawers = tuple(Drawer(*filed, rules) for filed, rules in drawers.items())

    def wider(self, match: Match) -> Iterator[int]:
        """Numbers of rules, ascending, among which is each that may hold wherever `match` does."""
        found = [self.always] if self.always else []
        for slot, kind, size, drawer in self.drawers:
            for condition in match.conditions:
                if condition.slot == slot:
                    value = _looked_up(condition.tests[0], kind, size)
                    if value is not None and value in drawer:
                        found.append(drawer[value])
        return iter(found[0]) if len(found) == 1 else merge(*found)


def _possible(match: Match) -> list[_Filed]:
    """Under what a rule can be filed, one entry a condition, in the order of _FILED_BY."""
    filed = [(c.slot, terms) for c in match.conditions if (terms := _terms(c))]
    if len(filed) > 1:
        filed.sort(key=_by_rank)
    return filed


def _by_rank(filed: _Filed) -> int:
    return _RANKS[filed[0]]


def _terms(condition: Condition) -> tuple[Term, ...]:
    """None unless each value has one."""
    if len(condition.tests) == 1:
        term = condition.tests[0].term
        return () if term is None else (term,)
    terms = dict.fromkeys(test.term for test in condition.tests)
    return () if None in terms else tuple(term for term in terms if term is not None)


def _looked_up(test: ValueTest, kind: str, size: int) -> str | int | None:
    """Under which value of a drawer a rule stands that covers `test`."""
    if isinstance(test, Glob):
        return test.opening[:size] if kind == "prefix" and len(test.opening) >= size else None
    term = test.term
    if term is None:
        return None
    if isinstance(term.value, int):
        return term.value >> (term.size - size) if kind == "network" and size <= term.size else None
    if kind == "exact":
        return term.value if isinstance(test, Exact) else None
    long_enough = kind == "prefix" and isinstance(test, Exact | Prefix) and len(term.value) >= size
    return term.value[:size] if long_enough else None


assert set(_FILED_BY) == set(SLOTS)  # a new match key must say where it stands
