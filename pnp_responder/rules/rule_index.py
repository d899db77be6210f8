"""How the first matching rule is found without asking every rule.

Each rule is filed under one condition whose values are plain enough to look up (a MAC, a prefix, a
text, a network, what a glob begins with): the one that it shares with the fewest rules. Rules without
such a condition are asked always. A device looks into one drawer per kind of value, and asks what it
finds there in file order. Filing only leaves out rules that cannot match, so the answer is the one that
asking all rules in order would give.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge

from pnp_responder.rules.match import Condition, Match
from pnp_responder.rules.match_keys import SLOTS, Facts
from pnp_responder.rules.value_tests import Exact, Glob, Prefix, Term, ValueTest, address_number

_FILED_BY = ("mac", "source", "model", "user_agent", "vendor", "version", "interface", "profile_type")
"""The keys to file under, the one that tells most devices apart first."""

_OWN_SLOTS = frozenset({SLOTS["mac"], SLOTS["source"]})
"""Where devices of one kind differ. In all others they are alike, and what is found there serves the next."""

_RANKS = {SLOTS[key]: rank for rank, key in enumerate(_FILED_BY)}

_FEW = 64
"""So many candidates are sorted at once; of more, one after the other is found."""

_OCTETS = "octets"

_Filed = tuple[int, tuple[Term, ...]]
"""A slot, and what a rule can be filed under there."""

_Drawer = dict[str | int, list[int]]


class RuleIndex:
    """Finds the numbers of the rules that may match, in file order."""

    def __init__(self, matches: Iterable[Match]) -> None:
        self._matches = matches = tuple(matches)
        self._always: list[int] = []
        drawers: dict[tuple[int, str, int], _Drawer] = {}
        possible = [_possible(match) for match in matches]
        sharing = Counter(
            (slot, term) for conditions in possible for slot, terms in conditions for term in terms
        )

        def shared(filed: _Filed) -> int:
            slot, terms = filed
            return sum(sharing[slot, term] for term in terms)

        for number, conditions in enumerate(possible):
            if not conditions:
                self._always.append(number)
                continue
            slot, terms = conditions[0] if len(conditions) == 1 else min(conditions, key=shared)
            for term in terms:
                drawer = drawers.setdefault((slot, term.kind, term.size), {})
                drawer.setdefault(term.value, []).append(number)
        self._drawers = tuple((slot, kind, size, drawer) for (slot, kind, size), drawer in drawers.items())
        self._own = tuple(_by_octets(*filed) for filed in self._drawers if filed[0] in _OWN_SLOTS)
        self._alike = tuple(filed for filed in self._drawers if filed[0] not in _OWN_SLOTS)

    def alike(self, facts: Facts) -> list[int]:
        """The part of the candidates that devices have in common which differ in MAC and source alone."""
        found = [self._always, *_found(self._alike, facts)]
        return [
            number
            for number in sorted({number for numbers in found for number in numbers})
            if all(c.slot in _OWN_SLOTS or c.holds(facts) for c in self._matches[number].conditions)
        ]

    def candidates(self, facts: Facts, alike: list[int]) -> Sequence[int] | Iterator[int]:
        """Numbers of rules, ascending, perhaps one more than once, among which is each that matches.

        `alike` is what the method of that name gives for these facts.
        """
        found = _found(self._own, facts)
        if alike:
            found.append(alike)
        if len(found) == 1:
            return found[0]
        if sum(map(len, found)) > _FEW:
            return merge(*found)
        return sorted([number for numbers in found for number in numbers])

    def wider(self, match: Match) -> Iterator[int]:
        """Numbers of rules, ascending, among which is each that may hold wherever `match` does."""
        found = [self._always]
        for slot, kind, size, drawer in self._drawers:
            for condition in match.conditions:
                if condition.slot == slot:
                    value = _looked_up(condition.tests[0], kind, size)
                    if value is not None and value in drawer:
                        found.append(drawer[value])
        return merge(*found)


def _by_octets(slot: int, kind: str, size: int, drawer: _Drawer) -> tuple[int, str, int, _Drawer]:
    """Networks of whole octets are found by how an address begins as a text: it need not be made a number."""
    if kind != "network" or size not in (8, 16, 24):
        return slot, kind, size, drawer
    octets = size // 8
    named: _Drawer = {
        ".".join(map(str, int(value).to_bytes(octets, "big"))): rules for value, rules in drawer.items()
    }
    return slot, _OCTETS, octets, named


def _found(drawers: Iterable[tuple[int, str, int, _Drawer]], facts: Facts) -> list[list[int]]:
    found = []
    for slot, kind, size, drawer in drawers:
        text = facts[slot]
        if text is None:
            continue
        if kind == "exact":
            numbers = drawer.get(text)
        elif kind == "prefix":
            numbers = drawer.get(text[:size])
        elif kind == _OCTETS:
            numbers = drawer.get(text.rsplit(".", 4 - size)[0])
        else:
            numbers = drawer.get(address_number(text) >> (32 - size))
        if numbers is not None:
            found.append(numbers)
    return found


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
