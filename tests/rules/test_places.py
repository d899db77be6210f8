"""Files that no editor should write, and places in odd ones."""

from __future__ import annotations

import pytest

from pnp_responder.rules import RulesError, RuleSet
from pnp_responder.rules.places import MAX_ENTRIES, MAX_LINES, MAX_NODES, MAX_OCTETS


def problems(text: str) -> list[str]:
    with pytest.raises(RulesError) as caught:
        RuleSet.from_text(text, "r")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("text", ["", "\n\n", "   ", "# only words\n", "---\n", "\ufeff", "--- \n"])
def test_nothing_in_the_file(text: str) -> None:
    assert problems(text) == ["r:1:1: the file holds no rules (write at least 'rules: []')"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    text = end.join(["rules:", "  - match: {vendr: é}", "    url: http://h/", "    urll: x", ""])
    assert [line.split(" ")[0] for line in problems(text)] == ["r:2:13:", "r:4:5:"]


def test_byte_order_mark_takes_no_column() -> None:
    assert problems("\ufeffrule: []\n") == ["r:1:1: unknown key 'rule' (did you mean 'rules'?)"]


@pytest.mark.parametrize("character", ["\0", "\x01", "\x1b", "\x7f", "\x85", "\u2028", "\ud800", "\uffff"])
def test_characters_that_no_editor_shows(character: str) -> None:
    (problem,) = problems(f"rules:\n  - name: a{character}b\n")
    assert problem.startswith(f"r:2:12: character U+{ord(character):04X} cannot stand in this file")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "rules: " + "[" * 100_000 + "]" * 100_000,
        "rules: " + "{a: " * 200 + "}" * 200,
        "- " * 5_000,
        "rules:\n  - match: {not: " + "{not: " * 40 + "}" * 41,
    ],
    ids=["brackets", "closed brackets", "braces", "dashes", "nots"],
)
def test_deep_nesting(text: str) -> None:
    (problem,) = problems(text)
    assert "nested deeper than 32 levels" in problem


def test_deep_nesting_is_told_where_it_is_too_deep() -> None:
    (problem,) = problems("rules: " + "[" * 5_000)
    assert problem.startswith("r:1:39: nested deeper than 32 levels")


def test_too_many_values() -> None:
    (problem,) = problems("rules: [" + ("[" + "a," * 50_000 + "],") * (MAX_NODES // 50_000) + "]")
    assert "more than 1,000,000 values" in problem


def test_too_many_entries() -> None:
    (problem,) = problems("rules: [" + "a," * (MAX_ENTRIES + 1) + "]")
    assert problem.startswith(
        f"r:1:{9 + 2 * MAX_ENTRIES}: more than 100,000 entries under 'rules' (leave some out"
    )
    (problem,) = problems("vars: {" + "".join(f"a{n}: b," for n in range(MAX_ENTRIES + 1)) + "}")
    assert "more than 100,000 entries under 'vars'" in problem


def test_too_many_values_in_one_rule() -> None:
    (problem,) = problems("rules: [{}, {match: {mac: [" + "a," * MAX_ENTRIES + "]}}]")
    assert "more than 100,000 values within one entry of 'rules'" in problem


def test_too_many_lines() -> None:
    for line_break in ("\n", "\r"):
        assert problems("#" + line_break * (2 * MAX_LINES + 1)) == [
            "r:1:1: the file has more than 1,000,000 lines (leave some out)"
        ]


def test_too_many_octets() -> None:
    assert problems("#" * MAX_OCTETS + "\n") == [
        "r:1:1: the file is larger than 16 MiB (leave some rules out)"
    ]
    assert problems("é" * (MAX_OCTETS // 2) + "a") == [
        "r:1:1: the file is larger than 16 MiB (leave some rules out)"
    ]


def test_alias_bomb() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
    assert any("an alias ('*a0') is not allowed" in problem for problem in problems(bomb))


def test_all_unquoted_placeholders_come_in_one_run() -> None:
    text = "rules:\n" + "".join(
        f"  - match: {{mac: 00a859{n:06}}}\n    url: {{{{ base }}}}/x # c\n" for n in range(5)
    )
    quotes = [line for line in problems(text) if "needs quotes" in line]
    assert [line.split(":")[1:3] for line in quotes] == [[str(3 + 2 * n), "10"] for n in range(5)]
