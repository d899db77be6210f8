"""`explain` and the options of rules: what only the service knows is stated, or named as unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_explain import SUBSCRIBE, as_json, ask

RULES = """\
rules:
  - name: careful
    match: {vendor: fanvil}
    url: "http://h/{{ mac }}"
    require: {neighbour: true}
    once: 10m
    window: true
"""
PHONE = ["--mac", "00:08:10:a9:99:48", "--vendor", "Fanvil"]
SAME = ["--neighbour", "00:08:10:a9:99:48"]
OTHER = ["--neighbour", "00:08:10:a9:99:49"]
IN_ORDER = [*SAME, "--window", "open", "--offered", "never"]


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "r.yaml"
    path.write_text(RULES)
    return str(path)


def test_what_only_the_service_knows_is_taken_to_be_in_order_and_named(rules: str) -> None:
    shown = as_json(rules, *PHONE)
    assert (shown["outcome"], shown["url"]) == ("url", "http://h/000810a99948")
    assert shown["unknown"] == ["window", "once", "neighbour"]
    text = ask(rules, *PHONE).stdout
    assert "unknown      window: the service decides; here, give --window\n" in text
    assert "unknown      once: the service decides; here, give --offered\n" in text
    assert "unknown      neighbour: the service decides; here, give --neighbour\n" in text
    assert as_json(rules, *PHONE, *IN_ORDER)["unknown"] == []


@pytest.mark.parametrize(
    ("words", "outcome", "reason"),
    [
        (["--window", "closed"], "ignore", "rule 'careful' waits for the enrolment window, which is closed"),
        (["--offered", "5m"], "ignore", "rule 'careful' offers its URL once in 10m, and did so 5m ago"),
        (
            OTHER,
            "ignore",
            "rule 'careful' compares with the neighbour table, where the device's address is "
            "00:08:10:a9:99:49, not the MAC that the device claims",
        ),
        (
            ["--neighbour", "none", "--source", "192.0.2.9"],
            "defer",
            "rule 'careful' compares with the neighbour table, which does not have 192.0.2.9 yet: "
            "the kernel asks, the repeat is decided",
        ),
        (
            # 192.0.2.9 is none of the networks of lo.
            ["--interface", "lo", "--source", "192.0.2.9"],
            "ignore",
            "rule 'careful' compares with the neighbour table, which never has 192.0.2.9: "
            "it asks through a router, or the link has no MACs",
        ),
    ],
)
def test_what_is_stated_decides(rules: str, words: list[str], outcome: str, reason: str) -> None:
    shown = as_json(rules, *PHONE, *words)
    assert (shown["outcome"], shown["rule"], shown["url"]) == (outcome, "careful", None)
    assert shown["reason"] == reason
    assert shown["verdicts"][0]["reason"] == f"matches, but {reason}"
    assert reason in ask(rules, *PHONE, *words).stdout


def test_a_message_that_is_put_off(rules: str) -> None:
    text = ask(rules, "--message", str(SUBSCRIBE), "--neighbour", "none").stdout
    assert "defer        no answer yet: rule 'careful'" in text
    assert text.endswith("what would be sent: a keep-alive of four octets, CR LF CR LF, to the source\n")
    served = as_json(rules, "--message", str(SUBSCRIBE), *IN_ORDER)
    assert (served["outcome"], len(served["datagrams"])) == ("url", 2)
    kept_back = as_json(rules, "--message", str(SUBSCRIBE), *IN_ORDER, "--window", "closed")
    assert (kept_back["outcome"], kept_back["datagrams"]) == ("ignore", [])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--neighbour", "fanvil"], "expected the MAC in the neighbour table"),
        (["--window", "true"], "expected open or closed"),
        (["--offered", "soon"], "expected how long ago"),
    ],
)
def test_what_cannot_be_stated(rules: str, words: list[str], problem: str) -> None:
    result = ask(rules, *PHONE, *words)
    assert result.exit_code == 2
    assert problem in result.stderr
