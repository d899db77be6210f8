"""T16: whatever stands where the rules file should be is refused at once, in words, and the old rules stay.

Bombs of YAML, nesting, size, and everything in a file system that is no file: at the start, at a reload.
"""

from __future__ import annotations

import itertools
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic, process_time, sleep

import pytest
from typer.testing import CliRunner

from pnp_responder.cli.main import app
from pnp_responder.rules import RulesError
from pnp_responder.service.configuration import load_configuration
from pnp_responder.service.rules_file import content_digest
from tests.cli.program import Running, running
from tests.cli.test_run import ask
from tests.net.loopback import phone_socket

AT_ONCE = 1.0
"""Seconds until it is refused."""
LONGEST_WORDS = 50_000
"""Characters of all that is said about a file, however large what is wrong with it."""

ALIASES = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 31))
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 9)
)
NAMED = f"{{name: {'n' * 10**6}, ignore: true}}"
TEXTS: dict[str, tuple[str | bytes, str]] = {
    "alias bomb": (f"{ALIASES}rules: []\n", "an anchor ('&a0') is not allowed"),
    "merge bomb": (f"{MERGES}rules: []\n", "an anchor ('&a0') is not allowed"),
    "self-reference": ("rules: &r [*r]\n", "an anchor ('&r') is not allowed"),
    "100,000 brackets": ("[" * 100_000, "nested deeper than 32 levels"),
    "100,000 brackets, closed": ("rules: " + "[" * 100_000 + "]" * 100_000, "nested deeper than 32 levels"),
    "100,000 braces": ("{a: " * 100_000, "nested deeper than 32 levels"),
    "100,000 dashes": ("- " * 100_000, "nested deeper than 32 levels"),
    "100,000 questions": ("? " * 100_000, "nested deeper than 32 levels"),
    "100,000 indents": ("".join(f"{' ' * n}a:\n" for n in range(1000)), "nested deeper than 32 levels"),
    "a key of 1 MB twice": (f"{'k' * 10**6}: 1\n" * 2, "a ':' that does not fit here"),
    "an unknown key of 1 MB": (f"rules: []\n? {'k' * 10**6}\n: 1\n", "unknown key"),
    "a tag of 1 MB": (f"rules: !{'t' * 10**6} []\n", "is not allowed"),
    "an anchor of 1 MB": (f"rules: &{'t' * 10**6} []\n", "is not allowed"),
    "a value of 1 MB": (f"rules: {'v' * 10**6}\n", "expected a list of rules"),
    "a name of 1 MB twice": (f"rules: [{NAMED}, {NAMED}]", "has the name of the rule at line 1"),
    "a URL of 1 MB": (
        f"rules: [{{url: 'http://{'h' * 10**6}:x/'}}]",
        "the URL is longer than 65,535 characters",
    ),
    "a placeholder of 1 MB": (
        f"rules: [{{url: 'http://h/{{{{ {'h' * 10**6} }}}}'}}]",
        "the URL is longer than",
    ),
    "a MAC of 1 MB": (f"rules: [{{match: {{mac: {'z' * 10**6}}}, ignore: true}}]", "mac"),
    "a version of 1 MB": (f"rules: [{{match: {{version: '<{'=' * 10**6}'}}, ignore: true}}]", "version"),
    "unclosed quotes": ('rules: ["' + '\n"' * 50_000, ""),
    "tags": ("rules: !!python/object/apply:os.system ['touch owned']\n", "is not allowed"),
    "two documents": ("rules: []\n---\nrules: []\n", "a second document begins here"),
    "empty": ("", "the file holds no rules"),
    "blanks": (" \n\n\t \n", ""),
    "byte order mark": ("\ufeff", "the file holds no rules"),
    "UTF-16": ("rules: []\n".encode("utf-16"), "is not UTF-8"),
    "binary": (bytes(range(256)) * 100, "is not UTF-8"),
    "NULs": (bytes(100_000), "character U+0000 cannot stand in this file"),
    "half of a file": ("rules:\n  - {name: x, match: {vendor: fan", ""),
    "escape codes": ("rules: \x1b[2J\n", "character U+001B cannot stand in this file"),
}


