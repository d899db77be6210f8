"""`interfaces`: a table for people, JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path

from .program import call


def test_a_table(tmp_path: Path) -> None:
    done = call("interfaces", "--interface", "lo", "--interface", "nosuch0", cwd=tmp_path)
    assert done.returncode == 0
    rows = {line.split()[0]: line for line in done.stdout.split("\n")[:-1]}
    assert rows["INTERFACE"].split() == ["INTERFACE", "ADDRESSES", "SERVED"]
    assert rows["lo"].endswith("yes")
    assert "127.0.0.1/8" in rows["lo"]
    assert rows["nosuch0"].endswith("no: there is no such interface")
    assert "\x1b" not in done.stdout


def test_json(tmp_path: Path) -> None:
    done = call("interfaces", "--json", "--interface", "nosuch0", cwd=tmp_path)
    answer = json.loads(done.stdout)
    assert answer["missing"] == ["nosuch0"]
    loopback = next(row for row in answer["interfaces"] if row["name"] == "lo")
    assert loopback["served"] is False
    assert loopback["reason"] == "loopback (served only when named: --interface lo)"
    assert loopback["index"] == 1


def test_the_settings_of_the_file_count_unless_told_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("service: {interfaces: [lo]}\nrules: []\n")
    served = [
        [row["name"] for row in json.loads(done.stdout)["interfaces"] if row["served"]]
        for done in (
            call("interfaces", "--json", cwd=tmp_path),
            call("interfaces", "--json", "--rules", str(file)),
            call("interfaces", "--json", "--interface", "nosuch0", cwd=tmp_path),
        )
    ]
    assert served == [["lo"], ["lo"], []]


def test_a_bad_file_ends_with_78(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("rules: 7\n")
    done = call("interfaces", cwd=tmp_path)
    assert done.returncode == 78
    assert "rules.yaml:1:" in done.stderr
