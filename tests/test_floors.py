"""The shape of the package: who may import whom, what the pure floors do without, how large things are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "pnp_responder"
ROOT = Path(__file__).parent.parent / PACKAGE

_VALUES = {"errors", "datagram", "mac"}
_BELOW_SERVICE = {
    *_VALUES,
    *("enrollment", "circumstances", "engine", "escaping", "masking", "events", "admission", "limits", "sip"),
    *("ua_profile", "rules", "deferral", "tables", "express", "long_way", "outcomes", "responses"),
    *("responder", "rehearsal", "net", "capture", "phone", "phone_edge", "probe", "writer_thread"),
}
_BELOW_CLI = _BELOW_SERVICE | {"service", "doctor"}

# A unit is a module or a folder right below the package; beside it stands all of ours that it may import.
FLOORS: dict[str, set[str]] = {
    "errors": set(),
    "datagram": set(),
    "mac": set(),
    "escaping": set(),
    "masking": set(),
    "enrollment": {"datagram", "mac", "masking"},
    "circumstances": {"enrollment", "mac"},
    "engine": {"datagram"},
    "admission": {"datagram"},
    "limits": set(),
    "sip": {"errors", "datagram"},
    "ua_profile": _VALUES | {"enrollment", "sip"},
    "rules": _VALUES | {"enrollment", "circumstances", "escaping", "masking"},
    "events": {"datagram", "enrollment", "mac", "masking"},
    "responses": {"datagram", "sip", "ua_profile"},
    "tables": {"limits", "sip"},
    "outcomes": {"datagram", "enrollment", "events", "limits", "sip", "ua_profile"},
    "express": {
        *("datagram", "engine", "enrollment", "events", "limits", "mac", "outcomes", "sip", "tables"),
        "ua_profile",
    },
    "long_way": {
        *("errors", "datagram", "engine", "enrollment", "events", "deferral", "express", "limits"),
        *("outcomes", "responses", "sip", "tables", "ua_profile"),
    },
    "deferral": {"datagram", "enrollment", "events", "ua_profile"},
    "responder": {
        *("datagram", "engine", "enrollment", "events", "admission", "express", "limits", "long_way"),
        *("outcomes", "sip", "tables", "ua_profile"),
    },
    "rehearsal": _VALUES | {"admission", "engine", "enrollment", "events", "responder", "sip", "ua_profile"},
    "phone": _VALUES | {"engine", "enrollment", "sip"},
    "net": {"errors", "datagram", "mac", "engine", "circumstances"},
    "capture": {
        *_VALUES,
        *("admission", "engine", "enrollment", "events", "limits", "masking", "responder", "sip"),
        "writer_thread",
    },
    "writer_thread": set(),
    "probe": {"errors", "datagram", "engine", "phone", "sip"},
    "phone_edge": _VALUES | {"engine", "escaping", "masking", "net", "phone", "sip"},
    "service": _BELOW_SERVICE,
    "doctor": {"errors", "masking", "rules", "net", "service"},
    "cli": _BELOW_CLI,
}
IMPURE = {"net", "capture", "writer_thread", "phone_edge", "service", "doctor", "cli"}

BANNED_ON_PURE_FLOORS = {
    *("socket", "asyncio", "time", "random", "os", "pathlib", "threading", "logging", "structlog"),
    *("subprocess", "selectors", "signal", "secrets", "datetime", "sched", "tempfile", "shutil", "io"),
}

MOST_LINES = 300
MOST_PUBLIC_METHODS = 12

# The words that may stand only in tables of data, and the modules that are such tables.
VENDOR = re.compile(
    r"fanvil|yealink|snom|grandstream|gigaset|panasonic|akuvox|atcom|audiocodes|tiptel|htek|flyingvoice|technicolor",
    re.IGNORECASE,
)
TABLES_OF_VENDORS = re.compile(r"(quirks|lint|oui|macros|phones|catalogue)\w*\.py")

MODULES = sorted(ROOT.rglob("*.py"))


def unit_of(module: Path) -> str:
    """The unit of a module: `sip`, `mac`, ... or "" for the package's own `__init__` and `__main__`."""
    top = module.relative_to(ROOT).parts[0]
    return "" if top in ("__init__.py", "__main__.py") else top.removesuffix(".py")


