"""Exit codes, the options of a running service, and that the judging modules are pure."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import pnp_responder.doctor
from pnp_responder.doctor.finding import Finding, Verdict, exit_code
from pnp_responder.doctor.read_sockets import run_arguments
from pnp_responder.doctor.service_options import options_of, with_options
from pnp_responder.service.settings import Settings

EDGE = {
    *(
        "read_host",
        "read_sockets",
        "read_firewall",
        "read_leases",
        "read_rules",
        "read_unit",
        "self_test",
        "examination",
    ),
}
IMPURE = {"os", "socket", "select", "subprocess", "time", "pwd", "shutil", "stat"}
MODULES = sorted(Path(pnp_responder.doctor.__file__).parent.glob("*.py"))


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ("", 0),
        ("pass unknown", 0),
        ("pass warn unknown", 1),
        ("warn fail pass", 2),
        ("fail", 2),
    ],
)
def test_exit_code(verdicts: str, code: int) -> None:
    assert exit_code(Finding("x", "", Verdict(word), "") for word in verdicts.split()) == code


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("/usr/bin/python3 /usr/local/bin/pnp-responder run --port 5062", ("--port", "5062")),
        ("/venv/bin/python -m pnp_responder run", ()),
        ("python3.13 -X dev -m pnp_responder run --interface eth1", ("--interface", "eth1")),
        ("pnp-responder run", ()),
        ("/usr/bin/python3 /usr/local/bin/pnp-responder doctor", None),
        ("/usr/bin/python3 -m pnp_responder check run.yaml", None),
        ("sudo pnp-responder run", None),
        ("vi pnp-responder run", None),
        ("grep pnp-responder run", None),
        ("bash", None),
        ("", None),
    ],
)
def test_which_process_is_the_service(line: str, arguments: tuple[str, ...] | None) -> None:
    assert run_arguments(line.split(" ")) == arguments


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("", Settings()),
        ("--log-format json", Settings()),
        ("--interface eth1 --interface=vlan*", Settings(interfaces=("eth1", "vlan*"))),
        ("--port=5062 --reply-port 5070", Settings(port=5062, reply_port=5070)),
        ("--port 0", Settings()),
        ("--port 99999", Settings()),
        ("--port ٥", Settings()),
        ("--port", Settings()),
    ],
)
def test_options_of_the_service_win(line: str, settings: Settings) -> None:
    assert with_options(Settings(), options_of(line.split())) == settings


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_what_judges_only_judges(module: Path) -> None:
    if module.stem in EDGE:
        return
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {alias.name for alias in node.names} & IMPURE
        elif isinstance(node, ast.ImportFrom):
            assert node.module not in IMPURE
            assert (node.module or "").rpartition(".")[2] not in EDGE
