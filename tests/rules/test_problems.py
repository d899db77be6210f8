from __future__ import annotations

import pytest

from pnp_responder.rules import Place, Problem, RulesError, RuleSet


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
