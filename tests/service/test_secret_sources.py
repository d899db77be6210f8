"""Secrets in files and in the environment: what can be had, and what is said where it cannot."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from time import monotonic

import pytest

from pnp_responder.rules import RulesError
from pnp_responder.rules.variables import SecretReference, SecretUnavailable
from pnp_responder.service.configuration import load_configuration
from pnp_responder.service.exposure import exposure
from pnp_responder.service.secret_sources import MOST_OCTETS, SecretSources


def file(name: str) -> SecretReference:
    return SecretReference("file", name)


@pytest.mark.parametrize(
    ("content", "value"), [(b"abc", "abc"), (b"abc\n", "abc"), (b"abc\r\n", "abc"), (b"abc\n\n", "abc\n")]
)
def test_one_line_end_belongs_to_the_file(tmp_path: Path, content: bytes, value: str) -> None:
    (tmp_path / "t").write_bytes(content)
    assert SecretSources(tmp_path)(file("t")) == value
    assert SecretSources(Path("/nowhere"))(file(str(tmp_path / "t"))) == value


def test_a_path_may_begin_with_the_folder_of_systemd(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("abc")
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert SecretSources(Path("/nowhere"), environment)(file("$CREDENTIALS_DIRECTORY/t")) == "abc"
    with pytest.raises(SecretUnavailable, match="CREDENTIALS_DIRECTORY is not set"):
        SecretSources(tmp_path, {})(file("$CREDENTIALS_DIRECTORY/t"))


def test_no_other_variable_is_put_into_a_path(tmp_path: Path) -> None:
    (tmp_path / "$HOME").write_text("abc")
    assert SecretSources(tmp_path)(file("$HOME")) == "abc"


def test_the_environment() -> None:
    sources = SecretSources(Path(), {"TOKEN": "abc"})
    assert sources(SecretReference("env", "TOKEN")) == "abc"
    with pytest.raises(SecretUnavailable, match="the environment variable OTHER is not set"):
        sources(SecretReference("env", "OTHER"))
    assert sources.missing == ["the environment variable OTHER is not set"]


def _folder(path: Path) -> None:
    path.mkdir()


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(str(path))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "cannot be read: No such file or directory"),
        (_folder, "Is a directory|is no regular file"),
        (os.mkfifo, "is no regular file"),
        (_socket, "cannot be read"),
        (lambda path: path.symlink_to("/dev/zero"), "is no regular file"),
        (lambda path: path.symlink_to("/nowhere"), "cannot be read"),
        (lambda path: path.symlink_to(path), "cannot be read"),
        (lambda path: path.write_bytes(bytes(MOST_OCTETS + 1)), "is larger than 4096 octets"),
    ],
)
def test_what_is_no_file_with_a_secret(tmp_path: Path, make: object, reason: str) -> None:
    assert callable(make)
    make(tmp_path / "t")
    began = monotonic()
    with pytest.raises(SecretUnavailable, match=reason):
        SecretSources(tmp_path)(file("t"))
    assert monotonic() - began < 0.5


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"a b", b"a\nb", b"a\x00b", b"\xff\xfe", "é".encode(), b"a\tb\n"]
)
def test_what_no_url_can_hold_is_refused_unseen(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t").write_bytes(content)
    rules = tmp_path / "r.yaml"
    rules.write_text("vars: {a: {file: t}}\nrules: [{url: 'https://h/{{ a }}'}]")
    with pytest.raises(RulesError, match="'a' has no value: the file t (is empty|has a character)") as caught:
        load_configuration(rules)
    assert len(caught.value.problems) == 1


def test_a_file_that_the_world_can_read_is_told_with_the_command_that_mends_it(tmp_path: Path) -> None:
    secret, rules = tmp_path / "t", tmp_path / "r.yaml"
    secret.write_text("abc")
    rules.write_text("vars: {a: {file: t}, b: {file: t}}\nrules: [{url: 'https://h/{{ a }}/{{ b }}'}]")
    rules.chmod(0o644)
    secret.chmod(0o640)
    assert load_configuration(rules).exposures == ()
    secret.chmod(0o604)
    assert [problem.place.file for problem in load_configuration(rules).exposures] == [str(secret)]
    rules.write_text("rules: [{url: 'https://token@h/'}]")
    (warning,) = load_configuration(rules).exposures
    assert str(warning.place) == f"{rules}:1:1"
    assert "every user of this host may read it (mode 0644)" in warning.message
    assert warning.hint.endswith(f"chmod 0640 {rules}")
    rules.chmod(0o640)
    assert load_configuration(rules).exposures == ()


def test_a_path_with_blanks_is_quoted_in_the_command(tmp_path: Path) -> None:
    path = tmp_path / "a b"
    path.write_text("")
    path.chmod(0o604)
    found = exposure(path)
    assert found is not None
    assert f"'{path}'" in found.hint


def test_tests_of_the_rules_count_as_well(tmp_path: Path) -> None:
    rules = tmp_path / "r.yaml"
    rules.write_text("rules: []\ntests: [{device: {}, expect: {url: 'https://u:pw@h/'}}]")
    rules.chmod(0o644)
    assert len(load_configuration(rules).exposures) == 1


def test_what_only_the_service_has_is_no_warning_to_others(tmp_path: Path) -> None:
    rules = tmp_path / "r.yaml"
    rules.write_text(
        "vars: {a: {env: PNP_NO_SUCH}, b: {file: $CREDENTIALS_DIRECTORY/b}}\n"
        "rules: [{url: 'https://h/{{ a }}{{ b }}'}]"
    )
    found = load_configuration(rules, lenient=True)
    assert found.warnings == ()
    assert len(found.missing) == 2
    with pytest.raises(RulesError) as caught:
        load_configuration(rules)
    assert len(caught.value.problems) == 2


def test_the_lenient_go_on_without(tmp_path: Path) -> None:
    rules = tmp_path / "r.yaml"
    rules.write_text("vars: {a: {file: none}}\nrules: [{url: 'https://h/{{ a }}'}]")
    with pytest.raises(RulesError):
        load_configuration(rules)
    found = load_configuration(rules, lenient=True)
    assert found.missing == (f"{tmp_path}/none cannot be read: No such file or directory",)
    assert len(found.warnings) == 1