def imports_of(tree: ast.AST, inside: str) -> Iterator[str]:
    """The dotted names of all that `tree` imports, inside functions too. `inside` is its package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = inside.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def parse(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"), str(module))


def package_of(module: Path) -> str:
    return ".".join([PACKAGE, *module.relative_to(ROOT).parent.parts])


def units_imported(module: Path) -> set[str]:
    names = (name.split(".") for name in imports_of(parse(module), package_of(module)))
    below = {parts[1] for parts in names if parts[0] == PACKAGE and len(parts) > 1}
    return {
        name for name in below if name in FLOORS or (ROOT / name).exists() or (ROOT / f"{name}.py").exists()
    }


def spoken_names(module: Path) -> set[str]:
    """The module's identifiers and the strings that it executes: everything but docstrings and comments."""
    tree = parse(module)
    words: set[str] = set()
    # A string that stands alone explains; it does nothing.
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in alone:
            value = node.value
            words.add(value if isinstance(value, str) else value.decode("latin-1"))
    return words


def test_the_package_is_found() -> None:
    assert len(MODULES) > 10


def test_every_unit_has_a_floor() -> None:
    assert {unit_of(module) for module in MODULES} - {""} <= set(FLOORS)


def test_no_floor_is_written_down_for_a_unit_that_is_gone() -> None:
    assert set(FLOORS) <= {unit_of(module) for module in MODULES}


def test_the_table_has_no_cycle() -> None:
    done: set[str] = set()
    while ready := {unit for unit in FLOORS if unit not in done and FLOORS[unit] <= done}:
        done |= ready
    assert done == set(FLOORS)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
class TestEachModule:
    def test_imports_only_from_floors_below(self, module: Path) -> None:
        unit = unit_of(module)
        allowed = {"cli"} if unit == "" else FLOORS[unit] | {unit}
        assert units_imported(module) <= allowed | {"__version__"}

    def test_pure_floors_have_no_clock_socket_or_log(self, module: Path) -> None:
        if unit_of(module) in IMPURE | {""}:
            return
        tops = {name.split(".")[0] for name in imports_of(parse(module), package_of(module))}
        assert not tops & BANNED_ON_PURE_FLOORS

    def test_is_short_enough_to_read(self, module: Path) -> None:
        assert len(module.read_text(encoding="utf-8").split("\n")) - 1 <= MOST_LINES

    def test_classes_are_small(self, module: Path) -> None:
        for node in ast.walk(parse(module)):
            if isinstance(node, ast.ClassDef):
                methods = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
                public = [n.name for n in methods if not n.name.startswith("_")]
                assert len(public) <= MOST_PUBLIC_METHODS, node.name

    def test_says_what_it_is(self, module: Path) -> None:
        assert ast.get_docstring(parse(module)), "a module begins with its contract"

    def test_uses_nothing_that_a_stranger_can_turn(self, module: Path) -> None:
        """str.splitlines splits at U+2028 too; eval and exec run text; a daemon does not print."""
        for node in ast.walk(parse(module)):
            if isinstance(node, ast.Call):
                function = node.func
                name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                bare = isinstance(function, ast.Name)
                assert name != "splitlines", f"line {node.lineno}"
                assert not (bare and name in {"eval", "exec", "print"}), f"line {node.lineno}"

    def test_hides_no_error(self, module: Path) -> None:
        for node in ast.walk(parse(module)):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"bare except at line {node.lineno}"

    def test_names_vendors_only_in_tables_of_data(self, module: Path) -> None:
        if TABLES_OF_VENDORS.fullmatch(module.name):
            return
        assert {word for word in spoken_names(module) if VENDOR.search(word)} == set()


def test_imports_make_no_cycle() -> None:
    """Module by module, imports under TYPE_CHECKING and inside functions included."""
    names = {".".join([package_of(m), m.stem]).removesuffix(".__init__"): m for m in MODULES}
    graph = {
        name: {found for found in imports_of(parse(m), package_of(m)) if found in names and found != name}
        for name, m in names.items()
    }
    done: set[str] = set()
    # A package's __init__ gathers its own modules; they may be imported before it is complete.
    gathers = {name: {n for n in graph[name] if not n.startswith(name + ".")} for name in graph}
    while ready := {name for name in graph if name not in done and gathers[name] <= done}:
        done |= ready
    assert {name: sorted(gathers[name] - done) for name in graph if name not in done} == {}


class TestTheseTestsCanFail:
    def test_imports_are_seen_wherever_they_stand(self) -> None:
        text = "import os.path\ndef f():\n    from ..net import driver\nfrom pnp_responder import mac\n"
        found = set(imports_of(ast.parse(text), "pnp_responder.sip"))
        assert {"os.path", "pnp_responder.net", "pnp_responder.net.driver", "pnp_responder.mac"} <= found

    def test_what_a_docstring_names_is_no_branch(self, tmp_path: Path) -> None:
        module = tmp_path / "module.py"
        module.write_text('"""Fanvil."""\nX = "Yealink"\nsnom = 1\n', encoding="utf-8")
        assert {word for word in spoken_names(module) if VENDOR.search(word)} == {"Yealink", "snom"}
