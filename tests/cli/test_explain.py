from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from pnp_responder.cli.explain import explain

SUBSCRIBE = Path(__file__).parents[1] / "corpus" / "fanvil" / "voip-phone_v2.0.114.51.subscribe"
RULES = """\
rules:
  - name: elsewhere
    match: {source: 10.0.0.0/8}
    ignore: true
  - name: old
    match: {vendor: fanvil, version: "<3"}
    url: "https://user:secret@{{ local_ip }}/$mac.cfg"
  - {name: nameless, match: {vendor: none}, reject: 403}
  - {name: htek, match: {vendor: htek}, ignore: true}
"""

app = typer.Typer()
app.command()(explain)


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "r.yaml"
    path.write_text(RULES)
    return str(path)


def ask(rules: str, *words: str) -> Result:
    return CliRunner().invoke(app, ["--rules", rules, *words])


def as_json(rules: str, *words: str) -> Any:
    result = ask(rules, "--json", *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("words", "outcome", "rule", "status"),
    [
        (["--vendor", "Fanvil", "--version", "V2.0"], "url", "old", None),
        (["--vendor", "Fanvil", "--version", "V3.0"], "none", None, None),
        (["--vendor", "Htek"], "ignore", "htek", None),
        (["--mac", "00-A8-59-11-22-33"], "reject", "nameless", 403),
        (["--source", "10.1.2.3"], "ignore", "elsewhere", None),
        (["--source", "192.0.2.7", "--vendor", "htek"], "ignore", "htek", None),
    ],
)
def test_outcomes(rules: str, words: list[str], outcome: str, rule: str | None, status: int | None) -> None:
    shown = as_json(rules, *words)
    assert (shown["outcome"], shown["rule"], shown["status"]) == (outcome, rule, status)
    assert (shown["url"] is None) == (outcome != "url")


def test_what_is_not_given_is_unknown(rules: str) -> None:
    shown = as_json(rules, "--vendor", "fanvil", "--version", "2")
    assert shown["unknown"] == ["source", "local_ip"]
    assert shown["url"] == "https://user:***@{{ local_ip }}/$mac.cfg"
    known = as_json(
        rules, "--vendor", "fanvil", "--version", "2", "--source", "192.0.2.7", "--interface", "lo"
    )
    assert (known["unknown"], known["url"]) == ([], "https://user:***@127.0.0.1/$mac.cfg")
    no_such = as_json(rules, "--vendor", "fanvil", "--version", "2", "--interface", "nope0")
    assert (no_such["unknown"], no_such["device"]["interface"]) == (["source", "local_ip"], "nope0")


def test_words(rules: str) -> None:
    result = ask(rules, "--vendor", "Fanvil", "--version", "V2.0", "--mac", "00a859112233", "--all")
    assert result.exit_code == 0
    assert result.stdout.split("\n") == [
        "mac          00a859112233",
        "vendor       Fanvil",
        "version      V2.0",
        "profile_type device",
        "",
        "url          https://user:***@{{ local_ip }}/$mac.cfg",
        f"rule         old ({rules}:5:5)",
        "unknown      source: give --source",
        "unknown      local_ip: give --interface",
        "",
        "rules before it:",
        f"  {rules}:2:5: elsewhere: source is unknown (wanted 10.0.0.0/8): give --source",
        "",
        "rules after it, not asked:",
        f"  {rules}:8:6: nameless: vendor is 'Fanvil' (wanted none)",
        f"  {rules}:9:6: htek: vendor is 'Fanvil' (wanted htek)",
        "",
    ]


def test_a_message(rules: str) -> None:
    shown = as_json(rules, "--message", str(SUBSCRIBE), "--interface", "lo")
    assert shown["rule"] == "old"
    assert shown["device"]["mac"] == "000810a99948"
    ok, notify = shown["datagrams"]
    assert ok.startswith("SIP/2.0 200 OK\r\n")
    assert notify.startswith("NOTIFY sip:192.168.1.45:5060 SIP/2.0\r\n")
    assert notify.endswith("\r\n\r\nhttps://user:***@127.0.0.1/$mac.cfg")
    words = ask(rules, "--message", str(SUBSCRIBE)).stdout
    assert "192.0.2.1 stands for our address" in words
    assert "  https://user:***@192.0.2.1/$mac.cfg\n" in words


def test_a_message_whose_notify_would_be_too_long(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text('rules: [{name: long, url: "http://192.0.2.1/' + "x" * 1200 + '"}]')
    told = json.loads(ask(str(path), "--message", str(SUBSCRIBE), "--json").stdout)
    assert (told["outcome"], told["rule"], told["url"], told["datagrams"]) == ("ignore", "long", None, [])
    assert "octets" in told["reason"]


def test_a_message_that_only_a_unicast_sender_is_told_about(rules: str, tmp_path: Path) -> None:
    file = tmp_path / "m"
    file.write_bytes(SUBSCRIBE.read_bytes().replace(b"application/url", b"text/plain"))
    shown = as_json(rules, "--message", str(file))
    assert (shown["outcome"], shown["datagrams"]) == ("none", [])
    assert shown["by_unicast"] == "SIP/2.0 406 Not Acceptable"
    assert "by unicast would get: SIP/2.0 406 Not Acceptable" in ask(rules, "--message", str(file)).stdout


def test_our_address_is_unknown_without_an_interface(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text('rules: [{name: plain, url: "https://192.0.2.9/x"}]')
    assert as_json(str(path), "--message", str(SUBSCRIBE))["unknown"] == ["local_ip"]
    assert as_json(str(path), "--message", str(SUBSCRIBE), "--interface", "lo")["unknown"] == []


def test_a_message_that_is_no_enrollment(rules: str, tmp_path: Path) -> None:
    file = tmp_path / "m"
    file.write_bytes(b"hello")
    shown = as_json(rules, "--message", str(file))
    assert (shown["outcome"], shown["device"], shown["datagrams"]) == ("none", None, [])
    assert shown["reason"]
    assert ask(rules, "--message", str(file)).stdout.startswith("no enrollment: ")


def test_profile_types_that_are_never_answered(rules: str) -> None:
    shown = as_json(rules, "--profile-type", "user")
    assert (shown["outcome"], shown["rule"]) == ("none", None)
    assert "never reaches the rules" in shown["reason"]


def test_passwords_only_on_demand(rules: str) -> None:
    words = ["--vendor", "fanvil", "--version", "2"]
    for more in ([], ["--json"], ["--message", str(SUBSCRIBE)]):
        asked = more if "--message" in more else [*words, *more]
        assert "secret" not in ask(rules, *asked).output
        assert "user:secret@" in ask(rules, *asked, "--show-secrets").stdout


@pytest.mark.parametrize(
    "words",
    [
        ["--mac", "zz"],
        ["--source", "h"],
        ["--message", "none"],
        ["--message", str(SUBSCRIBE), "--vendor", "x"],
    ],
)
def test_wrong_usage(rules: str, words: list[str]) -> None:
    result = ask(rules, *words)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_bad_rules(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("rules: x")
    result = ask(str(path), "--mac", "00a859112233")
    assert result.exit_code == 78
    assert f"{path}:1:8: expected a list of rules" in result.stderr
