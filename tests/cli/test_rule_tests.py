from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pnp_responder.cli.main import app
from tests import examples
from tests.captures.make import HERE as CAPTURES
from tests.corpus_reader import CORPUS

ROOT = Path(__file__).parents[2]
RULES = """
rules:
  - {name: fanvils, match: {vendor: fanvil}, url: "http://u:hidden@{{ local_ip }}/{{ mac }}.cfg"}
  - {name: snoms, match: {vendor: snom}, ignore: true}
  - {name: nameless, match: {vendor: none}, reject: 403}
  - {name: careful, match: {vendor: acme}, url: "http://h/", require: {neighbour: true}, once: 10m,
     window: true}
"""
MESSAGE = CORPUS / "fanvil" / "x4u_2.12.1.3.subscribe"
CAPTURE = CAPTURES / "recorded.pcap"


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["test", *arguments])


def write(folder: Path, tests: str, rules: str = RULES) -> str:
    (folder / "rules.test.yaml").write_text("tests:\n" + tests, encoding="utf-8")
    (folder / "rules.yaml").write_text(rules, encoding="utf-8")
    return str(folder / "rules.yaml")


@pytest.mark.parametrize(
    "test",
    [
        "device: {vendor: Fanvil, mac: 001122334455}, local_ip: 192.0.2.1, expect: {url: 'http://u:hidden@192.0.2.1/001122334455.cfg'}",
        "device: {vendor: Fanvil, mac: 001122334455}, expect: {rule: fanvils}",
        "device: {vendor: Fanvil}, expect: {none: true}",
        "device: {vendor: SNOM}, expect: {rule: snoms, ignore: true}",
        "device: {}, expect: {reject: 403}",
        "device: {vendor: Other}, expect: {none: true}",
        "device: {vendor: Acme}, window: open, expect: {rule: careful, ignore: true}",
        "device: {vendor: Acme, mac: 001122334455}, expect: {url: 'http://h/'}",
        "device: {vendor: Acme, mac: 001122334455}, window: closed, expect: {rule: careful, ignore: true}",
        "device: {vendor: Acme, mac: 001122334455}, offered: 9m, expect: {ignore: true}",
        "device: {vendor: Acme, mac: 001122334455}, offered: never, expect: {url: 'http://h/'}",
        "device: {vendor: Acme, mac: 001122334455}, neighbour: none, expect: {rule: careful, defer: true}",
        "device: {vendor: Acme, mac: 001122334455}, neighbour: routed, expect: {ignore: true}",
        "device: {vendor: Acme, mac: 001122334455}, neighbour: 00:11:22:33:44:56, expect: {ignore: true}",
        "device: {vendor: Fanvil, mac: 001122334455, profile_type: user}, expect: {none: true}",
        f"message: {MESSAGE}, expect: {{rule: fanvils}}",
        f"capture: {CAPTURE}, phone: 00:08:10:00:00:00, expect: {{rule: fanvils}}",
        f"capture: {CAPTURE}, phone: 000413000002, interface: eth0, expect: {{ignore: true}}",
    ],
)
def test_what_holds_passes(tmp_path: Path, test: str) -> None:
    result = run(write(tmp_path, f"  - {{{test}}}\n"))
    assert (result.exit_code, result.output) == (0, f"{tmp_path}/rules.yaml: 1 passed\n")


@pytest.mark.parametrize(
    ("test", "differences"),
    [
        (
            "device: {vendor: Fanvil, mac: 001122334455}, expect: {rule: snoms}",
            ["rule: expected snoms", "got      fanvils"],
        ),
        (
            "device: {vendor: snom}, expect: {url: 'http://h/'}",
            ["answer: expected url http://h/", "got      ignore"],
        ),
        ("device: {}, expect: {reject: 404}", ["answer: expected reject 404", "got      reject 403"]),
        (
            "device: {vendor: x}, expect: {rule: snoms, ignore: true}",
            ["rule: expected snoms", "got      none"],
        ),
        ("device: {vendor: x}, expect: {ignore: true}", ["answer: expected ignore", "got      none"]),
        (
            "device: {vendor: x}, expect: {rule: none}",
            ["rule: expected none", "got      no rule, which is `ex"],
        ),
        (
            f"message: {CORPUS / 'hostile' / 'accept-other.sip'}, expect: {{rule: snoms}}",
            ["rule: expected snoms", "no enrollment: Accept does not take application/url"],
        ),
        (
            f"capture: {CAPTURE}, phone: 001122334455, expect: {{none: true}}",
            ["device: expected the phone in ", "got      none that asks"],
        ),
    ],
)
def test_what_does_not_hold_fails_and_says_how(tmp_path: Path, test: str, differences: list[str]) -> None:
    result = run(write(tmp_path, f"  - {{name: it, {test}}}\n"))
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{tmp_path}/rules.test.yaml:2:6: FAILED it\n")
    assert result.stdout.endswith(f"{tmp_path}/rules.yaml: 0 passed, 1 failed\n")
    for difference in differences:
        assert difference in result.stdout


def test_a_failure_shows_why_each_rule_did_not_match(tmp_path: Path) -> None:
    result = run(write(tmp_path, "  - {device: {vendor: snom}, expect: {rule: fanvils}}\n"))
    assert f"{tmp_path}/rules.yaml:3:6: fanvils: vendor is 'snom' (wanted fanvil)" in result.stdout
    assert f"{tmp_path}/rules.yaml:5:6: nameless: vendor is 'snom' (wanted none)" in result.stdout


