"""T7: a secret in a URL is in the NOTIFY and nowhere else, whatever is done and whatever goes wrong.

Every place that a secret can come from has a canary. The whole program runs over them, and none may be
found in what it says, as it is or encoded, but in the NOTIFYs on the wire.
"""

from __future__ import annotations

import ast
import base64
import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from subprocess import run
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from pnp_responder.cli.main import app
from pnp_responder.engine import Output
from pnp_responder.enrollment import Device, Enrollment, Offer
from pnp_responder.events import EnrollmentOffered
from pnp_responder.net.troubles import EngineFailed
from pnp_responder.service.configuration import load_configuration
from pnp_responder.service.journal import Journal
from pnp_responder.service.log_format import AnyEntry, line_renderer
from tests.cli.program import PATIENCE, PROGRAM, running
from tests.cli.test_run import ask
from tests.examples import SUBSCRIBE, heard, responder
from tests.net.loopback import phone_socket

PACKAGE = Path(__file__).parents[2] / "pnp_responder"
MARK = "c4naRy"
SITE = ("PNP_TEST_SITE", f"{MARK}-environment")
RULES = f"""
vars:
  token: {{file: token.txt}}
  site: {{env: PNP_TEST_SITE}}
  whole: {{file: whole.txt}}
  password: {MARK}-written
rules:
  - {{name: r1, match: {{mac: "020000000001"}}, url: "http://user:{MARK}-password@192.0.2.1/{{{{ mac }}}}"}}
  - {{name: r2, match: {{mac: "020000000002"}}, url: "https://{MARK}-user@192.0.2.1/{{{{ mac }}}}"}}
  - {{name: r3, match: {{mac: "020000000003"}}, url: "https://192.0.2.1/{{{{ mac }}}}?key={MARK}-query&x"}}
  - name: r4
    match: {{mac: ["020000000004", "020000000009"]}}
    url: "https://192.0.2.1/{{{{ token }}}}/{{{{ mac }}}}"
  - {{name: r5, match: {{mac: "020000000005"}}, url: "https://192.0.2.1/{{{{ mac }}}}?x={{{{ site }}}}#f"}}
  - {{name: r6, match: {{mac: "020000000006"}}, url: "{{{{ whole }}}}/{{{{ mac }}}}"}}
  - {{name: r7, match: {{mac: "020000000007"}}, url: "https://192.0.2.1/{{{{ password }}}}/x"}}
  - {{name: r8, match: {{mac: "020000000008"}}, url: "https://u:{{{{ site }}}}@192.0.2.1/{{{{ local_ip }}}}"}}
  - {{name: demo, match: {{vendor: fanvil}}, url: "https://192.0.2.1/{{{{ token }}}}"}}
tests:
  - {{name: t1, device: {{mac: "020000000001"}}, expect: {{url: "http://user:{MARK}-other@192.0.2.1/x"}}}}
  - {{name: t4, device: {{mac: "020000000004"}}, expect: {{ignore: true}}}}
  - {{name: t8, device: {{mac: "020000000008"}}, local_ip: 192.0.2.7, expect: {{reject: 403}}}}
"""
IN_NOTIFY = {
    1: "-password@",
    2: "-user@",
    3: "-query&",
    4: "-file/",
    5: "-environment#",
    6: "-whole/",
    7: "-written/",
    8: "-environment@",
}
UNFIT = "vars: {token: {file: whole.txt}}\nrules: [{url: 'https://u:{{ token }}@h/'}]"
# Each with a mistake whose message, hint or source line could show what stands there.
MISTAKES = (
    f"vars: {{password: {MARK}, password: {MARK}}}\nrules: []",
    f"vars:\n  api_key: [{MARK}]\nrules: []",
    f"rules:\n  - url: http//u:{MARK}@h/",
    f"rules:\n  - url: 'https://u:{MARK} x@h/'",
    f"rules:\n  - url: 'https://{MARK}@h/ x'",
    f"rules:\n  - url: 'https://{MARK}@h:x/'",
    f"rules:\n  - url: 'https://h/?token=x {MARK}'",
    f"rules:\n  - {{url: 'https://h/?token={MARK}', nope: 1}}",
    f"rules:\n  - url: 'https://u:{MARK}{{{{ nope }}}}@h/'",
    f'rules:\n  - url: "https://u:{MARK}@h/',
    "vars: {token: {file: token.txt}}\nrules: [{url: '{{ token }}'}]",
    UNFIT,
    "vars: {token: {file: token.txt}}\nrules: [{url: 'https://h:{{ token }}/'}]",
    f"? 'https://u:{MARK}@h/'\n: 1\nrules: []",
    f"rules:\n  - {{url: 'https://h/', 'https://{MARK}@h/?token={MARK}': x, name: [u:{MARK}@h]}}",
    "vars: {token: {file: blank.txt}}\nrules: []",
    "vars: {token: {file: not-there.txt}}\nrules: []",
)


