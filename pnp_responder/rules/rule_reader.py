"""From nodes to rules: the grammar of `vars`, `defaults` and `rules`. All problems in one run."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from pnp_responder.rules.bound_template import BoundTemplate
from pnp_responder.rules.fields import (
    is_nothing,
    is_readable,
    known_fields,
    read_mapping,
    read_text,
)
from pnp_responder.rules.guard_reader import (
    GUARD_NAMES,
    REQUIREMENT_NAMES,
    Written,
    combine,
    read_guards,
    refuse_without_url,
)
from pnp_responder.rules.guards import Guards
from pnp_responder.rules.match import Match
from pnp_responder.rules.match_keys import KEYS_BY_NAME
from pnp_responder.rules.match_reader import read_match
from pnp_responder.rules.outcome_reader import OUTCOMES, Outcome, UrlOutcome, Variables, read_outcome
from pnp_responder.rules.places import Mapping, Node, Sequence, Text, Unreadable
from pnp_responder.rules.problems import MOST_PROBLEMS, Findings, Place, did_you_mean
from pnp_responder.rules.secret import Variable
from pnp_responder.rules.variables import Resolve, read_variables, stand_in

SECTIONS = ("service", "vars", "defaults", "rules", "tests")
RULE_KEYS = ("name", "match", *OUTCOMES, *GUARD_NAMES)
_REQUIREMENTS_ELSEWHERE = {name: f"'{name}' belongs under 'require:'" for name in REQUIREMENT_NAMES}
_ELSEWHERE = _REQUIREMENTS_ELSEWHERE | {
    key: f"'{key}' belongs under 'match:'" for key in (*KEYS_BY_NAME, "not")
}
_RULE_KEYS = frozenset(RULE_KEYS)
MANY_KEYS = 100
"""That a rule does not have: which of them may be meant for another is not looked for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `place` is its `name` key, or its beginning; `bound` renders its URL, if it
    has one. `sound`: its match has no problem, so it is worth comparing with others. `guards` are
    its options, those of `defaults` among them, or None if it has none.
    """

    name: str
    place: Place
    match: Match
    outcome: Outcome
    bound: BoundTemplate | None = None
    sound: bool = True
    guards: Guards | None = None


class Defaults(NamedTuple):
    """What a rule takes from `defaults:` where it says nothing."""

    outcome: Outcome | None = None
    guards: Written = MappingProxyType({})


@dataclass(slots=True)
class Document:
    """A file as nodes. `root` is None if it cannot be read at all; `findings` collects its problems.

    `resolve` gives the secrets that stand elsewhere; `lenient`: one that cannot be had is a warning.
    `nodes` are those of the rules that were read, in their order: much of the memory of a large file, and
    gone with the document.
    """

    findings: Findings
    root: Mapping | None
    resolve: Resolve = stand_in
    lenient: bool = False
    variables: dict[str, Variable] = field(default_factory=dict)
    nodes: list[Mapping] = field(default_factory=list)
    variables_taken: bool = False
    reader: RuleReader | None = None
    """Has read the rules while the file was parsed."""

    def section(self, name: str) -> Node | None:
        """The value of a top-level key, if the file has it."""
        entry = self.root.entries.get(name) if self.root is not None else None
        return None if entry is None else entry[1]


def read_rules(document: Document) -> tuple[Rule, ...]:
    """The rules of a document that could be parsed. Problems go to its findings."""
    if document.root is None:
        return ()
    findings = document.findings
    known_fields(findings, document.root, SECTIONS)
    if findings.full:
        return ()
    rules = document.section("rules")
    if document.reader is None:
        take_variables(document, document.section("vars"))
        defaults = document.section("defaults")
        document.reader = RuleReader(document, document.variables, read_defaults(document, defaults))
        document.reader.may_lack_outcome = names_outcome(defaults)
        for node in rules.items if isinstance(rules, Sequence) else ():
            document.reader.read(node)
            if findings.full:
                findings.end(node, f"more than {MOST_PROBLEMS:,} problems: the file is read no further")
                break
    if isinstance(rules, Sequence):
        document.nodes = document.reader.nodes
        return tuple(document.reader.rules)
    if rules is None:
        if any("'rules'" in did_you_mean(key, SECTIONS) for key in document.root.entries):
            return ()  # the misspelled key is noted already
        findings.error(document.root, "'rules:' is missing", "'rules: []' answers no phone, only listens")
    elif not isinstance(rules, Unreadable):
        hint = (
            "'rules: []' answers no phone, only listens"
            if is_nothing(rules)
            else "each rule begins with '- '"
        )
        findings.error(rules, "expected a list of rules", hint)
    return ()


def take_variables(document: Document, section: Node | None) -> None:
    """Read the section `vars`, once. Problems go to the findings."""
    if document.variables_taken:
        return
    document.variables_taken = True
    document.variables = read_variables(
        document.findings, section, document.resolve, lenient=document.lenient
    )


def read_defaults(document: Document, node: Node | None) -> Defaults:
    """What the section `defaults` says. Problems go to the findings."""
    if node is None or is_nothing(node):
        return Defaults()
    mapping = read_mapping(document.findings, node, "keys of a rule, such as 'url:'")
    if mapping is None:
        return Defaults()
    own = {key: f"'{key}' belongs to a single rule" for key in ("name", "match")}
    own |= _REQUIREMENTS_ELSEWHERE
    fields = known_fields(document.findings, mapping, (*OUTCOMES, *GUARD_NAMES), own)
    outcome = read_outcome(document.findings, document.variables, fields, {})[1]
    return Defaults(outcome, read_guards(document.findings, fields))


class RuleReader:
    """Reads rules one after the other. `rules` are those that are right, `nodes` where they stand.

    `may_lack_outcome`: a rule without an outcome is no mistake, for `defaults` names one, right or wrong.
    """

    def __init__(self, document: Document, variables: Variables, defaults: Defaults) -> None:
        self.rules: list[Rule] = []
        self.nodes: list[Mapping] = []
        self.may_lack_outcome = False
        self._findings = document.findings
        self._variables = variables
        self._defaults = defaults
        self._names: dict[str, int] = {}
        self._urls: dict[str, UrlOutcome] = {}
        self._number = 0

    def read(self, node: Node) -> None:
        """Read the next rule. Problems go to the findings."""
        self._number += 1
        mapping = read_mapping(self._findings, node, "a rule: 'match:' and an outcome such as 'url:'")
        rule = None if mapping is None else self._read(mapping)
        if mapping is not None and rule is not None:
            self.rules.append(rule)
            self.nodes.append(mapping)

    def _read(self, mapping: Mapping) -> Rule | None:
        findings, names = self._findings, self._names
        fields = known_fields(findings, mapping, RULE_KEYS, _ELSEWHERE)
        at, name = _read_name(findings, fields, mapping, self._number)
        if name in names:
            findings.error(at, f"rule '{name}' has the name of the rule at line {names[name]}")
        names.setdefault(name, at.line)
        match = Match()
        sound = mapping.entries.keys() <= _RULE_KEYS
        if "match" in fields:
            noted = findings.noted
            match = read_match(findings, *fields["match"])
            sound = sound and findings.noted == noted and is_readable(fields["match"][1])
        written, outcome = read_outcome(findings, self._variables, fields, self._urls)
        if not written:
            outcome = self._defaults.outcome
            if outcome is None and not self.may_lack_outcome and not _means_outcome(mapping):
                findings.error(
                    mapping,
                    f"rule '{name}' has no outcome",
                    "give it one of 'url:', 'ignore: true', 'reject: CODE', or put one in 'defaults:'",
                )
        own = read_guards(findings, fields)
        if outcome is None:
            return None
        if not isinstance(outcome, UrlOutcome):
            refuse_without_url(findings, fields, own, name)
            return Rule(name, findings.place(at), match, outcome, None, sound)
        guards = combine(self._defaults.guards, own)
        bound = BoundTemplate(outcome.template, name)
        return Rule(name, findings.place(at), match, outcome, bound, sound, guards)


def _means_outcome(mapping: Mapping) -> bool:
    """Is there a misspelled or misplaced outcome, which is noted already?"""
    match = mapping.entries.get("match")
    if (
        match is not None
        and isinstance(match[1], Mapping)
        and any(key in match[1].entries for key in OUTCOMES)
    ):
        return True
    others = [key for key in mapping.entries if key not in RULE_KEYS]
    return len(others) > MANY_KEYS or any(did_you_mean(key, OUTCOMES) for key in others)


def names_outcome(defaults: Node | None) -> bool:
    """Do the defaults name an outcome, if only a wrong one?"""
    return isinstance(defaults, Unreadable) or (
        isinstance(defaults, Mapping) and any(key in defaults.entries for key in OUTCOMES)
    )


def _read_name(
    findings: Findings, fields: dict[str, tuple[Text, Node]], mapping: Mapping, number: int
) -> tuple[Text | Mapping, str]:
    """The rule's name, and the node that stands for the rule's place: its `name` key or its beginning."""
    implied = f"rule-{number}"
    if "name" not in fields:
        return mapping, implied
    key, value = fields["name"]
    text = read_text(findings, value, "a text as the rule's name")
    if text is None:
        return key, implied
    if not text.value.isprintable():
        findings.error(text, "a rule's name is one line of printable characters")
        return key, implied
    return key, text.value
