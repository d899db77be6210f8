from __future__ import annotations

import time

import pytest

from pnp_responder.rules import Place, Problem, RulesError, RuleSet
from pnp_responder.rules.places import Spot
from pnp_responder.rules.problems import MOST_PROBLEMS, Findings


def render(source: str, column: int) -> list[str]:
    return Problem(Place("r", 1, column), "m", "", "error", source).render().split("\n")


def test_one_line() -> None:
    place = Place("rules.yaml", 14, 9)
    assert str(Problem(place, "unknown key 'vendr'", "did you mean 'vendor'?")) == (
        "rules.yaml:14:9: unknown key 'vendr' (did you mean 'vendor'?)"
    )
    assert str(Problem(place, "odd", severity="warning")) == "rules.yaml:14:9: warning: odd"


@pytest.mark.parametrize(
    ("source", "column", "before"),
    [
        ("abc", 3, "  "),
        ("\t\tabc", 3, "\t\t"),
        ("受付: x", 5, "      "),
        ("e\u0301: x", 5, "   "),
    ],
)
def test_the_caret_stands_below_its_character(source: str, column: int, before: str) -> None:
    assert render(source, column) == ["r:1:" + f"{column}: m", f"    {source}", f"    {before}^"]


def test_a_long_line_is_cut_round_the_caret() -> None:
    for column in (1, 700, 5000):
        source = "a" * (column - 1) + "X" + "b" * (5000 - column)
        _, line, caret = render(source, column)
        assert len(line) < 130
        assert line[len(caret) - 1] == "X"


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@h/",
        "http://user:sec@secret@h/",
        "http://user:sec#secret@h/",
        "http://user:sec/secret@h/",
        "http://user:sec secret@h/",
        "http://user:sec'secret@h/",
        "http://us er:secret@h/",
        "http://{{ model }}:secret@h/",
        "http://{{ mac | colon }}:secret@h/ #",
    ],
)
def test_passwords_are_masked(url: str) -> None:
    text = f'rules:\n  - {{match: {{mca: x}}, url: "{url}", urll: x}}\n'
    with pytest.raises(RulesError) as caught:
        RuleSet.from_text(text, "r")
    shown = "\n".join(problem.render() for problem in caught.value.problems)
    assert "secret" not in shown + str(caught.value)
    assert "***" in shown
    last = caught.value.problems[-1].render().split("\n")
    assert last[1][len(last[2]) - 1 :].startswith("urll")


def test_the_same_problem_counts_once() -> None:
    text = "defaults: {url: 'http://h/{{ x }}{{ x }}'}\nrules: [{match: {mac: 00a859}}, {match: {mac: 01}}]\n"
    with pytest.raises(RulesError) as caught:
        RuleSet.from_text(text, "r")
    assert len(caught.value.problems) == 1


def test_a_long_message_keeps_its_beginning_and_its_end() -> None:
    findings = Findings("r.yaml", "")
    findings.error(Spot(1, 1), f"duplicate key 'https://u:{'x' * 10_000}@{'h' * 10_000}', first at line 1")
    (problem,) = findings.sorted()
    assert len(problem.message) < 600
    assert problem.message.startswith("duplicate key 'https://u:***@hhh")
    assert problem.message.endswith("hhh', first at line 1")


def test_of_very_many_problems_the_rest_is_counted() -> None:
    findings = Findings("r.yaml", "")
    for number in range(3 * MOST_PROBLEMS):
        findings.warning(Spot(number, 1), "odd")
    assert not findings.failed
    findings.error(Spot(1, 1), "wrong")
    assert findings.failed
    assert findings.count == 3 * MOST_PROBLEMS + 1
    problems = findings.sorted()
    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1].message == "and 2,001 more problems"
    assert problems[-1].severity == "error"


def test_of_an_endless_line_what_is_near_is_shown_and_soon() -> None:
    """A reload renders a hundred problems in the loop that serves phones."""
    line = f"{'a,' * 1_000_000} http://u:secret@h/ {'b,' * 10}wrong {'a,' * 1_000_000}"
    problem = Problem(Place("r.yaml", 1, line.index("wrong") + 1), "odd", source=line)
    began = time.process_time()
    _, shown, caret = problem.render().split("\n")
    assert time.process_time() - began < 1.0
    assert "http://u:***@h/" in shown
    assert shown[len(caret) - 1 :].startswith("wrong ")
    assert shown.startswith("    …")
    assert shown.endswith("…")
    assert len(shown) < 140


def test_a_long_secret_does_not_show_by_its_end() -> None:
    for length in (100, 4_096):
        line = f"{'a,' * 10_000} http://u:{'s3cr' * (length // 4)}@h/ wrong"
        assert "s3cr" not in Problem(Place("r.yaml", 1, line.index("wrong") + 1), "odd", source=line).render()
