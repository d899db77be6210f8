"""The warnings: what is legal and probably wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pnp_responder.masking import mask_source
from pnp_responder.rules.lint_guards import allowed_networks, lint_guards
from pnp_responder.rules.match import Condition
from pnp_responder.rules.oui_table import OUI_VENDORS, SURE_VENDORS
from pnp_responder.rules.outcome_reader import UrlOutcome
from pnp_responder.rules.phones import FOLDER_URL_VENDORS, KNOWN_MACROS
from pnp_responder.rules.places import Mapping, Node, Sequence, Spot, Text
from pnp_responder.rules.problems import Findings, Placed
from pnp_responder.rules.rule_index import RuleIndex
from pnp_responder.rules.rule_reader import Document, Rule
from pnp_responder.rules.url_check import PLAIN_SCHEMES, has_credentials, scheme
from pnp_responder.rules.value_tests import Exact, Glob, Prefix

MAX_UDP_MESSAGE = 1300
"""RFC 3261 18.1.1: a request longer than this many octets may not go by UDP."""
NOTIFY_OVERHEAD = 620
"""Octets of a NOTIFY beside its URL: about 480 in the longest one seen, and room for long values."""
MAX_SHADOW_STEPS = 500_000
"""Comparisons of two rules before the search for rules that never match gives up: about a second.
1,000 rules that no index can tell apart need as many; 50,000 with a MAC each need 50,000."""

_MACRO = re.compile(r"\$[A-Za-z]+|\{[A-Za-z]+\}")


def lint(rules: tuple[Rule, ...], index: RuleIndex, document: Document) -> None:
    """Add the warnings about `rules`, as read from `document`, to its findings. `index` is theirs."""
    seen: set[tuple[int, int]] = set()
    allowed = allowed_networks(document)
    for rule, node in zip(rules, document.nodes, strict=True):
        outcome = rule.outcome
        if isinstance(outcome, UrlOutcome) and (outcome.node.line, outcome.node.column) not in seen:
            seen.add((outcome.node.line, outcome.node.column))
            _lint_url(outcome, document.findings)
        if not rule.sound:
            continue
        if isinstance(outcome, UrlOutcome) and outcome.sample:
            _lint_url_for_vendor(rule, outcome, node, document.findings)
        _lint_oui(rule, node, document.findings)
        _lint_never_given(rule, document.findings)
        if rule.guards is not None:
            lint_guards(rule, rule.guards, node, allowed, document.findings)
    _lint_unused_default(document, seen)
    _lint_comments_in_vars(document)
    _lint_shadowed(rules, index, document.findings)


def _lint_unused_default(document: Document, seen: set[tuple[int, int]]) -> None:
    """A default URL that no rule takes still gets its comment looked at."""
    defaults = document.section("defaults")
    entry = defaults.entries.get("url") if isinstance(defaults, Mapping) else None
    if entry is not None and isinstance(entry[1], Text) and (entry[1].line, entry[1].column) not in seen:
        _lint_comment(entry[1], document.findings)


def _lint_comments_in_vars(document: Document) -> None:
    section = document.section("vars")
    for _, value in section.entries.values() if isinstance(section, Mapping) else ():
        if isinstance(value, Text) and "://" in value.value:
            _lint_comment(value, document.findings)


def _lint_url(outcome: UrlOutcome, findings: Findings) -> None:
    node = outcome.node
    _lint_comment(node, findings)
    url = outcome.sample
    if not url:
        return
    if has_credentials(url) and scheme(url) in PLAIN_SCHEMES:
        message = f"credentials over plain {scheme(url)}: everyone on the way can read them"
        findings.warning(node, message, "use https")
    octets = len(outcome.template.sample() if outcome.template.secrets else url)
    length = NOTIFY_OVERHEAD + octets
    if length > MAX_UDP_MESSAGE:
        findings.warning(
            node,
            f"this URL of about {octets} octets makes a NOTIFY longer than UDP takes ({MAX_UDP_MESSAGE})",
            f"keep it below {MAX_UDP_MESSAGE - NOTIFY_OVERHEAD}",
        )


def _lint_comment(node: Text, findings: Findings) -> None:
    """A plain scalar ends at ` #`: half of a URL may have become a comment."""
    if not node.plain or node.value == "":
        return
    rest = findings.line(node.end_line)[node.end_column - 1 :]
    if re.match(r"\s+#", rest):
        findings.warning(
            node,
            "a comment (' #') ends this URL",
            "write '%23' if it belongs to the URL; quotes round the URL if it does not",
        )


def _lint_url_for_vendor(rule: Rule, outcome: UrlOutcome, node: Mapping, findings: Findings) -> None:
    vendors = _vendors(rule)
    if not vendors:
        return
    inside = node.entries.get("url")
    at: Placed = outcome.node if inside is not None else Spot(rule.place.line, rule.place.column)
    macros: Iterable[str] = ()
    if _MACRO.search(outcome.sample):
        macros = dict.fromkeys(_MACRO.findall(mask_source(outcome.sample)))
    for vendor in vendors:
        for macro in macros:
            if vendor in KNOWN_MACROS and macro not in KNOWN_MACROS[vendor]:
                known = ", ".join(sorted(KNOWN_MACROS[vendor]))
                findings.warning(
                    at,
                    f"rule '{rule.name}' sends '{macro}' to {vendor} phones, which do not replace it",
                    f"they know {known}" if known else "they replace nothing; use {{ mac }}",
                )
        if vendor in FOLDER_URL_VENDORS and not outcome.template.ends_in_folder:
            message = f"rule '{rule.name}': {vendor} phones ignore a URL that does not end in '/'"
            findings.warning(at, message, "they add the file's name themselves")


def _vendors(rule: Rule) -> list[str]:
    """The vendors of the tables that a rule is about; none unless every value of its match is sure."""
    condition = rule.match.condition("vendor")
    if condition is None:
        macs = rule.match.condition("mac")
        makers = [OUI_VENDORS.get(oui) for oui in _ouis(macs)] if macs is not None else []
        return list(dict.fromkeys(m for m in makers if m is not None)) if None not in makers else []
    found: dict[str, None] = {}
    for test in condition.tests:
        names = [name for name in KNOWN_MACROS if test.holds(name)]
        if not names or isinstance(test, Prefix) and len(test.value) < 3:
            return []
        found.update(dict.fromkeys(names))
    return list(found)


def _ouis(condition: Condition) -> list[str]:
    """For each value of `mac` its first three octets; "" where it leaves them open."""
    texts = []
    for test in condition.tests:
        if isinstance(test, Exact | Prefix):
            texts.append(test.value[:6])
        elif isinstance(test, Glob):
            texts.append(test.opening[:6])
    return [text if len(text) == 6 else "" for text in texts]


def _lint_oui(rule: Rule, written: Mapping, findings: Findings) -> None:
    vendors, macs = rule.match.condition("vendor"), rule.match.condition("mac")
    if vendors is None or macs is None:
        return
    names = [test.value if isinstance(test, Exact) else "" for test in vendors.tests]
    if not all(name in SURE_VENDORS for name in names):
        return
    for oui, node in zip(_ouis(macs), _values(written, "mac"), strict=False):
        maker = OUI_VENDORS.get(oui)
        if maker is not None and maker not in names:
            findings.warning(node, f"MACs beginning {oui} belong to {maker}, not to {' or '.join(names)}")


def _values(rule: Mapping, key: str) -> list[Node]:
    match = rule.entries["match"][1]
    node = match.entries[key][1] if isinstance(match, Mapping) else match
    return node.items if isinstance(node, Sequence) else [node]


def _lint_never_given(rule: Rule, findings: Findings) -> None:
    for needed in rule.bound.needs if rule.bound is not None else ():
        condition = rule.match.condition(needed)
        if condition is not None and all(test == Exact("") for test in condition.tests):
            message = f"rule '{rule.name}' can never match: its URL needs {{{{ {needed} }}}}"
            findings.warning(Spot(*rule.place[1:]), message, f"but it matches '{needed}: none'")


def _lint_shadowed(rules: tuple[Rule, ...], index: RuleIndex, findings: Findings) -> None:
    steps = 0
    for number, rule in enumerate(rules):
        for earlier in index.wider(rule.match) if rule.sound else ():
            steps += 1
            if steps > MAX_SHADOW_STEPS:
                return
            wider = rules[earlier]
            if earlier >= number:
                break
            if wider.sound and wider.match.covers(rule.match) and _asks_no_more(wider, rule):
                findings.warning(
                    Spot(*rule.place[1:]),
                    f"rule '{rule.name}' can never match: rule '{wider.name}' at line {wider.place.line} "
                    "comes first and is at least as wide",
                )
                break


def _asks_no_more(wider: Rule, rule: Rule) -> bool:
    """Does every device that `rule` serves give what the template of `wider` needs?"""
    for name in wider.bound.needs if wider.bound is not None else ():
        condition = rule.match.condition(name)
        given = condition is not None and condition.demands_value
        if not given and (rule.bound is None or name not in rule.bound.needs):
            return False
    return True
