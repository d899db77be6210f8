"""From nodes to a `Match`: the grammar of a rule's `match` and of its `not`."""

from __future__ import annotations

from pnp_responder.rules.fields import is_nothing, known_fields, read_mapping, read_texts
from pnp_responder.rules.guard_reader import GUARD_NAMES
from pnp_responder.rules.match import Condition, Match
from pnp_responder.rules.match_keys import KEYS_BY_NAME, compile_value
from pnp_responder.rules.outcome_reader import OUTCOMES
from pnp_responder.rules.places import Node, Text
from pnp_responder.rules.problems import Findings
from pnp_responder.rules.value_tests import Exact, ValueTest

MATCH_KEYS = (*KEYS_BY_NAME, "not")
BESIDE_MATCH = ("name", "match", *OUTCOMES, *GUARD_NAMES)
_OUTSIDE = {name: f"'{name}' belongs to the rule, beside 'match:'" for name in BESIDE_MATCH}


def read_match(findings: Findings, key: Text, node: Node, inside_not: bool = False) -> Match:
    """What stands behind `key`, which is `match` or `not`. Problems go to `findings`."""
    if is_nothing(node):
        hint = "" if inside_not else "write 'match: {}' for every device"
        findings.error(key, f"'{key.value}:' has nothing behind it", hint)
        return Match()
    mapping = read_mapping(findings, node, "match keys such as 'vendor: …'")
    if mapping is None:
        return Match()
    if inside_not and not mapping.entries:
        findings.error(node, "an empty 'not' excludes every device", "leave it out, or give it keys")
    conditions = []
    excluded = None
    for name, (inner, value) in known_fields(findings, mapping, MATCH_KEYS, _OUTSIDE).items():
        if name == "not":
            excluded = read_match(findings, inner, value, inside_not=True)
        else:
            condition = _read_condition(findings, name, value)
            if condition is not None:
                conditions.append(condition)
    return Match(tuple(conditions), excluded)


def _read_condition(findings: Findings, name: str, node: Node) -> Condition | None:
    key = KEYS_BY_NAME[name]
    hint = "write 'none' for a value that the device did not give" if key.none_allowed else ""
    if isinstance(node, Text) and node.value == "":
        findings.error(node, f"'{name}' has no value", hint)
        return None
    texts = read_texts(findings, node, "a text")
    tests: list[ValueTest] = []
    for text in texts:
        try:
            tests.append(compile_value(key, text.value))
        except ValueError as error:
            findings.error(text, str(error))
            if findings.full:
                break
    if key.missing_counts_as and any(test.holds(key.missing_counts_as) for test in tests):
        tests.append(Exact(""))
    return Condition(name, tuple(tests), ", ".join(text.value for text in texts)) if tests else None
