"""A large file is read otherwise than a small one, and the same is said about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pnp_responder.rules import RulesError
from pnp_responder.rules.yaml_reader import AFTER_AN_ERROR, LARGE
from pnp_responder.service.configuration import Configuration, read_configuration

TESTS = Path(__file__).parent.parent
FILES = [path for path in TESTS.glob("rules_*/*.yaml") if path.stem != "only_comments"]
PADDING = "#" * LARGE + "\n"


def problems(text: str) -> list[str]:
    try:
        return [problem.render() for problem in read_configuration(text, "r").warnings]
    except RulesError as error:
        return [problem.render() for problem in error.problems]


def one_line_up(text: str) -> str:
    text = re.sub(r"^r:(\d+)", lambda match: f"r:{int(match[1]) - 1}", text)
    return re.sub(r"at line (\d+)|first at line (\d+)", lambda match: _less(match[0]), text)


def _less(words: str) -> str:
    before, number = words.rsplit(" ", 1)
    return f"{before} {int(number) - 1}"


def hint_left_out(text: str) -> str:
    """Of a value that lacks its quotes, a large file says it in fewer words."""
    return re.sub(r' \(write ".*" *.*\)', "", text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_as_much_is_said_of_a_large_file(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    small = [hint_left_out(problem) for problem in problems(text)]
    assert [hint_left_out(one_line_up(problem)) for problem in problems(PADDING + text)] == small


def large(rules: str, before: str = "", behind: str = "") -> Configuration:
    return read_configuration(f"{before}rules:\n{rules}{behind}{PADDING}", "r")


RULES = "".join(
    f"  - {{match: {{mac: 0200000{n:05x}}}, url: '{{{{ base }}}}/{{{{ mac }}}}'}}\n" for n in range(20)
)


@pytest.mark.parametrize("behind", [True, False])
def test_what_rules_need_may_stand_before_or_behind_them(behind: bool) -> None:
    needed = "vars: {base: 'http://h'}\ndefaults: {ignore: true}\n"
    rules = f"{RULES}  - {{}}\n"
    found = large(rules, behind=needed) if behind else large(rules, needed)
    assert len(found.rules.rules) == 21
    assert problems(f"rules:\n{rules}vars: {{base: 'h'}}\n{PADDING}")[-1].startswith(
        "r:22:5: rule 'rule-21' has no"
    )


def test_variables_too_many_to_be_kept_are_waited_for() -> None:
    many = "vars: {base: 'http://h', " + ", ".join(f"a{n}: b" for n in range(50_000)) + "}\n"
    assert len(large(RULES, behind=many).rules.rules) == 20
    (problem,) = problems(f"rules:\n{RULES}  - {{url: '{{{{ bsae }}}}/x'}}\n{many}")
    assert "unknown placeholder 'bsae' (did you mean 'base'?)" in problem


def test_behind_a_mistake_a_large_file_is_read_only_so_far() -> None:
    rules = "".join(
        f"  - {{match: {{mac: 0200000{n:05x}}}, ignore: true}}\n" for n in range(AFTER_AN_ERROR // 7 + 10)
    )
    first, second, last = problems(
        f"rules:\n  - {{ignore: maybe}}\n  - {{ignore: maybe}}\n{rules}  - {{ignore: no}}\n"
    )
    assert first.startswith("r:2:14: 'ignore' can only be 'true'")
    assert second.startswith("r:3:14: 'ignore' can only be 'true'")
    assert re.match(
        r"r:142\d\d:\d+: a large file with mistakes is read no further than this "
        r"\(mend what is listed, then check again\)",
        last,
    )


def test_of_very_many_mistakes_the_rest_is_not_looked_for() -> None:
    found = problems("rules:\n" + "  - {ignore: maybe}\n" * 20_000)
    assert len(found) == 1_001
    assert found[-1].startswith("r:1001:5: more than 1,000 problems: the file is read no further")
