"""Secrets among the variables: masked wherever a person sees a URL, clear in the offer alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pnp_responder.enrollment import Offer
from pnp_responder.rules import RulesError, RuleSet
from pnp_responder.rules.parsing import parse_document
from pnp_responder.rules.variables import SecretReference, SecretUnavailable

from .devices import enrollment

SECRET = "c4nary"


def rules(url: str, variables: str = "{token: {env: TOKEN}}", value: str = SECRET) -> RuleSet:
    return RuleSet.from_text(f"vars: {variables}\nrules: [{{url: '{url}'}}]", "r.yaml", lambda _: value)


def offer(url: str, variables: str = "{token: {env: TOKEN}}") -> Offer:
    decision = rules(url, variables).decide(enrollment(mac="00a859112233"))
    assert isinstance(decision, Offer)
    return decision


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://h/{{ token }}/{{ mac }}", "https://h/***/00a859112233"),
        ("https://h/x?t={{ token }}&m={{ mac }}", "https://h/x?t=***&m=00a859112233"),
        ("https://{{ token }}@h/", "https://***@h/"),
        ("https://u:{{ token }}@h/{{ mac }}", "https://u:***@h/00a859112233"),
        ("https://h/{{ token }}{{ token }}x", "https://h/******x"),
        ("https://h/{{ token }}?key={{ mac }}", "https://h/***?key=***"),
    ],
)
def test_a_secret_out_of_a_variable_is_masked(url: str, masked: str) -> None:
    found = offer(url)
    assert found.masked == masked
    assert found.url == url.replace("{{ token }}", SECRET).replace("{{ mac }}", "00a859112233")
    assert SECRET not in repr(found)


@pytest.mark.parametrize("variables", ["{token: c4nary}", "{api_key: c4nary}", "{base: {file: /x}}"])
def test_written_variables_that_sound_secret_and_all_that_stand_elsewhere_count(variables: str) -> None:
    name = variables[1:].partition(":")[0]
    assert offer(f"https://h/{{{{ {name} }}}}/x", variables).masked == "https://h/***/x"


def test_other_variables_show() -> None:
    assert offer("{{ base }}/x", "{base: 'https://h'}").masked == "https://h/x"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("{file: /run/x}", SecretReference("file", "/run/x")),
        ("{env: TOKEN}", SecretReference("env", "TOKEN")),
    ],
)
def test_the_reference_is_what_is_asked_for(text: str, reference: SecretReference) -> None:
    asked: list[SecretReference] = []

    def resolve(it: SecretReference) -> str:
        asked.append(it)
        return SECRET

    RuleSet.from_text(f"vars: {{a: {text}}}\nrules: []", "r", resolve)
    assert asked == [reference]


@pytest.mark.parametrize(
    "url", ["{{ token }}", "https://h:{{ token }}/", "https://..{{ token }}", "x{{ token }}://h"]
)
@pytest.mark.parametrize(
    "value",
    ["hunter2:x", "1.2.3.hunter2", "hunter2@b@c", "..hunter2", "99999hunter2", "a hunter2", "hunter2é"],
)
def test_what_is_wrong_with_a_url_is_told_without_the_secret(url: str, value: str) -> None:
    with pytest.raises(RulesError) as caught:
        rules(url, value=value)
    shown = [str(caught.value), repr(caught.value), *(p.render() for p in caught.value.problems)]
    assert not any("hunter2" in text for text in shown)


OTHER_VALUES = ["?" * 30, " " * 30, "%" * 30, "1" * 30, "x" * 300]


@given(
    st.text(st.characters(codec="utf-8"), min_size=6, max_size=30),
    st.sampled_from(["", "u:{{ a }}@", "{{ a }}@"]),
)
def test_no_value_shows_in_any_problem(value: str, before: str) -> None:
    text = f"vars: {{a: {{env: A}}}}\nrules: [{{url: 'https://{before}h:{{{{ a }}}}/{{{{ a }}}}', x: y}}]"

    def shown(value: str) -> str:
        with pytest.raises(RulesError) as caught:
            RuleSet.from_text(text, "r", lambda _: value)
        return "".join(p.render() for p in caught.value.problems)

    # Words of ours may be a value, too: those of the file and of what is said of other values.
    assert value not in shown(value) or any(value in ours for ours in (text, *map(shown, OTHER_VALUES)))


def test_a_secret_that_cannot_be_had_is_an_error_or_to_the_lenient_a_warning() -> None:
    def resolve(_: SecretReference) -> str:
        raise SecretUnavailable("the file is not there", "make it")

    text = "vars: {base: {file: x}}\nrules: [{url: '{{ base }}/{{ mac }}'}]"
    with pytest.raises(RulesError, match=r"r:1:14: 'base' has no value: the file is not there \(make it\)"):
        RuleSet.from_text(text, "r", resolve)
    document = parse_document(text, "r", resolve, lenient=True)
    found = RuleSet.from_document(document)
    assert [str(warning) for warning in found.warnings] == [
        "r:1:14: warning: 'base' has no value: the file is not there (make it)"
    ]
    decision = found.decide(enrollment(mac="00a859112233"))
    assert isinstance(decision, Offer)
    assert decision.url == "***/00a859112233"
    assert found.secrets == frozenset()


@pytest.mark.parametrize(
    ("url", "variables", "holds"),
    [
        ("https://h/{{ mac }}", "{}", False),
        ("https://u:{{ a }}@h/?key={{ mac }}", "{a: {env: A}}", False),
        ("https://{{ a }}@h/{{ a }}", "{a: {file: A}}", False),
        ("https://u:pw@h/", "{}", True),
        ("https://t@h/", "{}", True),
        ("https://h/?key=1", "{}", True),
        ("https://{{ a }}@h/", "{a: 'u:p'}", True),
        ("https://h/{{ token }}", "{token: x}", True),
    ],
)
def test_whether_the_file_itself_holds_secrets(url: str, variables: str, holds: bool) -> None:
    assert rules(url, variables).holds_secrets == holds


def test_text_with_urls_of_the_rules_in_it() -> None:
    found = rules("https://h/{{ token }}/{{ mac }}")
    assert found.secrets == {SECRET}
    assert (
        found.mask(f"url https://h/{SECRET}/x and https://u:p@h") == "url https://h/***/x and https://u:***@h"
    )
