"""Standard output that takes nothing: every command says so in one line and ends with 74."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path

import pytest

from pnp_responder.cli.main import app

from .program import PATIENCE, PROGRAM, running, side_by_side

RULES = """
rules:
  - {name: all, url: 'http://192.0.2.1/{{ mac }}.cfg'}
tests:
  - {name: a, device: {mac: '001122334455'}, expect: {rule: all}}
"""
CAPTURE = str(Path(__file__).parents[1] / "captures" / "ipv4.pcap")
# What each command prints from; `rules.yaml` lies where it runs. `run` prints nothing: it has a log.
CALLS = {
    "check": ["check", "rules.yaml"],
    "check --json": ["check", "--json", "rules.yaml"],
    "demo": ["demo"],
    "doctor": ["doctor", "--rules", "rules.yaml", "--interface", "lo"],
    "doctor --json": ["doctor", "--json", "--rules", "rules.yaml", "--interface", "lo"],
    "explain": ["explain", "--rules", "rules.yaml", "--mac", "001122334455"],
    "interfaces": ["interfaces"],
    "phone": ["phone", "--server", "127.0.0.1:9", "--timeout", "0.2"],
    "phone --list": ["phone", "--list"],
    "probe": ["probe", "--interface", "lo", "--timeout", "0.1"],
    "replay": ["replay", "--rules", "rules.yaml", CAPTURE],
    "schema": ["schema"],
    "test": ["test", "rules.yaml"],
}
CALLS_OF_THE_SERVICE = [
    ["status"],
    ["status", "--json"],
    ["reload"],
    ["window", "status"],
    ["window", "open", "1m"],
    ["window", "close"],
]


def run_with(output: str, folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and what was said, with standard output led where the shell's words lead it."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {output}', "sh", *PROGRAM, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


@pytest.mark.parametrize("call", CALLS)
def test_each_command_tells_of_a_full_disk_and_of_a_closed_stream(call: str, folder: Path) -> None:
    words_of = {">/dev/full": "No space left on device", ">&-": ""}
    done = side_by_side(*(partial(run_with, output, folder, *CALLS[call]) for output in words_of))
    for (code, said), words in zip(done, words_of.values(), strict=True):
        assert (code, said.count("\n")) == (74, 1), said
        assert said.startswith("pnp-responder: ")
        assert words in said


@pytest.mark.parametrize("call", [name for name in CALLS if "--" not in name])
def test_a_reader_that_leaves_early_brings_no_complaint(call: str, folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, *CALLS[call]],
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=folder,
        timeout=PATIENCE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("call", ["--help", "--version", "run --help"])
def test_so_does_the_help(call: str, folder: Path) -> None:
    code, said = run_with(">/dev/full", folder, *call.split())
    assert (code, said) == (74, "pnp-responder: No space left on device\n")


def test_so_do_the_commands_that_talk_to_the_service(folder: Path) -> None:
    with running(folder, folder / "rules.yaml", "--interface", "lo", "--control", str(folder / "c")) as it:
        it.hear("READY=1")
        at = ("--control", str(folder / "c"))
        calls = [partial(run_with, ">/dev/full", folder, *words, *at) for words in CALLS_OF_THE_SERVICE]
        for words, done in zip(CALLS_OF_THE_SERVICE, side_by_side(*calls), strict=True):
            assert (words, done) == (words, (74, "pnp-responder: No space left on device\n"))


def test_no_command_is_forgotten() -> None:
    names = {str(it.name or getattr(it.callback, "__name__", "")) for it in app.registered_commands}
    names |= {str(group.name) for group in app.registered_groups}
    called = {words[0] for words in [*CALLS.values(), *CALLS_OF_THE_SERVICE]}
    assert names - {"run"} == called