def test_each_phone_of_a_capture_is_held_to_it(tmp_path: Path) -> None:
    result = run(write(tmp_path, f"  - {{capture: {CAPTURE}, expect: {{none: true}}}}\n"))
    assert "FAILED test-1 (3 of 6 devices)" in result.stdout
    assert result.stdout.count("expected none") == 3


def test_passwords_are_masked_and_one_that_differs_is_told(tmp_path: Path) -> None:
    device = "device: {vendor: Fanvil, mac: 001122334455}, local_ip: 192.0.2.1"
    file = write(
        tmp_path, f"  - {{{device}, expect: {{url: 'http://u:foreign@192.0.2.1/001122334455.cfg'}}}}\n"
    )
    result = run(file)
    assert (
        "got      url http://u:***@192.0.2.1/001122334455.cfg   (another secret: --show-secrets)"
        in result.stdout
    )
    assert "hidden" not in result.output
    assert "foreign" not in result.output
    assert "u:hidden@" in run(file, "--show-secrets").stdout
    assert "hidden" not in run(file, "--json").output


def test_tests_in_the_rules_file_and_beside_it_both_count(tmp_path: Path) -> None:
    rules = RULES + "tests:\n  - {device: {}, expect: {none: true}}\n"
    result = run(write(tmp_path, "  - {device: {}, expect: {reject: 403}}\n", rules))
    assert f"{tmp_path}/rules.yaml:9:5: FAILED test-1" in result.stdout
    assert result.stdout.endswith(f"{tmp_path}/rules.yaml: 1 passed, 1 failed\n")


def test_another_file_of_tests(tmp_path: Path) -> None:
    file = write(tmp_path, "  - {device: {}, expect: {none: true}}\n")
    other = tmp_path / "more.yaml"
    other.write_text("tests: [{device: {}, expect: {reject: 403}}]")
    assert run(file, "--tests", str(other)).exit_code == 0
    assert run(file).exit_code == 1


def test_json(tmp_path: Path) -> None:
    file = write(
        tmp_path, "  - {device: {}, expect: {reject: 403}}\n  - {name: n, device: {}, expect: {none: true}}\n"
    )
    result = run(file, "--json")
    shown = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (shown["good"], shown["passed"], shown["failed"]) == (False, 1, 1)
    failed = shown["tests"][1]
    assert (failed["name"], failed["line"], failed["passed"], failed["devices"]) == ("n", 3, False, 1)
    assert failed["failures"][0]["differences"] == [
        {"what": "answer", "expected": "none", "got": "reject 403"}
    ]
    assert failed["failures"][0]["explanation"]["outcome"] == "reject"


class TestBadFiles:
    def test_all_problems_come_with_places(self, tmp_path: Path) -> None:
        result = run(
            write(tmp_path, "  - {devise: {}, expect: {none: true}}\n  - {device: {}, expect: {}}\n")
        )
        assert result.exit_code == 78
        assert (
            f"{tmp_path}/rules.test.yaml:2:6: unknown key 'devise' (did you mean 'device'?)" in result.stderr
        )
        assert f"{tmp_path}/rules.test.yaml:3:" in result.stderr
        assert result.stdout == ""

    def test_files_that_cannot_be_read_have_places_too(self, tmp_path: Path) -> None:
        tests = "  - {message: none.sip, expect: {rule: x}}\n  - {capture: none.pcap, expect: {rule: x}}\n"
        result = run(write(tmp_path, tests))
        assert result.exit_code == 78
        assert result.stderr.split("\n")[:2] == [
            f"{tmp_path}/rules.test.yaml:2:15: {tmp_path}/none.sip cannot be read: No such file or directory",
            f"{tmp_path}/rules.test.yaml:3:15: {tmp_path}/none.pcap: No such file or directory",
        ]

    def test_what_is_too_long_for_a_message(self, tmp_path: Path) -> None:
        (tmp_path / "long.sip").write_bytes(bytes(70_000))
        result = run(write(tmp_path, "  - {message: long.sip, expect: {rule: x}}\n"))
        assert result.exit_code == 78
        assert "longer than any UDP datagram" in result.stderr

    def test_no_tests_at_all(self, tmp_path: Path) -> None:
        (tmp_path / "r.yaml").write_text(RULES)
        result = run(str(tmp_path / "r.yaml"))
        assert result.exit_code == 78
        assert (
            result.stderr
            == f"{tmp_path}/r.yaml: no tests; write them to {tmp_path}/r.test.yaml or under `tests:`\n"
        )

    def test_bad_rules(self, tmp_path: Path) -> None:
        assert run(write(tmp_path, "  - {device: {}, expect: {none: true}}\n", "rules: x")).exit_code == 78


def test_the_shipped_rules_pass_their_tests() -> None:
    result = run(str(ROOT / "rules.yaml"))
    assert (result.exit_code, result.output) == (0, f"{ROOT}/rules.yaml: 4 passed\n")


def test_what_is_refused_in_a_capture_is_held_to_the_expectation_too(tmp_path: Path) -> None:
    (tmp_path / "refused.txt").write_bytes(examples.altered(Accept="text/plain"))
    result = run(write(tmp_path, "  - {capture: refused.txt, expect: {rule: fanvils}}\n"))
    assert result.exit_code == 1
    assert "no enrollment: Accept does not take application/url" in result.stdout
