from __future__ import annotations

import os
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from pnp_responder.rules import RulesError
from pnp_responder.service.configuration import load_configuration, read_configuration
from pnp_responder.service.settings import SETTINGS, Settings


def problems(path: Path) -> list[str]:
    with pytest.raises(RulesError) as caught:
        load_configuration(path)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


def test_all_settings() -> None:
    text = """\
service:
  interfaces: eth1
  require: true
  group: 239.1.2.3
  port: "5070"
  reply_port: 5080
  receive: packet
  tcp: true
  allow: [10.20.0.0/16, 192.0.2.7]
  notify_attempts: 11
  watch_for_rivals: 1h
  rejoin: 5m
rules: []
"""
    assert read_configuration(text, "r").settings == Settings(
        ("eth1",),
        require=True,
        group="239.1.2.3",
        port=5070,
        reply_port=5080,
        receive="packet",
        tcp=True,
        allow=(IPv4Network("10.20.0.0/16"), IPv4Network("192.0.2.7/32")),
        notify_attempts=11,
        watch_for_rivals=3600,
        rejoin=300,
    )


def test_the_reply_port_may_be_any_that_is_free() -> None:
    assert read_configuration("service: {reply_port: auto}\nrules: []", "r").settings.reply_port == "auto"


@pytest.mark.parametrize(
    ("word", "meaning"), [("true", True), ("True", True), ("false", False), ("FALSE", False)]
)
def test_require_is_true_or_false(word: str, meaning: bool) -> None:
    assert read_configuration(f"service: {{require: {word}}}\nrules: []", "r").settings.require is meaning


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("off", 0), ("false", 0), ("60s", 60), ("1m", 60), ("36h", 129_600), ("7d", 604_800)],
)
def test_how_often_to_look_for_rivals(written: str, seconds: int) -> None:
    text = f"service: {{watch_for_rivals: {written}}}\nrules: []"
    assert read_configuration(text, "r").settings.watch_for_rivals == seconds


@pytest.mark.parametrize(("written", "seconds"), [("off", 0), ("1s", 1), ("5m", 300), ("1d", 86_400)])
def test_how_often_to_join_again(written: str, seconds: int) -> None:
    assert read_configuration(f"service: {{rejoin: {written}}}\nrules: []", "r").settings.rejoin == seconds


@pytest.mark.parametrize(
    "text", ["rules: []", "service:\nrules: []", "service: {}\nrules: []", "service: {allow: []}\nrules: []"]
)
def test_defaults(text: str) -> None:
    assert read_configuration(text, "r").settings == Settings()


def test_the_table_names_every_setting() -> None:
    assert tuple(setting.name for setting in SETTINGS) == Settings.__slots__


def test_problems_of_both_halves_come_in_one_run() -> None:
    with pytest.raises(RulesError) as caught:
        read_configuration("rules: [{urll: x}]\nservice: {port: x}\nvarz: {}\n", "r")
    assert [problem.place[1:] for problem in caught.value.problems] == [(1, 10), (2, 17), (3, 1)]


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"", "1:1: the file holds no rules (write at least 'rules: []')"),
        (b"rules: []\n# caf\xe9\n", "2:6: octet 0xE9 is not UTF-8 (save the file as UTF-8)"),
        (
            "é: \udcff".encode("utf-8", "surrogateescape"),
            "1:4: octet 0xFF is not UTF-8 (save the file as UTF-8)",
        ),
        (b"\xff\xfer\0", "1:1: octet 0xFF is not UTF-8 (save the file as UTF-8)"),
        (b"#" * (16 * 1024 * 1024 + 1), "1:1: the file is larger than 16 MiB"),
    ],
    ids=["empty", "Latin-1", "after a wide character", "UTF-16", "too large"],
)
def test_files_that_are_no_text(tmp_path: Path, octets: bytes, problem: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(octets)
    assert problems(path) == [problem]


def test_things_that_are_no_files(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert problems(pipe) == ["1:1: this is no regular file"]
    assert problems(Path("/dev/zero")) == ["1:1: this is no regular file"]
    assert problems(tmp_path) == ["1:1: cannot be read: Is a directory"]
    assert problems(tmp_path / "none") == ["1:1: cannot be read: No such file or directory"]