def forms(canary: str) -> Iterator[bytes]:
    """As it is, and as what could have been made of it."""
    octets = canary.encode()
    yield octets
    yield quote(canary, safe="").replace("4", "%34").encode()
    yield octets.hex().encode()
    yield "".join(f"\\x{octet:02x}" for octet in octets).encode()
    for offset in range(3):  # of its base64, what does not depend on the neighbours
        yield base64.b64encode(bytes(offset) + octets)[4 * bool(offset) : -4].strip(b"=")


def has_canary(said: str | bytes) -> bool:
    octets = said if isinstance(said, bytes) else said.encode("utf-8", "replace")
    return any(form.lower() in octets.lower() for form in forms(MARK))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(*SITE)
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "token.txt").write_text(f"{MARK}-file\n")
    (tmp_path / "whole.txt").write_text(f"https://192.0.2.1/{MARK}-whole")
    (tmp_path / "blank.txt").write_text(f"{MARK} blank")
    return tmp_path


def rejected(log: Path, times: int) -> bool:
    return log.read_text().count("rules_rejected") >= times


def said(*arguments: str, code: int | None = None) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), arguments
    if code is not None:
        assert result.exit_code == code, result.output
    return result.output


def test_the_search_finds_a_canary_in_each_form() -> None:
    for found in (f"x{MARK}x", MARK.upper(), quote(MARK).replace("4", "%34"), MARK.encode().hex()):
        assert has_canary(found)
    assert all(has_canary(base64.b64encode(b"x" * n + MARK.encode() + b"yz")) for n in range(3))
    assert not has_canary("c4nar")


@pytest.mark.parametrize("form", ["json", "console"])
def test_the_service(folder: Path, form: str) -> None:
    rules, recording = folder / "rules.yaml", folder / "r.pcap"
    control = ("--control", str(folder / "control"))
    words = ["--interface", "lo", "--record", str(recording), "--log-format", form, "--log-level", "debug"]
    with running(folder, rules, *words, *control, **dict([SITE])) as it, phone_socket() as phone:
        it.hear("READY=1")
        for number, part in IN_NOTIFY.items():
            assert f"{MARK}{part}" in ask(phone, it.port, number).decode()
        for number, mistakes in enumerate([*MISTAKES[::4], UNFIT], 1):
            rules.write_text(mistakes)
            it.until(partial(rejected, it.log_path, number))
        it.until(lambda: "no URL that a phone can fetch" in it.log_path.read_text())
        it.hear("STATUS=RULES FILE IS BAD")
        for command in (["status"], ["status", "--json"], ["reload"]):
            answered = said(*command, *control)
            assert "no URL that a phone can fetch, once 'token' is put in" in answered, answered
            assert not has_canary(answered)
        # The secret is another one now; the old NOTIFYs, which nobody answered, are still being sent.
        (folder / "token.txt").write_text(f"{MARK}-anew\r\n")
        rules.write_text(RULES)
        it.process.send_signal(signal.SIGHUP)
        it.hear("STATUS=serving")
        it.hear("READY=1")
        with phone_socket() as another:
            assert f"/{MARK}-anew/".encode() in ask(another, it.port, 9)
        it.until(lambda: b"NOTIFY" in (recording.read_bytes().partition(b"020000000009")[2]))
        assert it.end() == 0
        log = it.log_path.read_text()
        assert log.count("enrollment_offered") == len(IN_NOTIFY) + 1
        assert "secrets_exposed" in log
        assert "https://192.0.2.1/***/020000000004" in log
        assert not has_canary(log)
        assert not has_canary("\n".join(it.states))
    octets = recording.read_bytes()
    assert b"https://192.0.2.1/***/020000000004" in octets
    assert b"https://192.0.2.1/020000000005?x=***#f" in octets
    assert not has_canary(octets)
    replayed = said("replay", str(recording), "--rules", str(rules), "--write", str(folder / "out.pcap"))
    assert replayed.count("the same") == len(IN_NOTIFY)
    assert not has_canary(replayed)
    assert not has_canary((folder / "out.pcap").read_bytes())
    assert not has_canary(said("replay", str(recording), "--rules", str(rules), "--json"))


