"""decide() is the same as asking every rule in order, and explain() says the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.enrollment import Decline, Device, Enrollment, Offer
from pnp_responder.rules import Place, Problem, RulesError, RuleSet
from pnp_responder.rules.match_keys import MATCH_KEYS, read_facts
from pnp_responder.rules.ready_rule import NO_RULE
from pnp_responder.rules.url_check import is_url

from .devices import TESTS, enrollment

MACS = ["00a859112233", "00a859112234", "00a85a112233", "0c383e000001"]
WORDS = ["Fanvil", "SNOM", "C62", "C620", "voip phone", "x/y", "none"]
VERSIONS = ["2.0", "V2.0.97", "2.1", "2.0-SIP", "10"]
SOURCES = ["10.1.2.3", "10.1.9.9", "192.0.2.45"]
INTERFACES = ["eth0", "vlan10", "vlan2"]

WANTED = {
    "mac": [*MACS, "00:a8:59", "00a8", "0c", "00a859*", "*33", "none", "00a85[9a]11*"],
    "vendor": ["fanvil", "snom", "f*", "*", "none", "?n*"],
    "model": ["c62", "C62*", "c6*", "*0", "none", "voip phone"],
    "version": ["2.0", "v2.*", "<2.1", ">=2.0, <2.0.98", "!=2.0", "none", ">2"],
    "user_agent": ["voip*", "none", "c62"],
    "profile_type": ["device", "none"],
    "source": ["10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "192.0.2.0/24"],
    "interface": ["eth0", "vlan*", "vlan?"],
}
URLS = [
    "http://h/",
    "http://h/{{ mac }}",
    "http://h/{{ vendor }}/{{ version }}",
    "http://{{ local_ip }}/{{ rule }}",
]

texts = {name: st.lists(st.sampled_from(values), min_size=1, max_size=3) for name, values in WANTED.items()}
matches = st.fixed_dictionaries({}, optional=texts)
excluding = st.builds(
    lambda match, excluded: {**match, "not": excluded} if excluded else match, matches, st.just({}) | matches
)
outcomes = st.sampled_from([*({"url": url} for url in URLS), {"ignore": True}, {"reject": 403}])
rules = st.lists(
    st.builds(lambda match, outcome: {"match": match, **outcome}, excluding, outcomes),
    min_size=1,
    max_size=12,
)
enrollments = st.builds(
    enrollment,
    mac=st.sampled_from(["", *MACS]),
    vendor=st.sampled_from(["", *WORDS]),
    model=st.sampled_from(["", *WORDS]),
    version=st.sampled_from(["", *VERSIONS]),
    user_agent=st.sampled_from(["", *WORDS]),
    profile_type=st.sampled_from(["", "device", "application"]),
    source=st.sampled_from(SOURCES),
    interface=st.sampled_from(INTERFACES),
)
half_known = st.builds(
    lambda asked, remote, local: asked._replace(
        remote=asked.remote if remote else None, local=asked.local if local else None
    ),
    enrollments,
    st.booleans(),
    st.booleans(),
)


def load(listed: list[dict[str, Any]]) -> RuleSet:
    return RuleSet.from_text(json.dumps({"rules": listed}), "rules.yaml")


@given(rules, st.lists(half_known, min_size=1, max_size=8))
def test_the_index_changes_no_answer(listed: list[dict[str, Any]], asked: list[Enrollment]) -> None:
    whole = load(listed)
    alone = [load([{"name": f"rule-{number}", **rule}]) for number, rule in enumerate(listed, 1)]
    for device in asked:
        one_by_one = (single.decide(device) for single in alone)
        first = next((decision for decision in one_by_one if decision.rule is not None), NO_RULE)
        assert whole.decide(device) == first
        verdicts = whole.explain(device)
        assert next((v.rule.name for v in verdicts if v.matched), None) == first.rule


@given(rules, st.lists(half_known, min_size=1, max_size=20))
def test_a_rule_said_to_be_shadowed_never_decides(
    listed: list[dict[str, Any]], asked: list[Enrollment]
) -> None:
    whole = load(listed)
    places = {rule.place: rule.name for rule in whole.rules}
    shadowed = {places[w.place] for w in whole.warnings if "can never match" in w.message}
    for device in asked:
        assert whole.decide(device).rule not in shadowed


@given(enrollments)
def test_facts_are_read_as_the_table_says(asked: Enrollment) -> None:
    assert read_facts(asked) == tuple(key.read(asked) for key in MATCH_KEYS)


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=30),
    st.sampled_from(["vendor", "model", "version"]),
)
def test_no_device_can_bend_the_url(value: str, name: str) -> None:
    ruleset = load([{"url": f"http://h/a/{{{{ {name} }}}}/z"}])
    decision = ruleset.decide(enrollment(**{name: value}))
    if not value or name == "version" and value.casefold() == "v":
        assert decision == NO_RULE
        return
    assert isinstance(decision, Offer)
    inserted = decision.url.removeprefix("http://h/a/").removesuffix("/z")
    assert decision.url == f"http://h/a/{inserted}/z"
    assert all(c.isascii() and (c.isalnum() or c in "-._~%") for c in inserted)


def found_in(text: str) -> tuple[Problem, ...]:
    try:
        return RuleSet.from_text(text, "x").warnings
    except RulesError as error:
        return error.problems or (Problem(Place("x", 0, 0), "an error without a problem"),)


GRAMMAR = (TESTS / "rules_good" / "grammar.yaml").read_text("utf-8")


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A good file with a few pieces of it lost, doubled or replaced."""
    text = GRAMMAR
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 12))
        piece = draw(
            st.sampled_from(
                ["", "{{ ", "}}", "\n", "\t", "'", '"', ": ", "- ", "[", "}", "*", "&a ", "x", "%"]
            )
        )
        text = text[:start] + piece + text[end:]
    return text


