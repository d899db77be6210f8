"""`demo`: a newcomer sees the product in ten seconds."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .program import call, side_by_side


def test_the_whole_exchange_with_the_shipped_rules(tmp_path: Path) -> None:
    done = call("demo", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    order = [
        "SUBSCRIBE sip:",
        "SIP/2.0 200 OK",
        "NOTIFY sip:127.0.0.1:",
        "http://127.0.0.1/$mac.cfg",
        "SIP/2.0 200 OK",
    ]
    rest = done.stdout
    for step in order:
        _, found, rest = rest.partition(f"    {step}")
        assert found, step
    assert "The phone was told its configuration is at http://127.0.0.1/$mac.cfg" in rest


def test_without_a_notify_it_says_what_to_do(tmp_path: Path) -> None:
    cases = {
        "rules: []\n": '- {name: phone-000810a99948, match: {mac: "00:08:10:a9:99:48"}',
        "rules:\n  - {name: nobody, ignore: true}\n": "rule 'nobody'",
        "rules:\n  - {name: nobody, reject: 403}\n": "rule 'nobody'",
    }
    files = [tmp_path / f"{number}.yaml" for number in range(len(cases))]
    for file, rules in zip(files, cases, strict=True):
        file.write_text(rules)
    demos = side_by_side(*(partial(call, "demo", "--rules", str(file)) for file in files))
    for done, said in zip(demos, cases.values(), strict=True):
        assert done.returncode == 1
        assert said in done.stderr
        assert "SUBSCRIBE sip:" in done.stdout


def test_a_bad_file_ends_with_78(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("rules: 7\n")
    done = call("demo", "--rules", str(file))
    assert done.returncode == 78
    assert "rules.yaml:1:" in done.stderr


def test_passwords_are_masked(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text('rules:\n  - {url: "http://user:secret@192.0.2.1/x.cfg"}\n')
    done = call("demo", "--rules", str(file))
    assert done.returncode == 0
    assert "secret" not in done.stdout + done.stderr
    assert "http://user:***@192.0.2.1/x.cfg" in done.stdout
