from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from pnp_responder.cli.check import check

ROOT = Path(__file__).parents[2]
BAD = "rules:\n  - match: {vendr: x}\n    url: http://user:secret@h/ #c\n"

app = typer.Typer()
app.command()(check)
run = CliRunner().invoke


def write(folder: Path, text: str) -> str:
    path = folder / "r.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_good_file(tmp_path: Path) -> None:
    result = run(app, [write(tmp_path, "rules: [{url: 'https://h/'}]")])
    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path}/r.yaml: good: 1 rule, no warnings\n"


def test_a_bad_file(tmp_path: Path) -> None:
    result = run(app, [write(tmp_path, BAD)])
    assert result.exit_code == 78
    assert result.stdout.split("\n")[:3] == [
        f"{tmp_path}/r.yaml:2:13: unknown key 'vendr' (did you mean 'vendor'?)",
        "      - match: {vendr: x}",
        "                ^",
    ]
    assert result.stderr == f"{tmp_path}/r.yaml: 1 error, 2 warnings\n"
    assert "secret" not in result.output


def test_warnings_count_only_when_strict(tmp_path: Path) -> None:
    file = write(tmp_path, "rules: [{url: 'http://u:p@h/'}]")
    assert run(app, [file]).exit_code == 0
    assert run(app, [file, "--strict"]).exit_code == 78
    assert json.loads(run(app, [file, "--strict", "--json"]).stdout)["good"] is False


def test_json(tmp_path: Path) -> None:
    result = run(app, [write(tmp_path, BAD), "--json"])
    assert result.exit_code == 78
    shown = json.loads(result.stdout)
    first = shown["problems"][0]
    assert (shown["good"], first["line"], first["column"], first["severity"]) == (False, 2, 13, "error")
    assert first["hint"] == "did you mean 'vendor'?"
    assert "secret" not in result.stdout


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        result = run(app, [str(path)])
        assert result.exit_code == 78
        assert f"{path}:1:1: cannot be read" in result.stdout


def test_the_default_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.yaml").write_text("rules: []\n")
    assert run(app, []).stdout == "rules.yaml: good: no rules, no warnings\n"


def test_the_shipped_file_is_good_and_answers_one_phone() -> None:
    assert run(app, [str(ROOT / "rules.yaml"), "--strict"]).exit_code == 0
    rules = yaml.safe_load((ROOT / "rules.yaml").read_text("utf-8"))["rules"]
    assert rules == [
        {"name": "demo", "match": {"mac": "00:08:10:a9:99:48"}, "url": "http://{{ local_ip }}/$mac.cfg"}
    ]


def test_each_example_of_the_shipped_file_works(tmp_path: Path) -> None:
    text = (ROOT / "rules.yaml").read_text("utf-8")
    examples = re.findall(r"(?:^#\|.*\n)+", text, re.MULTILINE)
    assert len(examples) == 12
    for example in examples:
        alone = text.replace(example, re.sub(r"^#\|", "", example, flags=re.MULTILINE))
        result = run(app, [write(tmp_path, alone), "--strict"])
        assert result.exit_code == 0, result.output
    together = re.sub(r"^#\|", "", text, flags=re.MULTILINE)
    assert run(app, [write(tmp_path, together), "--strict"]).exit_code == 0
