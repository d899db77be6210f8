"""The frame of the command line: usage, help, streams that fail."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from pnp_responder import __version__, express
from pnp_responder.cli.console import table, wants_colour

from .program import PROGRAM, call

COMMANDS = (
    *("run", "check", "test", "explain", "interfaces", "doctor"),
    *("probe", "demo", "phone", "replay", "schema", "status", "reload", "window"),
)


def test_help_names_every_command_and_comes_at_once() -> None:
    done = call("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout
    assert len(done.stdout.split("\n")) <= 34
    assert min(help_takes() for _ in range(3)) < 0.3


def help_takes() -> float:
    """Seconds for the whole process."""
    began = time.perf_counter()
    subprocess.run([*PROGRAM, "--help"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str) -> None:
    done = call(command, "--help")
    assert done.returncode == 0
    assert f"Usage: pnp-responder {command}" in done.stdout


def test_nothing_slow_is_imported_for_help() -> None:
    slow = {"pydantic", "pyroute2", "structlog", "watchfiles", "rich", "yaml", "asyncio"}
    script = "import sys; import pnp_responder.cli.main; sys.stdout.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert slow & set(done.stdout.split()) == set()


@pytest.mark.parametrize("arguments", [("--help",), ("check", "rules.yaml"), ("run", "--help")])
def test_nothing_slow_is_imported_by_what_should_be_quick(arguments: tuple[str, ...]) -> None:
    slow = {"pyroute2", "structlog", "watchfiles", "rich", "dpkt", "asyncio"}
    script = (
        "import sys\nfrom pnp_responder.cli.main import main\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = set(done.stderr.split())
    assert "pnp_responder.cli.check" in imported
    assert slow & imported == set()


def test_version() -> None:
    done = call("--version")
    compiled = "" if (express.__file__ or "").endswith(".py") else " (compiled)"
    assert (done.returncode, done.stdout) == (0, f"pnp-responder {__version__}{compiled}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chekc",), "Did you mean 'check'?"),
        (("run", "--ruels", "x"), "--rules"),
        (("check", "one", "two"), "two"),
        ((), "Usage: pnp-responder"),
    ],
)
def test_wrong_usage_ends_with_64_and_a_suggestion(arguments: tuple[str, ...], said: str) -> None:
    done = call(*arguments)
    assert done.returncode == 64
    assert said in done.stderr + done.stdout


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["--version", "schema"])
def test_a_full_disk_is_told_in_one_line(command: str, unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*PROGRAM, command], stdout=full, stderr=subprocess.PIPE, check=False, env=environment
        )
    assert done.returncode == 74
    assert done.stderr.startswith(b"pnp-responder: ")
    assert done.stderr.endswith(b"No space left on device\n")
    assert done.stderr.count(b"\n") == 1


def test_a_fault_of_ours_is_one_line_and_70() -> None:
    script = (
        "import sys; from pnp_responder.cli import main\n"
        "@main.app.command()\n"
        "def broken() -> None:\n    raise KeyError('secret')\n"
        "sys.argv[1:] = ['broken']; main.main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert done.stderr.startswith("pnp-responder: internal error: KeyError at ")
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


def test_colours_only_for_terminals_that_like_them() -> None:
    leader, follower = os.openpty()
    with os.fdopen(follower, "w") as terminal, open(os.devnull, "w") as file:
        assert wants_colour(terminal, {})
        assert wants_colour(terminal, {"NO_COLOR": ""})
        assert not wants_colour(terminal, {"NO_COLOR": "1"})
        assert not wants_colour(terminal, {"TERM": "dumb"})
        assert not wants_colour(file, {})
        assert not wants_colour(None, {})
    os.close(leader)


def test_a_table_is_aligned_and_printable() -> None:
    assert table([["A", "B"], ["long\x1b", "x"]]) == ["A         B", r"long\x1b  x"]
