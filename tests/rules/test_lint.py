from __future__ import annotations

import pytest

from pnp_responder.rules import RuleSet


def warnings(text: str) -> list[str]:
    return [warning.message for warning in RuleSet.from_text(text, "r").warnings]


def pair(first: str, second: str) -> str:
    return f"rules:\n  - {{{first}}}\n  - {{{second}}}\n"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("match: {vendor: fanvil}, url: 'http://h/{{ version }}'", "match: {vendor: fanvil}, ignore: true"),
        ("match: {vendor: '*'}, ignore: true", "match: {}, ignore: true"),
        ("match: {vendor: '*'}, ignore: true", "match: {vendor: none}, ignore: true"),
        ("match: {mac: 00a859}, ignore: true", "match: {mac: [00a85911, 00a85a]}, ignore: true"),
        ("match: {version: <2}, ignore: true", "match: {version: <=2}, ignore: true"),
        ("match: {version: '!=2'}, ignore: true", "match: {version: <3}, ignore: true"),
        ("match: {source: 10.1.0.0/16}, ignore: true", "match: {source: 10.0.0.0/8}, ignore: true"),
        ("match: {not: {mac: 00a859}}, ignore: true", "match: {mac: 00a85911}, ignore: true"),
        ("match: {not: {mac: 00a859}}, ignore: true", "match: {not: {mac: 00a85911}}, ignore: true"),
    ],
)
def test_not_shadowed(first: str, second: str) -> None:
    assert warnings(pair(first, second)) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("match: {vendor: f*}, url: 'http://h/{{ vendor }}'", "match: {vendor: fan*}, ignore: true"),
        ("match: {version: <=2}, ignore: true", "match: {version: <2}, ignore: true"),
        ("match: {version: '!=2'}, ignore: true", "match: {version: '>2, <3'}, ignore: true"),
        ("match: {version: '<2'}, ignore: true", "match: {version: 1.9}, ignore: true"),
        ("url: 'http://h/{{ version }}'", "url: 'http://g/{{ version }}'"),
        ("match: {model: 'c6?'}, ignore: true", "match: {model: C62}, ignore: true"),
        ("match: {interface: 'vlan*'}, ignore: true", "match: {interface: vlan10}, ignore: true"),
    ],
)
def test_shadowed(first: str, second: str) -> None:
    assert [m.split(":")[0] for m in warnings(pair(first, second))] == ["rule 'rule-2' can never match"]


@pytest.mark.parametrize(
    "rule",
    [
        "match: {vendor: fanvil}, url: 'http://h/$mac?$input'",
        "match: {vendor: snom}, url: 'http://h/{mac}/{model}'",
        "match: {vendor: unheard-of}, url: 'http://h/{mac}/$mac'",
        "match: {vendor: '*'}, url: 'http://h/{mac}/$mac'",
        "url: 'http://h/{mac}/$mac'",
        "match: {vendor: grandstream}, url: 'https://h/x/'",
        "match: {vendor: grandstream}, ignore: true",
        "url: 'https://user:pw@h/'",
        "url: 'http://h/#fragment'",
        "match: {vendor: sangoma, mac: 00a859}, ignore: true",
        "match: {vendor: fanvil, mac: '00'}, ignore: true",
    ],
)
def test_nothing_to_warn_of(rule: str) -> None:
    assert warnings(f"rules:\n  - {{{rule}}}\n") == []


def test_shadows_are_found_among_many_rules() -> None:
    rules = "".join(f"  - {{match: {{mac: 00a859{n % 3000:06x}}}, ignore: true}}\n" for n in range(3001))
    assert warnings("rules:\n" + rules) == [
        "rule 'rule-3001' can never match: rule 'rule-1' at line 2 comes first and is at least as wide"
    ]


def test_the_search_for_shadows_ends_in_time() -> None:
    # 1,500 rules that no index can tell apart: the last pair lies beyond the limit.
    rules = "".join(f"  - {{match: {{model: '*x{n % 1499}'}}, ignore: true}}\n" for n in range(1500))
    assert warnings("rules:\n" + rules) == []
    few = "".join(f"  - {{match: {{model: '*x{n % 899}'}}, ignore: true}}\n" for n in range(900))
    assert len(warnings("rules:\n" + few)) == 1
