from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml
from typer.testing import CliRunner

from pnp_responder.cli.schema import schema
from pnp_responder.rules import RulesError
from pnp_responder.service.configuration import load_expectations

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
GOOD = [p for folder in ("rules_good", "rules_warn") for p in sorted((TESTS / folder).glob("*.yaml"))]
GOOD = [path for path in GOOD if ".cases." not in path.name]
STRUCTURAL = [
    "deep",
    "empty_name",
    "ignore_is_not_true",
    "match_keys_beside_match",
    "matches_of_the_wrong_kind",
    "misspelled_outcome",
    "reject_codes",
    "rule_is_a_text",
    "rules_mapping",
    "rules_missing",
    "rules_null",
    "rules_text",
    "settings",
    "settings_more",
    "top_is_a_list",
    "top_is_a_text",
    "two_outcomes",
    "unknown_key_at_top",
    "unknown_key_in_defaults",
    "unknown_key_in_match",
    "unknown_key_in_not",
    "unknown_key_in_rule",
    "unknown_key_in_service",
    "values_of_the_wrong_kind",
    "vars",
    "vars_is_a_list",
]


def print_schema(*arguments: str) -> Any:
    app = typer.Typer()
    app.command()(schema)
    return json.loads(CliRunner().invoke(app, arguments).stdout)


@pytest.fixture(scope="module")
def printed() -> Any:
    return print_schema()


@pytest.fixture(scope="module")
def printed_for_tests() -> Any:
    return print_schema("--tests")


def as_an_editor_reads(path: Path) -> Any:
    """JSON has no dates; editors' YAML, 1.2, has none either."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")), default=str))


def test_it_is_draft_07(printed: Any) -> None:
    assert printed["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(printed)


@pytest.mark.parametrize("path", [ROOT / "rules.yaml", *GOOD], ids=lambda path: path.stem)
def test_it_takes_every_good_file(path: Path, printed: Any) -> None:
    jsonschema.Draft7Validator(printed).validate(as_an_editor_reads(path))


@pytest.mark.parametrize("name", STRUCTURAL)
def test_it_refuses_wrong_structure(name: str, printed: Any) -> None:
    document = as_an_editor_reads(TESTS / "rules_bad" / f"{name}.yaml")
    assert not jsonschema.Draft7Validator(printed).is_valid(document)


def test_the_shipped_schema_is_this_one(printed: Any) -> None:
    assert json.loads((ROOT / "rules.schema.json").read_text("utf-8")) == printed
    first = (ROOT / "rules.yaml").read_text("utf-8").split("\n")[0]
    assert first == "# yaml-language-server: $schema=rules.schema.json"


class TestOfTests:
    def test_the_shipped_schema_is_this_one(self, printed_for_tests: Any) -> None:
        shipped = json.loads((ROOT / "rules.test.schema.json").read_text("utf-8"))
        assert shipped == printed_for_tests
        jsonschema.Draft7Validator.check_schema(printed_for_tests)
        first = (ROOT / "rules.test.yaml").read_text("utf-8").split("\n")[0]
        assert first == "# yaml-language-server: $schema=rules.test.schema.json"

    def test_it_takes_the_shipped_tests(self, printed_for_tests: Any) -> None:
        document = as_an_editor_reads(ROOT / "rules.test.yaml")
        jsonschema.Draft7Validator(printed_for_tests).validate(document)

    @pytest.mark.parametrize(
        ("text", "good"),
        [
            ("tests:", True),
            ("tests: [{device: , expect: {none: true}}]", True),
            ("tests: [{device: {mac: 001565112233}, window: open, expect: {rule: 1, url: x}}]", True),
            ("tests: [{capture: x.pcap, phone: 001565112233, expect: {reject: 403}}]", True),
            ("rules: []", False),
            ("tests: []\nrules: []", False),
            ("tests: [{expect: {none: true}}]", False),
            ("tests: [{device: {}, message: x, expect: {none: true}}]", False),
            ("tests: [{device: {}}]", False),
            ("tests: [{device: {}, expect: {}}]", False),
            ("tests: [{device: {}, expect: {url: x, ignore: true}}]", False),
            ("tests: [{device: {}, expect: {rule: x, none: true}}]", False),
            ("tests: [{device: {}, expect: {ignore: false}}]", False),
            ("tests: [{device: {}, expect: {reject: 200}}]", False),
            ("tests: [{device: {}, phone: 001565112233, expect: {none: true}}]", False),
            ("tests: [{device: {vender: x}, expect: {none: true}}]", False),
        ],
    )
    def test_it_refuses_what_the_command_refuses(
        self, text: str, good: bool, printed_for_tests: Any, tmp_path: Path
    ) -> None:
        path = tmp_path / "rules.test.yaml"
        path.write_text(text, encoding="utf-8")
        document = as_an_editor_reads(path)
        assert jsonschema.Draft7Validator(printed_for_tests).is_valid(document) is good
        if good:
            load_expectations(path)
        else:
            with pytest.raises(RulesError):
                load_expectations(path)
