"""The rules of a file, ready to decide. First match wins, in file order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pnp_responder.circumstances import NOTHING_KNOWN, Circumstances
from pnp_responder.enrollment import Decision, Enrollment, OfferToKind
from pnp_responder.masking import mask_url, mask_values
from pnp_responder.rules.guards import Withheld
from pnp_responder.rules.lint import lint
from pnp_responder.rules.match import Condition, Match
from pnp_responder.rules.match_keys import KEYS_BY_NAME, Facts, read_facts
from pnp_responder.rules.outcome_reader import UrlOutcome
from pnp_responder.rules.parsing import parse_document
from pnp_responder.rules.problems import Place, Problem
from pnp_responder.rules.ready_rule import NO_RULE, make_ready, needed_slots
from pnp_responder.rules.rule_finder import RuleFinder
from pnp_responder.rules.rule_index import RuleIndex
from pnp_responder.rules.rule_reader import Document, Rule, read_rules
from pnp_responder.rules.url_template import Template
from pnp_responder.rules.variables import Resolve, stand_in

__all__ = ["Place", "Rule", "RuleSet", "Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Does one rule match one enrollment, and if not, why not.

    `key` is the first key that does not hold (`not` for an exclusion; None where the URL's
    template lacks a value); `wanted` is the key's values as the file has them, `got` the device's
    value ("" not given, None unknown). `unknown` names the keys that nobody knows, and which
    therefore did not hold; of a rule that matches, also the circumstances that nobody knows, and which
    are taken to be in order. `withheld`: the rule matches, and its options keep its URL back.
    `reason` says it all in one sentence.
    """

    rule: Rule
    matched: bool
    reason: str
    key: str | None = None
    wanted: str = ""
    got: str | None = None
    unknown: tuple[str, ...] = ()
    withheld: Withheld | None = None


class RuleSet:
    """Immutable. `rules` are in file order; `warnings` is what is legal there and probably wrong."""

    def __init__(self, rules: tuple[Rule, ...], index: RuleIndex, warnings: tuple[Problem, ...]) -> None:
        self.rules = rules
        self.warnings = warnings
        self._finder = RuleFinder(make_ready(rules), index)

    @classmethod
    def from_text(cls, text: str, name: str, resolve: Resolve = stand_in) -> RuleSet:
        """The rules of a rules.yaml. `name` stands for the file in problems.

        `resolve` gives the secrets that stand elsewhere. The `service:` section is left to
        `service.settings`. Raises RulesError with all problems.
        """
        document = parse_document(text, name, resolve)
        rules = cls.from_document(document)
        document.findings.raise_errors()
        return rules

    @classmethod
    def from_document(cls, document: Document) -> RuleSet:
        """As `from_text`; errors stay in the document's findings, and then the result is of no use."""
        rules = read_rules(document)
        index = RuleIndex(rule.match for rule in rules)
        lint(rules, index, document)
        problems = document.findings.sorted()
        return cls(rules, index, tuple(problem for problem in problems if problem.severity == "warning"))

    @property
    def secrets(self) -> frozenset[str]:
        """The texts out of variables that are secret, and are to be masked wherever a URL stands."""
        found = (secret for template in self._templates() for secret in template.secrets)
        return frozenset(secret.value for secret in found if secret.known)

    def mask(self, text: str) -> str:
        """`text` with a URL of these rules in it, without its secrets."""
        return mask_url(mask_values(text, self.secrets))

    @property
    def holds_secrets(self) -> bool:
        """Does a secret stand in the file itself, in a URL or in a variable of one?"""
        return any(template.holds_written_secret for template in self._templates())

    def _templates(self) -> Iterator[Template]:
        outcomes = (rule.outcome for rule in self.rules)
        return (outcome.template for outcome in outcomes if isinstance(outcome, UrlOutcome))

    @property
    def has_options(self) -> bool:
        """Does any rule ask for circumstances?"""
        return any(rule.guards is not None for rule in self.rules)

    @property
    def once(self) -> dict[str, int]:
        """The names of the rules that offer once in a time, with that time in seconds."""
        return {rule.name: rule.guards.once for rule in self.rules if rule.guards and rule.guards.once}

    @property
    def window_rules(self) -> int:
        """How many rules wait for the enrolment window."""
        return sum(rule.guards is not None and rule.guards.window for rule in self.rules)

    def decide(self, enrollment: Enrollment, circumstances: Circumstances = NOTHING_KNOWN) -> Decision:
        """What the first matching rule says; a Decline without rule if none matches. Never raises.

        Without circumstances the rules' options are taken to be in order: for whoever only asks what
        the rules say. Where devices are served they are always given.
        """
        rule = self._finder.find(enrollment)
        return NO_RULE if rule is None else rule.decide(enrollment, circumstances)

    def for_kind(self, enrollment: Enrollment, agents_differ: bool) -> OfferToKind | None:
        """See `enrollment.ForKind`; what rules with options say is left to `decide`."""
        kind = self._finder.kind(enrollment, agents_differ)
        return None if kind is None else kind.offer

    def explain(
        self, enrollment: Enrollment, circumstances: Circumstances = NOTHING_KNOWN
    ) -> tuple[Verdict, ...]:
        """A verdict for each rule, in file order. The first that matched is the one that decides."""
        facts = read_facts(enrollment)
        return tuple(_judge(rule, enrollment, facts, circumstances) for rule in self.rules)


def _judge(rule: Rule, enrollment: Enrollment, facts: Facts, circumstances: Circumstances) -> Verdict:
    unknown = _unknown(rule.match, facts)
    for condition in rule.match.conditions:
        if not condition.holds(facts):
            return _missed(rule, condition, enrollment, unknown)
    excluded = rule.match.excluded
    if excluded is not None and excluded.holds(facts):
        wanted = "; ".join(f"{condition.key}: {condition.wanted}" for condition in excluded.conditions)
        return Verdict(rule, False, f"'not' excludes it ({wanted})", "not", wanted, "", unknown)
    for name, slot in zip(() if rule.bound is None else rule.bound.needs, needed_slots(rule), strict=True):
        if not facts[slot]:
            reason = f"needs {{{{ {name} }}}}, which the device did not give"
            return Verdict(rule, False, reason, None, "", "", unknown)
    if rule.guards is None:
        return Verdict(rule, True, "matches", unknown=unknown)
    withheld, unjudged = rule.guards.judge(rule.name, enrollment, circumstances)
    reason = "matches" if withheld is None else f"matches, but {withheld.reason}"
    return Verdict(rule, True, reason, unknown=unknown + unjudged, withheld=withheld)


def _missed(rule: Rule, condition: Condition, enrollment: Enrollment, unknown: tuple[str, ...]) -> Verdict:
    key, wanted = condition.key, condition.wanted
    got = KEYS_BY_NAME[key].show(enrollment)
    if got is None:
        reason = f"{key} is unknown (wanted {wanted}): give --{key}"
    elif got == "":
        reason = f"{key} was not given (wanted {wanted})"
    else:
        reason = f"{key} is '{got}' (wanted {wanted})"
    return Verdict(rule, False, reason, key, wanted, got, unknown)


def _unknown(match: Match, facts: Facts) -> tuple[str, ...]:
    """The keys of a match, and of its `not`, whose fact nobody knows."""
    own = (condition.key for condition in match.conditions if facts[condition.slot] is None)
    excluded = () if match.excluded is None else _unknown(match.excluded, facts)
    return tuple(dict.fromkeys((*own, *excluded)))
