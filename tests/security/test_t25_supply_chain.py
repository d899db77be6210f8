"""T25: few packages from others, each named with an upper bound, and no code from anywhere else.

The ranges are those of a package, for an environment to choose from; a lock file would only bind the
environment that it was made in, so there is none.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

IMPORTED_AS = {
    "dpkt": {"dpkt"},
    "pyroute2": {"pyroute2"},
    "PyYAML": {"yaml"},
    "typer": {"typer", "click", "rich"},  # two of its own parts
    "watchfiles": {"watchfiles"},
}
"""All that a user installs, and the names that the package imports of it."""


def requirements(texts: list[str]) -> dict[str, str]:
    pairs = (re.fullmatch(r"([A-Za-z0-9_.-]+)(.*)", text) for text in texts)
    return {match[1]: match[2] for match in pairs if match is not None}


def test_the_packages_of_others_are_these() -> None:
    assert set(requirements(PROJECT["dependencies"])) == set(IMPORTED_AS)


def test_each_has_a_lower_and_an_upper_bound_and_no_address() -> None:
    extras = [text for group in PROJECT["optional-dependencies"].values() for text in group]
    for name, bounds in requirements([*PROJECT["dependencies"], *extras]).items():
        assert re.fullmatch(r">=[0-9.]+,<[0-9.]+", bounds), name


def test_the_package_imports_nothing_else() -> None:
    known = set(sys.stdlib_module_names) | {"pnp_responder"} | set().union(*IMPORTED_AS.values())
    found = set()
    for module in (ROOT / "pnp_responder").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").partition(".")[0])
    assert found - known == set()


def test_nothing_is_fetched_when_it_is_built() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    assert set(requirements(build["requires"])) == {"hatchling"}
    assert not (ROOT / "setup.py").exists()
