"""The warnings about options of a rule that keep its URL from everybody it is for."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network

from pnp_responder.rules.fields import Fields
from pnp_responder.rules.guards import Guards
from pnp_responder.rules.match_keys import parse_network
from pnp_responder.rules.oui_table import SURE_VENDORS
from pnp_responder.rules.places import Mapping, Node, Spot, Text
from pnp_responder.rules.places import Sequence as ListNode
from pnp_responder.rules.problems import Findings, Placed
from pnp_responder.rules.rule_reader import Document, Rule
from pnp_responder.rules.value_tests import Exact, Network


def allowed_networks(document: Document) -> tuple[IPv4Network, ...]:
    """`service.allow`, as far as it can be read: what is wrong there is noted by its own reader."""
    service = document.section("service")
    entry = service.entries.get("allow") if isinstance(service, Mapping) else None
    if entry is None:
        return ()
    items: list[Node] = entry[1].items if isinstance(entry[1], ListNode) else [entry[1]]
    found = []
    for item in items:
        try:
            found.append(parse_network(item.value if isinstance(item, Text) else ""))
        except ValueError:
            continue
    return tuple(found)


def lint_guards(
    rule: Rule, guards: Guards, node: Mapping, allowed: Sequence[IPv4Network], findings: Findings
) -> None:
    """Add the warnings about the guards of a rule, whose mapping is `node`, to `findings`."""
    if guards.oui or guards.neighbour:
        _lint_nameless(rule, guards, node, findings)
    if guards.oui:
        _lint_unknown_vendor(rule, node, findings)
    if guards.neighbour:
        _lint_routed(rule, node, allowed, findings)


def _lint_nameless(rule: Rule, guards: Guards, node: Mapping, findings: Findings) -> None:
    condition = rule.match.condition("mac")
    if condition is None or not all(test == Exact("") for test in condition.tests):
        return
    requirement = "neighbour" if guards.neighbour else "oui"
    message = f"rule '{rule.name}' never gives its URL: it requires a MAC to compare, and matches 'mac: none'"
    findings.warning(_place(rule, node, requirement), message)


def _lint_unknown_vendor(rule: Rule, node: Mapping, findings: Findings) -> None:
    condition = rule.match.condition("vendor")
    if condition is None:
        return
    names = [test.value for test in condition.tests if isinstance(test, Exact)]
    unknown = [name for name in names if name not in SURE_VENDORS]
    if not unknown:
        return
    shown = " or ".join(f"'{name}'" if name else "none" for name in unknown)
    findings.warning(
        _place(rule, node, "oui"),
        f"rule '{rule.name}' never gives its URL to phones of the vendor {shown}: no OUI of theirs is known",
        f"known are those of {', '.join(sorted(SURE_VENDORS))}",
    )


def _lint_routed(rule: Rule, node: Mapping, allowed: Sequence[IPv4Network], findings: Findings) -> None:
    """What comes from a network of `service.allow` comes, as a rule, through a router."""
    condition = rule.match.condition("source")
    if condition is None or not allowed:
        return
    tests = [test for test in condition.tests if isinstance(test, Network)]
    sources = [IPv4Network((test.value << 32 - test.size, test.size)) for test in tests]
    if all(any(source.subnet_of(wide) for wide in allowed) for source in sources):
        findings.warning(
            _place(rule, node, "neighbour"),
            f"rule '{rule.name}' never gives its URL to phones behind a router: "
            "the neighbour table has none of them",
            f"its sources ({condition.wanted}) are in service.allow",
        )


def _place(rule: Rule, node: Mapping, requirement: str) -> Placed:
    """Where the requirement stands, if it stands in the rule itself."""
    require = node.entries.get("require")
    inside: Fields = require[1].entries if require is not None and isinstance(require[1], Mapping) else {}
    return inside[requirement][0] if requirement in inside else Spot(*rule.place[1:])
