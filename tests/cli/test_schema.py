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


@pytest.fixture(scope="module")
def printed() -> Any:
    app = typer.Typer()
    app.command()(schema)
    return json.loads(CliRunner().invoke(app, []).stdout)


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