@given(st.text(max_size=200) | damaged())
def test_any_text_is_rules_or_problems(text: str) -> None:
    for problem in found_in(text):
        assert problem.place.line >= 1
        assert problem.place.column >= 1
        assert problem.render().startswith(str(problem))


def test_a_url_that_a_value_makes_invalid_is_not_sent() -> None:
    ruleset = load([{"url": "http://{{ interface }}.example.com/"}])
    assert isinstance(ruleset.decide(enrollment(interface="vlan10")), Offer)
    decision = ruleset.decide(enrollment(interface="a b"))
    assert decision == Decline("rule 'rule-1' gives no valid URL for this device", "rule-1")


@pytest.mark.parametrize(
    "head",
    [
        "{{ local_ip }}",
        "{{ source_ip }}:8080",
        "h-{{ mac }}.example",
        "{{ mac | hyphen }}",
        "u:p@{{ local_ip }}",
    ],
)
@given(
    mac=st.integers(0, 2**48 - 1), address=st.integers(0, 2**32 - 1), model=st.text(min_size=1, max_size=20)
)
def test_no_address_makes_a_url_invalid(head: str, mac: int, address: int, model: str) -> None:
    """So these are not looked at for it."""
    source = ".".join(map(str, address.to_bytes(4, "big")))
    asked = enrollment(mac=f"{mac:012x}", model=model, source=source)
    decision = load([{"url": f"http://{head}/50%25/{{{{ model }}}}"}]).decide(asked)
    assert isinstance(decision, Offer)
    assert is_url(decision.url)
    assert "/50%25/" in decision.url


def test_an_unknown_address_shows_as_its_placeholder() -> None:
    ruleset = load([{"url": "http://{{ local_ip }}/{{ source_ip }}/{{ interface }}"}])
    decision = ruleset.decide(Enrollment(Device(vendor="x")))
    assert decision == Offer("http://{{ local_ip }}/{{ source_ip }}/{{ interface }}", "rule-1")
    assert ruleset.rules[0].bound is not None
    assert ruleset.rules[0].bound.unknown(Enrollment(Device())) == ("local_ip", "source_ip", "interface")


def test_explain_says_why() -> None:
    ruleset = load(
        [
            {"match": {"vendor": ["snom", "htek"]}, "ignore": True},
            {"match": {"mac": "00a859"}, "ignore": True},
            {"match": {"source": "10.0.0.0/8"}, "ignore": True},
            {"match": {"not": {"model": "C62*"}}, "ignore": True},
            {"url": "http://h/{{ version }}"},
            {"reject": 403},
        ]
    )
    asked = Enrollment(Device(vendor="Fanvil", model="C62"))
    assert [verdict.reason for verdict in ruleset.explain(asked)] == [
        "vendor is 'Fanvil' (wanted snom, htek)",
        "mac was not given (wanted 00a859)",
        "source is unknown (wanted 10.0.0.0/8): give --source",
        "'not' excludes it (model: C62*)",
        "needs {{ version }}, which the device did not give",
        "matches",
    ]
    assert [verdict.unknown for verdict in ruleset.explain(asked)] == [(), (), ("source",), (), (), ()]


def test_long_openings_are_filed_by_their_beginning() -> None:
    opening = "a model with a name longer than the index looks at"
    long = load([{"match": {"model": f"{opening} {end}*1"}, "url": f"http://{end}/"} for end in "ab"])
    decided = long.decide(enrollment(model=f"{opening} b1"))
    assert isinstance(decided, Offer)
    assert decided.url == "http://b/"


def test_of_many_candidates_the_first_in_the_file_decides() -> None:
    bounds = [{"vendor": "fanvil", "version": f"<2.{n}"} for n in range(200)]
    shared = [{"match": match, "url": f"http://h{n}/"} for n, match in enumerate(bounds)]
    wide = [{"match": {"model": f"*x{n}"}, "ignore": True} for n in range(200)]
    both = load([rule for pair in zip(wide, shared, strict=True) for rule in pair])
    decided = both.decide(enrollment(vendor="fanvil", model="c62", version="2.150"))
    assert isinstance(decided, Offer)
    assert decided.url == "http://h151/"