def _made(content: str | bytes, path: Path) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _large(path: Path, first: bytes = b"rules: []\n") -> None:
    """100 MB that take no room on the disk."""
    with path.open("wb") as file:
        file.write(first)
        file.truncate(100 * 1024 * 1024)


def _socket(path: Path) -> None:
    # A path of a socket is short; that of a test is not.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as it:  # noqa: S108
        it.bind(f"{folder}/s")
        os.replace(f"{folder}/s", path)


THINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "100 MB": (_large, "the file is larger than 16 MiB"),
    "FIFO": (os.mkfifo, "this is no regular file"),
    "folder": (Path.mkdir, "cannot be read: Is a directory"),
    "socket": (_socket, "cannot be read: No such device or address"),
    "endless device": (lambda path: path.symlink_to("/dev/zero"), "this is no regular file"),
    "empty device": (lambda path: path.symlink_to("/dev/null"), "this is no regular file"),
    "terminal": (lambda path: path.symlink_to("/dev/tty"), ""),
    "kernel's own": (lambda path: path.symlink_to("/proc/self/mem"), ""),
    "dangling link": (lambda path: path.symlink_to("nowhere"), "cannot be read: No such file or directory"),
    "link to itself": (
        lambda path: path.symlink_to(path),
        "cannot be read: Too many levels",
    ),
    "nothing": (lambda path: None, "cannot be read: No such file or directory"),
    **{name: (partial(_made, content), words) for name, (content, words) in TEXTS.items()},
}


@contextmanager
def at_once() -> Iterator[None]:
    """The processor's time counts: the machine may be busy. A wait for what never comes shows in both."""
    began, cost = monotonic(), process_time()
    yield
    assert process_time() - cost < AT_ONCE
    assert monotonic() - began < 10 * AT_ONCE


@pytest.mark.parametrize("name", THINGS)
def test_at_the_start(tmp_path: Path, name: str) -> None:
    make, words = THINGS[name]
    path = tmp_path / "r.yaml"
    make(path)
    with at_once(), pytest.raises(RulesError) as caught:
        load_configuration(path)
    listed = [problem.render() for problem in caught.value.problems]
    assert words in listed[0] or any(words in text for text in listed)
    assert all(text.startswith(f"{path}:") for text in listed)
    assert sum(map(len, listed)) < LONGEST_WORDS
    assert not (tmp_path / "owned").exists()


def _many(rule: str, number: int = 60_000) -> str:
    return "rules:\n" + "".join(f"  - {rule}\n".replace("NR", f"{n:012x}") for n in range(number))


