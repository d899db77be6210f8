"""A rule as it is needed while phones wait."""

from __future__ import annotations

from collections.abc import Iterable

from pnp_responder.circumstances import Circumstances
from pnp_responder.enrollment import Decision, Decline, Enrollment, Offer
from pnp_responder.rules.guards import Guards
from pnp_responder.rules.match import Condition, Match
from pnp_responder.rules.match_keys import SLOTS, Facts
from pnp_responder.rules.outcome_reader import Ignore, Reject
from pnp_responder.rules.rule_reader import Rule
from pnp_responder.rules.url_check import is_url
from pnp_responder.rules.value_tests import Comparisons, Glob

_MAC = SLOTS["mac"]

_ALWAYS_SOUND = {"mac", "local_ip", "source_ip"}
"""What makes no invalid URL of one that is valid for a sample."""


class ReadyRule:
    """`number` is its place in the file. `around`: its offer is the device's MAC between these two texts, and
    no secret is in it.

    `rest` is what of its match is to be asked where the index finds it by MAC or source; None for nothing,
    nor does its URL need more than the MAC.
    """

    __slots__ = ("_answer", "_bound", "_sound", "around", "match", "name", "needs", "number", "rest")

    def __init__(self, number: int, rule: Rule) -> None:
        self.number = number
        self.name = side_by_side(rule.name)
        self.match = rule.match
        self.needs = needed_slots(rule)
        self.rest: Match | None = rule.match
        self.around: tuple[str, str] | None = None
        self._answer: Decision | None = None
        self._bound = rule.bound
        self._sound = True
        outcome = rule.outcome
        if isinstance(outcome, Ignore):
            self._answer = Decline(f"rule '{rule.name}' says ignore", rule.name)
        elif isinstance(outcome, Reject):
            reason = f"rule '{rule.name}' rejects with {outcome.status}"
            self._answer = Decline(reason, rule.name, outcome.status)
        elif rule.bound is not None and rule.bound.constant is not None:
            self._answer = rule.bound.constant
        else:
            template = outcome.template
            self._sound = template.names_in_head() <= _ALWAYS_SOUND and "interface" not in template.names
            if self._sound and rule.bound is not None and rule.guards is None:
                self.around = rule.bound.around_mac()

    @property
    def constant(self) -> Offer | None:
        """The offer that it makes to every device alike; None if there is none."""
        return self._answer if isinstance(self._answer, Offer) else None

    def found_under(self, slot: int) -> None:
        """The index finds the rule by its condition in that slot, and by all that this asks, if it asks for
        whole MACs, prefixes and networks."""
        left = tuple(c for c in self.match.conditions if c.slot != slot or not _is_certain(c))
        if len(left) == len(self.match.conditions):
            return
        settled = not left and self.match.excluded is None and self.needs in ((), (_MAC,))
        self.rest = None if settled else Match(left, self.match.excluded)

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
        if not self._sound and "{{" not in offer.url and not is_url(offer.url):
            return Decline(f"rule '{self.name}' gives no valid URL for this device", self.name)
        return offer


class GuardedRule(ReadyRule):
    """A rule with options: only here do the circumstances matter."""

    __slots__ = ("_guards",)

    def __init__(self, number: int, rule: Rule, guards: Guards) -> None:
        super().__init__(number, rule)
        self._guards = guards

    @property
    def constant(self) -> Offer | None:
        """None, for it may be withheld."""
        return None

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


def side_by_side(text: str) -> str:
    """A copy of `text`, for copies made in a row lie in a row.

    Phones meet rules in no order, and what is spread over the memory of a whole file takes longer to reach
    than everything else takes here.
    """
    return text[:1] + text[1:]


def needed_slots(rule: Rule) -> tuple[int, ...]:
    """Where the facts stand that the rule's URL needs."""
    return () if rule.bound is None else tuple(SLOTS[name] for name in rule.bound.needs)


def _is_certain(condition: Condition) -> bool:
    return not any(isinstance(test, Glob | Comparisons) for test in condition.tests)
