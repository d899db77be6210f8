"""A rule as it is needed while phones wait."""

from __future__ import annotations

from collections.abc import Iterable

from pnp_responder.circumstances import Circumstances
from pnp_responder.enrollment import Decision, Decline, Enrollment
from pnp_responder.rules.guards import Guards
from pnp_responder.rules.match import Match
from pnp_responder.rules.match_keys import OWN_SLOTS, SLOTS, Facts
from pnp_responder.rules.outcome_reader import Ignore, Reject
from pnp_responder.rules.rule_reader import Rule
from pnp_responder.rules.url_check import is_url
from pnp_responder.rules.value_tests import Comparisons, Exact, Glob

_MAC = SLOTS["mac"]


class ReadyRule:
    """`number` is its place in the file. `certain`: it matches wherever the index finds it by MAC or source.

    `around`: its offer is the device's MAC between these two texts, and no secret is in it.
    """

    __slots__ = ("_answer", "_bound", "_head_fixed", "around", "certain", "match", "name", "needs", "number")

    def __init__(self, number: int, rule: Rule) -> None:
        self.number = number
        self.name = rule.name
        self.match = rule.match
        self.needs = needed_slots(rule)
        self.certain = _is_certain(rule.match, self.needs)
        self.around: tuple[str, str] | None = None
        self._answer: Decision | None = None
        self._bound = rule.bound
        self._head_fixed = True
        outcome = rule.outcome
        if isinstance(outcome, Ignore):
            self._answer = Decline(f"rule '{rule.name}' says ignore", rule.name)
        elif isinstance(outcome, Reject):
            reason = f"rule '{rule.name}' rejects with {outcome.status}"
            self._answer = Decline(reason, rule.name, outcome.status)
        elif rule.bound is not None and rule.bound.constant is not None:
            self._answer = rule.bound.constant
        else:
            self._head_fixed = outcome.template.head_is_fixed() and "interface" not in outcome.template.names
            if self._head_fixed and rule.bound is not None and rule.guards is None:
                self.around = rule.bound.around_mac()

    def holds(self, facts: Facts) -> bool:
        """Does the rule match, and is all there that its URL needs?"""
        return self.is_served(facts) and self.match.holds(facts)

    def is_served(self, facts: Facts) -> bool:
        """Is all there that its URL needs?"""
        for slot in self.needs:  # noqa: SIM110 -- the hot path
            if not facts[slot]:
                return False
        return True

    def decide(self, enrollment: Enrollment, circumstances: Circumstances) -> Decision:
        """What it says to a device that it matches."""
        if self._answer is not None or self._bound is None:
            return self._answer or NO_RULE
        offer = self._bound.offer(enrollment)
        if not self._head_fixed and "{{" not in offer.url and not is_url(offer.url):
            return Decline(f"rule '{self.name}' gives no valid URL for this device", self.name)
        return offer


class GuardedRule(ReadyRule):
    """A rule with options: only here do the circumstances matter."""

    __slots__ = ("_guards",)

    def __init__(self, number: int, rule: Rule, guards: Guards) -> None:
        super().__init__(number, rule)
        self._guards = guards

    def decide(self, enrollment: Enrollment, circumstances: Circumstances) -> Decision:
        """As a rule without options, unless they withhold it."""
        withheld = self._guards.judge(self.name, enrollment, circumstances).withheld
        return super().decide(enrollment, circumstances) if withheld is None else withheld


NO_RULE = Decline("no rule matches")


def make_ready(rules: Iterable[Rule]) -> list[ReadyRule]:
    """The rules of a file, in its order."""
    ready = []
    texts: dict[tuple[str, str] | None, tuple[str, str] | None] = {}
    for number, rule in enumerate(rules):
        one = ReadyRule(number, rule) if rule.guards is None else GuardedRule(number, rule, rule.guards)
        # Where thousands of rules say the same, one pair for all is at hand sooner.
        one.around = texts.setdefault(one.around, one.around)
        ready.append(one)
    return ready


def needed_slots(rule: Rule) -> tuple[int, ...]:
    """Where the facts stand that the rule's URL needs."""
    return () if rule.bound is None else tuple(SLOTS[name] for name in rule.bound.needs)


def _is_certain(match: Match, needs: tuple[int, ...]) -> bool:
    """A drawer finds a whole MAC, a prefix of one or a network by all that these ask."""
    if len(match.conditions) != 1 or match.excluded is not None:
        return False
    condition = match.conditions[0]
    if condition.slot not in OWN_SLOTS or any(isinstance(t, Glob | Comparisons) for t in condition.tests):
        return False
    # Only what was found by a MAC has one for sure.
    return not needs or (needs == (_MAC,) and condition.slot == _MAC and Exact("") not in condition.tests)
