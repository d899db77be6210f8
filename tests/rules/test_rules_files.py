"""The files under rules_good, rules_bad and rules_warn say themselves what is expected of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pnp_responder.enrollment import Decline, Offer
from pnp_responder.rules import RulesError
from pnp_responder.service.configuration import load_configuration

from .devices import TESTS, enrollment

BAD = sorted((TESTS / "rules_bad").glob("*.yaml"))
WARN = sorted((TESTS / "rules_warn").glob("*.yaml"))
GOOD = sorted(path for path in (TESTS / "rules_good").glob("*.yaml") if ".cases." not in path.name)
SAID = ("url", "shown", "ignore", "reject", "none")


def expected(path: Path) -> list[str]:
    return re.findall(r"^# expect (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_file_has_exactly_the_problems_it_names(path: Path) -> None:
    with pytest.raises(RulesError) as caught:
        load_configuration(path)
    assert [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems] == expected(path)


@pytest.mark.parametrize("path", WARN, ids=lambda path: path.stem)
def test_doubtful_file_has_exactly_the_warnings_it_names(path: Path) -> None:
    warnings = load_configuration(path).warnings
    assert [str(problem).removeprefix(f"{path}:") for problem in warnings] == expected(path)
    assert {problem.severity for problem in warnings} == {"warning"}


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_file_decides_as_its_cases_say(path: Path) -> None:
    configuration = load_configuration(path)
    assert [str(warning) for warning in configuration.warnings] == []
    cases = yaml.load(path.with_suffix(".cases.yaml").read_text("utf-8"), yaml.BaseLoader)  # noqa: S506
    for case in cases:
        device = {k: v for k, v in case.items() if k not in SAID}
        asked = enrollment(**device)
        decision = configuration.rules.decide(asked)
        if "url" in case:
            assert isinstance(decision, Offer), case
            assert decision.url == case["url"]
            assert decision.masked == case.get("shown", decision.masked)
        else:
            assert isinstance(decision, Decline), case
            assert (decision.rule is None) == ("none" in case), case
            assert decision.status == (int(case["reject"]) if "reject" in case else None), case
        winner = next((v.rule.name for v in configuration.rules.explain(asked) if v.matched), None)
        assert winner == decision.rule