def test_the_commands(folder: Path) -> None:
    rules = str(folder / "rules.yaml")
    old = folder / "old.yaml"
    old.write_text(RULES.replace("-password", "-other").replace("/x", "/y"))
    message = folder / "m.sip"
    for number in IN_NOTIFY:
        mac = f"0200000000{number:02x}"
        message.write_bytes(SUBSCRIBE.replace(b"00a859112233", mac.encode()))
        explained = said("explain", "--rules", rules, "--mac", mac, "--all", "--interface", "lo", code=0)
        assert "***" in explained
        sent = said("explain", "--rules", rules, "--message", str(message), code=0)
        assert sent.count("***") == 2
        as_json = said("explain", "--rules", rules, "--message", str(message), "--json", code=0)
        assert not has_canary(explained + sent + as_json)
        assert MARK in said("explain", "--rules", rules, "--mac", mac, "--show-secrets")
    assert "it holds secrets, and every user of this host may read it" in said("check", rules, code=0)
    for words in (
        ("check", rules, "--strict"),
        ("check", rules, "--json"),
        ("check", rules, "--against", str(old)),
        ("check", rules, "--against", str(old), "--json"),
        ("test", rules),
        ("test", rules, "--json"),
        ("demo", "--rules", rules),
        ("doctor", "--rules", rules, "--interface", "lo"),
        ("doctor", "--rules", rules, "--json"),
    ):
        assert not has_canary(said(*words)), words
    assert "another secret" in said("check", rules, "--against", str(old))
    assert "https://192.0.2.1/***" in said("demo", "--rules", rules, code=0)


@pytest.mark.parametrize("mistakes", MISTAKES)
def test_files_with_mistakes(folder: Path, mistakes: str) -> None:
    (folder / "rules.yaml").write_text(mistakes)
    rules = str(folder / "rules.yaml")
    for words in (
        ("check", rules),
        ("check", rules, "--json"),
        ("run", "--rules", rules),
        ("explain", "--rules", rules),
        ("test", rules),
        ("doctor", "--rules", rules),
    ):
        assert not has_canary(said(*words)), words


def test_without_the_secrets_people_see_the_mask_and_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PNP_TEST_SITE")
    (folder / "token.txt").unlink()
    (folder / "whole.txt").unlink()
    rules = str(folder / "rules.yaml")
    for number, shown in ((4, "https://192.0.2.1/***/020000000004"), (6, "***/020000000006")):
        mac = f"0200000000{number:02x}"
        explained = said("explain", "--rules", rules, "--mac", mac, "--show-secrets", code=0)
        assert f"url          {shown}" in explained
        assert "token.txt cannot be read: No such file or directory" in explained
    checked = said("check", rules, code=0)
    assert checked.count("has no value") == 2  # what only the environment of the service has is no fault here
    assert "*** stands for a secret: the environment variable PNP_TEST_SITE is not set" in checked
    assert "PNP_TEST_SITE" not in said("doctor", "--rules", rules, "--json")
    started = said("run", "--rules", rules, code=78)
    assert "'site' has no value: the environment variable PNP_TEST_SITE is not set" in started


def test_a_test_need_not_know_the_secret(folder: Path) -> None:
    tests = folder / "t.yaml"
    url = "https://192.0.2.1/***/020000000004"
    tests.write_text(f'tests: [{{device: {{mac: "020000000004"}}, expect: {{url: "{url}"}}}}]')
    (folder / "rules.yaml").write_text(RULES.partition("tests:")[0])
    assert "1 passed" in said("test", str(folder / "rules.yaml"), "--tests", str(tests), code=0)


def test_what_another_server_says_is_masked_by_its_form(folder: Path) -> None:
    rules = folder / "other.yaml"
    rules.write_text(f"rules: [{{url: 'https://u:{MARK}@h/?access_token={MARK}&next=http://{MARK}@h/'}}]")
    with running(folder, rules, "--interface", "lo") as it:
        it.hear("READY=1")
        for words in ([], ["--json"]):
            played = said("phone", "--server", f"127.0.0.1:{it.reply_port}", *words)
            assert "https://u:***@h/?access_token=***&next=http://***@h/" in played
            assert not has_canary(played)


