"""A rule's `match`: keys that must all hold, and a `not` that must not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pnp_responder.rules.match_keys import OWN_SLOTS, SLOTS, Facts
from pnp_responder.rules.value_tests import Exact, Prefix, ValueTest


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of a match with the tests of its values, of which one must hold."""

    key: str
    tests: tuple[ValueTest, ...]
    wanted: str
    """The values as the file has them."""
    slot: int = field(init=False)
    _exact: frozenset[str] = field(init=False)
    _others: tuple[ValueTest, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slot", SLOTS[self.key])
        object.__setattr__(self, "_exact", frozenset([t.value for t in self.tests if isinstance(t, Exact)]))
        object.__setattr__(self, "_others", tuple([t for t in self.tests if not isinstance(t, Exact)]))

    def holds(self, facts: Facts) -> bool:
        """Does one of the values fit? An unknown fact (None) fits none."""
        value = facts[self.slot]
        if value is None:
            return False
        if value in self._exact:
            return True
        for test in self._others:  # noqa: SIM110 -- twice as fast as any()
            if test.holds(value):
                return True
        return False

    def fits(self, value: str) -> bool:
        """As `holds`, of a device whose fact is `value`."""
        return any(test.holds(value) for test in self.tests)

    def covers(self, other: Condition) -> bool:
        """Does this one hold wherever `other`, on the same key, holds?"""
        if self is other:
            return True
        for test in other.tests:
            if isinstance(test, Exact) and test.value in self._exact:
                continue
            if not any(mine.covers(test) for mine in self.tests):
                return False
        return True

    def excludes(self, other: Condition) -> bool:
        """Is it sure that no value fits both?"""
        return all(_disjoint(mine, theirs) for mine in self.tests for theirs in other.tests)

    @property
    def demands_value(self) -> bool:
        """Must the device give this value for the condition to hold?"""
        return "" not in self._exact


class Match(NamedTuple):
    """All `conditions` hold, and `excluded` does not. Without either: every device."""

    conditions: tuple[Condition, ...] = ()
    excluded: Match | None = None

    def holds(self, facts: Facts) -> bool:
        for condition in self.conditions:
            if not condition.holds(facts):
                return False
        return self.excluded is None or not self.excluded.holds(facts)

    def asks(self, slot: int) -> bool:
        """Does it hang on the fact in that slot?"""
        return any(condition.slot == slot for condition in self.conditions) or (
            self.excluded is not None and self.excluded.asks(slot)
        )

    def left_open(self, facts: Facts) -> Match | None:
        """What is still to be asked of a device of that kind, whose MAC and source count for nothing here.

        ANYTHING: it holds for the whole kind. None: for none of it.
        """
        own: tuple[Condition, ...] = ()
        for condition in self.conditions:
            if condition.slot in OWN_SLOTS:
                own += (condition,)
            elif not condition.holds(facts):
                return None
        excluded = None if self.excluded is None else self.excluded.left_open(facts)
        if excluded is None:
            return Match(own) if own else ANYTHING
        return None if excluded is ANYTHING else Match(own, excluded)

    def condition(self, key: str) -> Condition | None:
        """The condition on `key`, if there is one."""
        for condition in self.conditions:  # three times as fast as next() of a generator
            if condition.key == key:
                return condition
        return None

    def covers(self, other: Match) -> bool:
        """Is it sure that this holds wherever `other` holds?"""
        for mine in self.conditions:
            theirs = other.condition(mine.key)
            if theirs is None or not mine.covers(theirs):
                return False
        if self.excluded is None:
            return True
        if other.excluded is not None and other.excluded.covers(self.excluded):
            return True
        return any(
            theirs.excludes(mine)
            for mine in self.excluded.conditions
            for theirs in other.conditions
            if theirs.key == mine.key
        )


ANYTHING = Match()


def _disjoint(one: ValueTest, other: ValueTest) -> bool:
    if isinstance(one, Exact):
        return not _fits(other, one.value)
    if isinstance(other, Exact):
        return not _fits(one, other.value)
    if isinstance(one, Prefix) and isinstance(other, Prefix):
        return not (one.value.startswith(other.value) or other.value.startswith(one.value))
    return False


def _fits(test: ValueTest, value: str) -> bool:
    return test.value == value if isinstance(test, Exact) else test.holds(value)
