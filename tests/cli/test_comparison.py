"""`check --against`: which devices another rules file answers otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pnp_responder.capture.packets import udp_packet
from pnp_responder.capture.replay import GROUP
from pnp_responder.capture.writer import PCAP_HEAD, pcap_record
from pnp_responder.cli.devices import log_enrollments
from pnp_responder.cli.main import app
from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Device, Enrollment
from pnp_responder.events import EnrollmentOffered
from pnp_responder.mac import Mac
from pnp_responder.service.journal import Journal
from pnp_responder.service.log_format import line_renderer
from tests import examples
from tests.captures.make import HERE as CAPTURES

OLD = "rules: [{name: a, match: {vendor: acme}, url: 'http://old/{{ mac }}'}, {name: b, ignore: true}]"
NEW = "rules: [{name: b, match: {vendor: acme}, url: 'http://new/{{ mac }}'}, {name: c, ignore: true}]"
RENAMED = OLD.replace("name: a", "name: z")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["check", *arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("old", OLD), ("new", NEW), ("renamed", RENAMED)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def log(folder: Path, *enrollments: Enrollment) -> str:
    """What `run` logs of them."""
    lines = [
        "not JSON",
        '{"event": "service_started"}',
        '{"event": "enrollment_offered", "mac": "?"}',
        "{" * 5000,
    ]
    render = line_renderer("json")
    journal = Journal(lambda entries: lines.extend(map(render, entries)))
    engine = examples.responder()
    for event in engine.receive_datagram(examples.heard(examples.SUBSCRIBE), 0.0).events:
        for enrollment in enrollments:
            assert isinstance(event, EnrollmentOffered)
            journal.events((EnrollmentOffered.of(enrollment, event.offer),))
    path = folder / "log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def device(number: int, vendor: str = "Acme", model: str = "") -> Enrollment:
    mac = Mac.parse(f"00a8591122{number:02x}")
    local = Local("eth0", SocketAddress("192.0.2.1", 5060))
    return Enrollment(
        Device(mac, vendor, model, "1.0"), "device", "", SocketAddress("192.0.2.45", 5062), local
    )


def test_a_log_gives_back_what_the_devices_said(folder: Path) -> None:
    odd = device(1, vendor="A\\x41\u202e\x9b\U000e0001", model='say "hi"')
    assert list(log_enrollments(Path(log(folder, odd)))) == [
        odd._replace(remote=SocketAddress("192.0.2.45", 5060), local=Local("eth0", SocketAddress("", 5060)))
    ]


@pytest.mark.parametrize("kind", ["application", ""])
def test_a_log_gives_back_the_profile_type(folder: Path, kind: str) -> None:
    (found,) = log_enrollments(Path(log(folder, device(1)._replace(profile_type=kind))))
    assert found.profile_type == kind


def test_rules_for_a_profile_type_are_compared(folder: Path) -> None:
    rules = folder / "application.yaml"
    other = "[{name: other, match: {profile_type: application}, url: 'http://other/x'}, "
    rules.write_text(OLD.replace("[", other, 1), encoding="utf-8")
    file = log(folder, device(1), device(2)._replace(profile_type="application"))
    result = run(str(rules), "--against", str(folder / "old.yaml"), "--log", file, "--json")
    (change,) = json.loads(result.stdout)["against"]["changes"]
    assert (change["mac"], change["new"]["rule"]) == ("00a859112202", "other")


def test_each_device_whose_answer_changes(folder: Path) -> None:
    file = log(folder, device(1), device(2, vendor="Other"), device(1))
    result = run(str(folder / "new.yaml"), "--against", str(folder / "old.yaml"), "--log", file)
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.split("\n")]
    assert " ".join(rows[2]) == "MAC VENDOR MODEL VERSION SOURCE OLD RULE OLD ANSWER NEW RULE NEW ANSWER"
    old, new = "http://old/00a859112201", "http://new/00a859112201"
    assert rows[3] == ["00:a8:59:11:22:01", "Acme", "-", "1.0", "192.0.2.45", "a", old, "b", new]
    assert result.stdout.endswith(f"against {folder}/old.yaml: 1 of 2 devices would be answered otherwise\n")


def test_another_name_of_a_rule_is_no_other_answer(folder: Path) -> None:
    file = log(folder, device(1))
    result = run(str(folder / "renamed.yaml"), "--against", str(folder / "old.yaml"), "--log", file)
    assert result.stdout.endswith("none of 1 device would be answered otherwise\n")


def test_a_capture(folder: Path) -> None:
    rules = str(CAPTURES / "rules.yaml")
    other = str(CAPTURES / "other-rules.yaml")
    result = run(rules, "--against", other, "--capture", str(CAPTURES / "recorded.pcap"))
    assert result.stdout.count("http://admin:***@{{ local_ip }}/all/") == 3
    assert "3 of 6" not in result.stdout
    assert "4 of 6 devices would be answered otherwise" in result.stdout
    assert "hidden" not in result.output


def test_the_tests_of_both_files(folder: Path) -> None:
    for name in ("old", "new"):
        test = f"{{device: {{vendor: acme, mac: 00a8591122{len(name)}0}}, expect: {{rule: a}}}}"
        (folder / f"{name}.test.yaml").write_text(
            f"tests: [{test}, {{device: {{}}, expect: {{none: true}}}}]"
        )
    (folder / "old.test.yaml").write_text(
        "tests: [{device: {vendor: acme, mac: 00a859112244}, expect: {rule: a}}]"
    )
    result = run(str(folder / "new.yaml"), "--against", str(folder / "old.yaml"))
    assert "2 of 3 devices" in result.stdout


def test_json(folder: Path) -> None:
    result = run(
        str(folder / "new.yaml"),
        "--against",
        str(folder / "old.yaml"),
        "--log",
        log(folder, device(1)),
        "--json",
    )
    against = json.loads(result.stdout)["against"]
    assert (against["file"], against["devices"], len(against["changes"])) == (f"{folder}/old.yaml", 1, 1)
    assert against["changes"][0]["old"] == {
        "rule": "a",
        "answer": "http://old/00a859112201",
        "url": "http://old/00a859112201",
        "options": None,
        "status": None,
    }


def test_a_password_that_changes_is_told_without_showing_it(folder: Path) -> None:
    for name in ("old", "new"):
        (folder / f"{name}.yaml").write_text(f"rules: [{{url: 'https://u:{name}word@h/'}}]")
    arguments = [
        str(folder / "new.yaml"),
        "--against",
        str(folder / "old.yaml"),
        "--log",
        log(folder, device(1)),
    ]
    result = run(*arguments)
    assert "https://u:***@h/ (another secret)" in result.stdout
    assert "word@" not in result.output
    assert "newword@" in run(*arguments, "--show-secrets").stdout


class TestFailures:
    def test_nothing_to_compare(self, folder: Path) -> None:
        result = run(str(folder / "new.yaml"), "--against", str(folder / "old.yaml"))
        assert result.exit_code == 64
        assert "give --capture or --log, or write tests of the rules" in result.stderr

    def test_a_bad_old_file(self, folder: Path) -> None:
        (folder / "bad.yaml").write_text("rules: x")
        result = run(
            str(folder / "new.yaml"), "--against", str(folder / "bad.yaml"), "--log", log(folder, device(1))
        )
        assert result.exit_code == 78
        assert f"{folder}/bad.yaml:1:8: expected a list of rules" in result.stderr

    @pytest.mark.parametrize("option", ["--log", "--capture"])
    def test_a_file_that_is_not_there(self, folder: Path, option: str) -> None:
        result = run(
            str(folder / "new.yaml"), "--against", str(folder / "old.yaml"), option, str(folder / "none")
        )
        assert result.exit_code == 78
        assert "No such file or directory" in result.stderr

    def test_captures_without_an_old_file(self, folder: Path) -> None:
        assert run(str(folder / "new.yaml"), "--log", "x").exit_code == 2


def test_what_a_capture_asks_of_others_is_no_device(folder: Path) -> None:
    """A request that is refused before the rules are asked cannot change its answer."""
    (folder / "text").write_bytes(examples.altered(Accept="text/plain"))
    files = [str(folder / "new.yaml"), "--against", str(folder / "old.yaml")]
    assert run(*files, "--capture", str(folder / "text")).exit_code == 64


def test_options_of_a_rule_are_a_difference(folder: Path) -> None:
    guarded = OLD.replace(
        "url: 'http://old/{{ mac }}'", "url: 'http://old/{{ mac }}', once: 10m, window: true"
    )
    (folder / "guarded.yaml").write_text(guarded, encoding="utf-8")
    words = [
        str(folder / "guarded.yaml"),
        "--against",
        str(folder / "old.yaml"),
        "--log",
        log(folder, device(1)),
    ]
    assert "http://old/00a859112201 (once 10m; window)" in run(*words).stdout
    (change,) = json.loads(run(*words, "--json").stdout)["against"]["changes"]
    assert (change["old"]["options"], change["new"]["options"]) == (None, "once 10m; window")
    assert change["new"]["url"] == change["old"]["url"]


def test_phones_of_a_capture_count_however_many_share_an_address(folder: Path) -> None:
    with (folder / "nat.pcap").open("wb") as file:
        file.write(PCAP_HEAD)
        for number in range(300):
            octets = examples.SUBSCRIBE.replace(b"00a859112233", b"00a859%06x" % number)
            octets = octets.replace(b"call-1", b"call-%d" % number).replace(b"-one", b"-%d" % number)
            packet = udp_packet(examples.PHONE, GROUP, octets, number)
            file.write(pcap_record(1_700_000_000 * 10**9 + number, packet))
    result = run(f"{folder}/new.yaml", "--against", f"{folder}/old.yaml", "--capture", f"{folder}/nat.pcap")
    assert "300 devices" in result.stderr + result.stdout