def test_a_fault_anywhere_in_the_core_tells_its_place_alone(folder: Path) -> None:
    """With the URL in the exception, in its cause, and in every value on the way."""
    configuration = load_configuration(folder / "rules.yaml")
    datagram = heard(SUBSCRIBE.replace(b"00a859112233", b"020000000004"))
    lines: list[str] = []

    def put(entries: Sequence[AnyEntry]) -> None:
        lines.extend(line_renderer(form)(entry) for entry in entries for form in ("console", "json"))

    def decide(enrollment: Enrollment) -> Offer:
        offer = configuration.rules.decide(enrollment)
        assert isinstance(offer, Offer)
        try:
            raise ValueError(offer.url)
        except ValueError as cause:
            raise RuntimeError(f"no {offer.url}", offer) from cause

    with pytest.raises(RuntimeError) as caught:
        responder(decide).receive_datagram(datagram, 0.0)
    Journal(put).trouble(EngineFailed(caught.value, datagram, 1))
    assert "RuntimeError at test_t07_secrets.py" in lines[0]
    assert not has_canary("\n".join(lines))


def test_no_value_shows_its_secrets_when_it_is_printed(folder: Path) -> None:
    """As in a traceback, a debugger's line, an assertion that fails."""
    configuration = load_configuration(folder / "rules.yaml")
    asked = Enrollment(Device(), "device")
    for rule in configuration.rules.rules[3:]:  # the others are written into the file as they are
        assert rule.bound is not None
        offer = rule.bound.offer(asked)
        output: Output[EnrollmentOffered] = Output((), (EnrollmentOffered.of(asked, offer),), None)
        for value in (offer, output, rule.bound, configuration.rules):
            assert not has_canary(repr(value)), rule.name
            assert not has_canary(str(value)), rule.name
        secrets = [part for part in rule.bound.parts if not isinstance(part, str)]
        assert not has_canary(repr(secrets) + str(secrets) + f"{secrets}")
        try:
            raise ValueError(offer)
        except ValueError:
            assert not has_canary(traceback.format_exc())


FAULTY = """
import sys
from pnp_responder.cli import main
from pnp_responder.rules import RuleSet
whole = RuleSet.decide
def decide(rules, *asked, **more):
    offer = whole(rules, *asked, **more)
    raise LookupError(offer.url, offer)
RuleSet.decide = decide
sys.argv[0] = "pnp-responder"
main.main()
"""


def test_a_fault_in_a_command_shows_no_traceback(folder: Path) -> None:
    (folder / "m.sip").write_bytes(SUBSCRIBE.replace(b"00a859112233", b"020000000004"))
    for words in (("explain", "--message", "m.sip"), ("demo",)):
        done = run(
            [sys.executable, "-c", FAULTY, *words, "--rules", "rules.yaml"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert b"LookupError" in done.stderr, words
        assert not has_canary(done.stdout + done.stderr), words


def test_the_clear_url_is_read_only_where_it_is_sent_or_asked_for() -> None:
    """Whoever shows an offer takes `offer.masked`."""
    clear = {
        **dict.fromkeys(["long_way.py", "express.py", "outcomes.py"], "the NOTIFY"),
        "cli/phone_campus.py": "what phones that are played were told: counted",
        "service/log_format.py": "shown where nothing in it can be a secret",
        "rules/ready_rule.py": "is it a URL?",
        **dict.fromkeys(["cli/explanation.py", "cli/comparison.py", "cli/replay_view.py"], "--show-secrets"),
        "cli/rule_tests.py": "is it the URL that the test expects?",
    }
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "url":
                owner = ast.unparse(node.value).rpartition(".")[2]
                if owner in ("offer", "decision", "offered", "event"):
                    found.add(path.relative_to(PACKAGE).as_posix())
    assert found == set(clear)


def test_no_argument_of_the_process_and_no_file_holds_one(folder: Path) -> None:
    """The process list is for all to read; the service writes no file, nor the kernel a core."""
    rules = folder / "rules.yaml"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with running(folder, rules, "--interface", "lo", **dict([SITE])) as it:
        it.hear("READY=1")
        assert not has_canary(Path(f"/proc/{it.process.pid}/cmdline").read_bytes())
        limits = Path(f"/proc/{it.process.pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
        it.end()
    after = {path for path in folder.rglob("*") if path.is_file()}
    assert after - set(before) == {it.log_path}


def test_a_show_of_secrets_is_asked_for_by_name(folder: Path) -> None:
    """Each command that can show them says so in its help, and none does it by default."""
    shown = run([*PROGRAM, "run", "--help"], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert "--show-secrets" in shown.stdout
    problems = json.loads(said("check", str(folder / "rules.yaml"), "--json"))
    assert problems["good"]