_GOOD = "{name: rNR, match: {mac: 'NR', vendor: [a, b]}, url: 'http://h/{{ mac }}'}"
LARGE: dict[str, tuple[Callable[[], str], str]] = {
    "7,500,000 values": (lambda: "rules: [" + "a," * 7_500_000, "more than 100,000 entries under 'rules'"),
    "as many in one rule": (
        lambda: "rules: [{match: {mac: [" + "a," * 7_500_000,
        "more than 100,000 values within one entry of 'rules'",
    ),
    "999,000 empty rules": (lambda: "rules: [" + "{}," * 999_000, "more than 100,000 entries under 'rules'"),
    "99,000 empty rules": (lambda: "rules: [" + "{}," * 99_000 + "]", "rule 'rule-1' has no outcome"),
    "100,000 mistakes": (lambda: _many("{match: {mac: zz}, ignore: true}"), "not a MAC address"),
    "mistakes for want of what stands last": (
        lambda: _many("{match: {mac: 'NR'}, url: 'http://h/{{ x }}'}") + "vars: {}\ndefaults: {}\n",
        "unknown placeholder 'x'",
    ),
    "variables that are none": (
        lambda: "vars: {" + "".join(f"k{n}: [b]," for n in range(60_000)) + "}\nrules: []\n",
        "expected a text, found a list",
    ),
    "300,000 unknown keys": (lambda: "".join(f"k{n}: b\n" for n in range(300_000)), "unknown key 'k0'"),
    "an unknown key in one rule, 49,000 times": (
        lambda: "rules: [{" + "".join(f"k{n}: b," for n in range(49_000)) + "}]",
        "unknown key 'k0'",
    ),
    "a mistake, and good rules": (
        lambda: _many(_GOOD.replace("ac: 'NR'", "ac: 'NR', x: y"), 1) + _many(_GOOD, 30_000)[7:],
        "unknown key 'x'",
    ),
    "an end that is no YAML": (lambda: _many(_GOOD, 30_000) + "  - {\n", "is not closed"),
    "16 MiB of line breaks": (lambda: "\n" * 16_000_000, "more than 1,000,000 lines"),
    "990,000 documents": (lambda: "---\n" * 990_000, "a second document begins here"),
    "a prefix of 8 MB in each tag": (
        lambda: f"%TAG ! tag:{'a' * 8_000_000}\n---\nrules: [" + "!x a," * 90_000 + "]",
        "'%TAG' is not allowed",
    ),
    "a variable 10,000 times": (
        lambda: f"vars: {{a: {'x' * 60_000}}}\nrules: [{{url: 'http://h/{'{{a}}' * 10_000}'}}]",
        "the URL is longer than 65,535 characters once vars are inserted",
    ),
    "a million placeholders": (
        lambda: f"rules: [{{url: 'http://h/{'{{x}}' * 1_000_000}'}}]",
        "the URL is longer",
    ),
    "quotes to be added, 25 times": (
        lambda: "rules: [[" + "a," * 97_000 + "]]\n" + "y: {{ a }}/b\n" * 25,
        "a value that begins with '{{' needs quotes",
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_as_large_as_may_be(tmp_path: Path, name: str) -> None:
    """All that is said is counted, too: that is what a reload and `check` do."""
    make, words = LARGE[name]
    path = tmp_path / "r.yaml"
    path.write_text(make())
    with at_once():
        with pytest.raises(RulesError) as caught:
            load_configuration(path)
        listed = [problem.render() for problem in caught.value.problems]
    assert any(words in text for text in listed)
    assert len(listed) <= 1_002


@pytest.mark.parametrize("name", ["FIFO", "100 MB", "100,000 brackets", "merge bomb", "folder"])
def test_by_each_command(tmp_path: Path, name: str) -> None:
    path = tmp_path / "r.yaml"
    THINGS[name][0](path)
    for command in (
        ["run", "--rules"],
        ["check"],
        ["test"],
        ["explain", "--rules"],
        ["demo", "--rules"],
    ):
        with at_once():
            result = CliRunner().invoke(app, [*command, str(path)])
        assert result.exit_code == 78, command
        assert THINGS[name][1] in result.output
    for option in ("--tests", "--against"):
        good = tmp_path / "good.yaml"
        good.write_text("rules: []\n")
        command = ["test"] if option == "--tests" else ["check"]
        with at_once():
            result = CliRunner().invoke(app, [*command, str(good), option, str(path)])
        assert result.exit_code == 78, option


def test_at_a_reload(tmp_path: Path) -> None:
    """Each of them in the place of a good file: told once, and phones are served meanwhile and after."""
    folder = tmp_path / "rules"
    folder.mkdir()
    rules = folder / "r.yaml"
    rules.write_text('rules: [{url: "http://{{ local_ip }}/{{ mac }}"}]\n')
    taken = ["FIFO", "folder", "socket", "endless device", "dangling link", "link to itself", "nothing"]
    taken += ["100 MB", "alias bomb", "100,000 brackets", "merge bomb", "empty", "binary", "a tag of 1 MB"]
    with running(tmp_path, rules, "--interface", "lo") as it, phone_socket() as phone:
        it.hear("READY=1")
        for number, name in enumerate(taken, 1):
            make, words = THINGS[name]
            made = tmp_path / f"made-{number}"
            make(made)
            if name == "link to itself":
                made.unlink()
                made.symlink_to(rules)
            put(made, rules, number)
            it.until(partial(was_refused, it, words))
            assert len(str(it.entries("rules_rejected")[-1])) < LONGEST_WORDS
            assert ask(phone, it.port, number).endswith(b"/0200000000%02x" % number)
        assert it.process.poll() is None
        assert it.entries("internal_error") == []


def was_refused(it: Running, words: str) -> bool:
    """Is this what was said last? No two neighbours say the same."""
    last = it.entries("rules_rejected")[-1:]
    return any(words in problem for entry in last for problem in entry["problems"])


def put(made: Path, rules: Path, number: int) -> None:
    """`made`, if it is anything, in the place of the file."""
    if rules.is_dir() and not rules.is_symlink():
        rules.rename(rules.with_name(f"old-{number}"))
    if os.path.lexists(made) and not (made.is_dir() and not made.is_symlink()):
        os.replace(made, rules)
        return
    if os.path.lexists(rules):
        rules.rename(rules.with_name(f"older-{number}"))
    if os.path.lexists(made):
        made.rename(rules)


def test_what_changes_between_two_looks_never_holds_anybody_up(tmp_path: Path) -> None:
    """A file that is a pipe, a folder, a link, a file again, as fast as another process can: the one that was
    opened is the one that is looked at."""
    path = tmp_path / "r.yaml"
    good = "rules: [{url: 'http://h/'}]\n"
    ended = threading.Event()

    chance = Random(16)

    def swap() -> None:
        for number in itertools.count():
            if ended.is_set():
                return
            other = tmp_path / f"other-{number % 2}"
            match chance.randrange(3):
                case 0:
                    os.mkfifo(other)
                case 1:
                    other.symlink_to("/dev/zero")
                case _:
                    other.write_text(good)
            os.replace(other, path)
            # Else the two threads keep step, and the one only sees what the other shows it there.
            sleep(chance.random() / 2000)

    path.write_text(good)
    thread = threading.Thread(target=swap)
    thread.start()
    found: dict[str, int] = {}
    began = monotonic()
    try:
        # On a busy machine the other thread may have no turn in all the first 300.
        while sum(found.values()) < 300 or ("1" not in found and monotonic() - began < 15):
            content_digest(path)
            try:
                outcome = str(len(load_configuration(path).rules.rules))
            except RulesError as error:
                outcome = error.problems[0].message
            found[outcome] = found.get(outcome, 0) + 1
    finally:
        ended.set()
        thread.join()
    assert set(found) <= {"1", "this is no regular file", "the file holds no rules"}
    assert found.get("1"), found
    assert monotonic() - began < 20


@contextmanager
def nobody() -> Iterator[None]:
    """As a user whom no file here belongs to."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, which those of pytest are not."""
    with tempfile.TemporaryDirectory(prefix="pnp-t16-") as name:
        os.chmod(name, 0o755)  # noqa: S103
        yield Path(name)


@pytest.mark.parametrize("mode", [0o000, 0o200, 0o600])
def test_a_file_that_the_service_may_not_read(open_folder: Path, mode: int) -> None:
    path = open_folder / "r.yaml"
    path.write_text("rules: []\n")
    path.chmod(mode if os.geteuid() == 0 else 0)
    with nobody(), pytest.raises(RulesError) as caught:
        load_configuration(path)
    assert str(caught.value) == f"{path}:1:1: cannot be read: Permission denied"


def test_a_folder_that_the_service_may_not_enter(open_folder: Path) -> None:
    inner = open_folder / "in"
    inner.mkdir()
    (inner / "r.yaml").write_text("rules: []\n")
    inner.chmod(0o700 if os.geteuid() == 0 else 0)
    with nobody(), pytest.raises(RulesError, match="cannot be read: Permission denied"):
        load_configuration(inner / "r.yaml")
    inner.chmod(0o700)


def test_a_file_of_another_owner_is_read_if_it_may_be(open_folder: Path) -> None:
    path = open_folder / "r.yaml"
    path.write_text("rules: []\n")
    path.chmod(0o644)
    with nobody():
        assert load_configuration(path).exposures == ()
