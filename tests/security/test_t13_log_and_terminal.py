"""T13: nothing that a phone or another server says reaches a log or a terminal as anything but plain text.

Every octet, and what Unicode has for hiding and turning text, in every field of a message.
"""

from __future__ import annotations

import itertools
import json
import logging
import re
import socketserver
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pnp_responder.capture.segments import Packets
from pnp_responder.capture.writer import PCAP_HEAD, pcap_record
from pnp_responder.cli import status as status_view
from pnp_responder.cli.console import json_text
from pnp_responder.cli.main import app
from pnp_responder.cli.service_client import clean
from pnp_responder.datagram import UDP, SocketAddress
from pnp_responder.enrollment import Decline, Enrollment
from pnp_responder.events import Event
from pnp_responder.net.troubles import EngineFailed
from pnp_responder.service.counters import Counters
from pnp_responder.service.journal import Journal
from pnp_responder.service.log_format import AnyEntry, line_renderer
from pnp_responder.service.sd_notify import SdNotify
from pnp_responder.service.status import Status
from tests.cli.faulty_server import Manners, faulty_server
from tests.examples import altered, heard, offer, responder
from tests.phone_edge.servers import serving

OCTETS = [bytes([octet]) for octet in range(256)]
UNICODE = [
    chr(code).encode()
    for code in (
        *range(0x80, 0xA1),  # C1, with CSI (U+009B) and NEL, and the no-break space
        *(0xAD, 0x061C, 0x180E, 0xFEFF, 0xFFF9, 0x3000, 0xE000, 0xE0041, 0xE0001),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
    )
]
PIECES = (
    b"\n<0>forged|\r\n<3>forged|<3>forged|\x1b[2J|\x1b]0;owned\x07|\xed\xa0\x80|\xc0\x8a|\r\n |%0a|\\n|"
    b'" level=error x="|\xff\xfe|[31m|[bold]x[/]'
).split(b"|")
NASTY = [*OCTETS, *UNICODE, *PIECES]
FIELDS: dict[str, tuple[bytes, bytes]] = {
    "start": (b"SUBSCRIBE sip:x", b"@224.0.1.75 SIP/2.0"),
    "From": (b"<sip:MAC=00a8", b"59112233@224.0.1.75>;tag=phone"),
    "To": (b'"x', b'" <sip:MAC=00a859112233@224.0.1.75>'),
    "Call_Id": (b"call", b"1"),
    "Cseq": (b"1 ", b"SUBSCRIBE"),
    "Via": (b"SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK", b"x"),
    "Contact": (b"<sip:", b"192.0.2.45:5064>"),
    "Event": (b"ua-profile;profile-type=device;vendor=Ac", b"me;model=M;version=1"),
    "event": (b'ua-profile;profile-type=device;vendor="A";model="Pho', b'ne";version="1"'),
    "EVENT": (b'ua-profile;profile-type="device', b'";vendor="A";model="M";version="1"'),
    "eVENT": (b'ua-profile;profile-type=device;vendor="A";model="M";version="1.', b'"'),
    "User_Agent": (b"Acme ", b" Phone"),
    "Accept": (b"application/url", b""),
    "Expires": (b"0", b""),
    "Content_Length": (b"0", b""),
    "X_Own": (b"a", b"b"),
}


def messages() -> Iterator[bytes]:
    """Each of another phone."""
    numbers = count(1)
    for field, (before, after) in FIELDS.items():
        for nasty, number in zip(NASTY, numbers, strict=False):
            rows = {
                "Via": b"SIP/2.0/UDP 192.0.2.45:5060;branch=z9hG4bK%d" % number,
                "Call_Id": b"call-%d" % number,
                "From": b"<sip:MAC=02%010x@224.0.1.75>;tag=%d" % (number, number),
                "start": b"SUBSCRIBE sip:MAC=02%010x@224.0.1.75 SIP/2.0" % number,
            }
            rows[field if field == "start" else field.title()] = before + nasty + after
            yield altered(**rows)


MESSAGES = list(messages())


def decline(enrollment: Enrollment) -> Decline:
    return Decline("no rule matches")


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """What the engine makes of all of them, served, unmatched, by multicast and by unicast."""
    found: list[Event] = []
    for decide in (offer, decline):
        engine = responder(decide, transactions=100_000)
        for number, octets in enumerate(MESSAGES):
            output = engine.receive_datagram(heard(octets, multicast=number % 3 > 0), number * 0.05)
            found += output.events
    assert len(found) > len(MESSAGES)
    return found


class Rig:
    """A journal that tells all, in one form. The time runs, so that no flood is seen."""

    def __init__(self, form: str) -> None:
        self.lines: list[str] = []
        self.entries = 0
        self._now = 0.0
        render = line_renderer("json" if form == "json" else "console")

        def put(entries: Sequence[AnyEntry]) -> None:
            self.entries += len(entries)
            self.lines.extend(map(render, entries))

        self.journal = Journal(put, logging.DEBUG, clock=self.clock)

    def clock(self) -> float:
        self._now += 700.0
        return self._now


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_line_of_the_log_is_one_line_of_plain_text(form: str, events: list[Event]) -> None:
    rig = Rig(form)
    for event in events:
        rig.journal.events((event,))
        rig.journal.tick()
    assert rig.entries >= len(events)
    names = set()
    for line in rig.lines:
        assert line.isprintable(), line
        if form == "json":
            entry = json.loads(line)
            names.add(entry["event"])
            assert all(value.isprintable() for value in entry.values() if isinstance(value, str))
            assert not line.startswith("<")
        else:
            assert re.match(r"[0-9-]{10} [0-9:]{8}\.[0-9]{3} (debug|info|warning|error) ", line), line
            names.add(line.split()[3])
    assert {"enrollment_offered", "enrollment_declined", "datagram_dropped"} <= names


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_datagram_that_meets_a_fault_of_ours_is_told_in_plain_text(form: str) -> None:
    rig = Rig(form)
    for octets in MESSAGES[::7]:
        rig.journal.trouble(EngineFailed(ValueError(octets.decode("latin-1")), heard(octets), 1))
    assert len(rig.lines) == len(MESSAGES[::7])
    for line in rig.lines:
        assert line.isprintable()
        assert line.isascii()


@given(st.text(st.characters(), max_size=50))
def test_systemd_is_told_one_line(text: str) -> None:
    sent: list[bytes] = []

    class Manager(SdNotify):
        def _try(self, octets: bytes) -> bool:
            sent.append(octets)
            return True

    status = Status(1, Counters(), 0.0)
    status.rules_refused([text], 0.0)
    status.waiting = text
    status.serving = [text]
    manager = Manager("@nowhere", None)
    manager.status(status.line(0.0))
    manager.close()
    (state,) = sent
    assert state.startswith(b"STATUS=")
    assert state.decode().isprintable()


# --- What commands print.


def said(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), words
    return result.output


def assert_plain(output: str) -> None:
    bad = [line for line in output.split("\n") if not line.isprintable()]
    assert not bad, bad[:3]


RULES = """
rules:
  - {name: acme, match: {vendor: acme}, url: "http://192.0.2.1/{{ model }}/{{ version }}"}
  - {name: silent, match: {model: M}, ignore: true}
  - {name: none, match: {vendor: none}, reject: 403}
"""
OTHER_RULES = 'rules: [{url: "http://192.0.2.1/{{ vendor }}{{ model }}{{ version }}"}]'


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    (tmp_path / "other.yaml").write_text(OTHER_RULES)
    return str(path)


NOTIFY = (
    b"NOTIFY sip:192.0.2.45 SIP/2.0\r\n%s\r\nServer: %s\r\nContent-Type: application/url\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each octet in a third of the fields, and to each message the answer of a server that is as nasty."""
    path = tmp_path_factory.mktemp("capture") / "nasty.pcap"
    packets = Packets()
    server = SocketAddress("192.0.2.9", 5060)
    with path.open("wb") as out:
        out.write(PCAP_HEAD)
        for number, octets in enumerate(MESSAGES[::3]):
            phone = SocketAddress(f"192.0.2.{number % 200 + 20}", 5060 + number)
            exchange: list[tuple[SocketAddress, SocketAddress, bytes]]
            exchange = [(phone, SocketAddress("224.0.1.75", 5060), octets)]
            nasty = NASTY[number % len(NASTY)]
            call = next((row for row in octets.split(b"\r\n") if row.startswith(b"Call-ID")), b"Call-ID: 1")
            body = b"http://h/%sx" % nasty
            exchange.append((server, phone, NOTIFY % (call, nasty, len(body), body)))
            for source, destination, payload in exchange:
                for packet in packets.of(source, destination, payload, UDP):
                    out.write(pcap_record(number * 10**6, packet))
    return path


def test_replay(rules: str, capture: Path) -> None:
    table = said("replay", str(capture), "--rules", rules)
    assert len(table.split("\n")) > len(MESSAGES) // 6
    assert_plain(table)
    shown = said("replay", str(capture), "--rules", rules, "--json")
    assert_plain(shown)
    assert shown.isascii()


def test_check_against(rules: str, capture: Path, tmp_path: Path, events: list[Event]) -> None:
    log = tmp_path / "log"
    rig = Rig("json")
    for event in events[::5]:
        rig.journal.events((event,))
    rig.lines.append(
        json.dumps({"event": "enrollment_offered", "vendor": "a\x1b[2J\u202e\\ud800\x7f", "model": "\ud800"})
    )
    log.write_text("\n".join(rig.lines) + "\n")
    old = str(tmp_path / "other.yaml")
    words = ["check", rules, "--against", old, "--capture", str(capture), "--log", str(log)]
    table = said(*words)
    assert "would be answered otherwise" in table
    assert len(table.split("\n")) > 100
    assert_plain(table)
    assert_plain(said(*words, "--json"))


def test_test(rules: str, capture: Path, tmp_path: Path) -> None:
    tests = tmp_path / "t.yaml"
    tests.write_text(f"tests: [{{capture: {capture}, expect: {{rule: acme, url: 'http://h/'}}}}]")
    failed = said("test", rules, "--tests", str(tests))
    assert "FAILED" in failed
    assert_plain(failed)
    assert_plain(said("test", rules, "--tests", str(tests), "--json"))


ACCEPTED = [nasty for nasty in NASTY if not set(nasty) & set(b'\r\n\x00"\\<>;,')]


def test_explain(rules: str, tmp_path: Path) -> None:
    message = tmp_path / "m.sip"
    for nasty in [b"".join(ACCEPTED[at : at + 30]) for at in range(0, len(ACCEPTED), 30)]:
        event = b'ua-profile;profile-type="device";vendor="%s";model="%s";version="%s"' % (
            nasty,
            nasty,
            nasty,
        )
        ours = {"From": b'"%s" <sip:00a859112233@h>;tag=1' % nasty, "User_Agent": nasty, "Event": event}
        message.write_bytes(altered(**ours))
        for words in ([], ["--all", "--json"]):
            assert_plain(said("explain", "--rules", rules, "--message", str(message), *words))
        text = nasty.decode("utf-8", "replace").replace("\x00", "")
        options = [
            f"{name}={text}"
            for name in ("--vendor", "--model", "--version", "--user-agent", "--profile-type")
        ]
        assert_plain(said("explain", "--rules", rules, *options))
        assert_plain(said("explain", "--rules", rules, *options, "--json"))


def text_of(nasties: list[bytes]) -> str:
    return (
        b"".join(nasties).decode("utf-8", "replace").replace("\r", "").replace("\n", "").replace("\ufffd", "")
    )


@pytest.mark.parametrize(
    "words", [[], ["--json"], ["--show-secrets"], ["--count", "2", "--within", "0"]], ids=str
)
def test_phone(words: list[str]) -> None:
    nasty = text_of([*UNICODE, *OCTETS[1:128], b"\x1b[2J"])
    manners = Manners(
        status=f"200 O{nasty}K",
        url=f"http://192.0.2.1/{nasty}",
        state=f"terminated;reason={nasty}",
        same_again=False,
    )
    with faulty_server(manners) as address:
        assert_plain(said("phone", "--timeout", "0.6", "--server", str(address), *words))


class Nasty(socketserver.StreamRequestHandler):
    """A web server whose every word is one: an octet that ends a line it says in other places."""

    WORDS = bytes(octet for octet in range(1, 256) if octet not in b"\r\n") + b"".join(UNICODE)
    STARTS = itertools.cycle([b"200 OK", b"404 ", b"301 ", b"999 ", b""])

    def handle(self) -> None:
        while self.rfile.readline().strip():
            pass
        status = next(self.STARTS)
        rows = [b"HTTP/1.0 %s%s" % (status, self.WORDS), b"Location: http://127.0.0.1:1/%s" % self.WORDS]
        rows += [b"Content-Type: text/%s" % self.WORDS, b"WWW-Authenticate: Basic realm=%s" % self.WORDS]
        rows += [b"Server: %s" % self.WORDS, b"%s: x" % self.WORDS]
        self.wfile.write(b"\r\n".join([*rows, b"", b"body" + self.WORDS]))


def test_phone_fetches_from_a_web_server_that_is_as_nasty() -> None:
    with (
        serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Nasty)) as port,
        faulty_server(Manners(url=f"http://127.0.0.1:{port}/")) as address,
    ):
        for words in ([], ["--json"], ["--show-secrets"]):
            shown = said("phone", "--like", "grandstream", "--fetch", "--server", str(address), *words)
            assert "fetched" in shown
            assert_plain(shown)


def test_problems_of_a_file(tmp_path: Path) -> None:
    """A rules file may be somebody else's, too."""
    path = tmp_path / "r\x1b[2J.yaml"
    for text in (
        'vars: {"a\\e[2J": 1, "a\\e[2J": 2}\nrules: []',
        'rules: [{"\\e[2J\\u202e": 1, name: "\\e[2J"}]',
        'rules: [{match: {mac: "\\e[2J", version: "<\\e[2J", source: "\\e", interface: "\\L"}, url: "\\e[2J://h"}]',
        '"\\e[2J": 1',
        "rules: !<\\e[2J> []",
        'vars: {a: {file: "x\\u202e"}, b: {env: "x\\u202e"}}\nrules: []',
        'service: {interfaces: ["\\e[2J"], group: "\\e[2J", port: "\\e"}\nrules: []',
        'tests: [{"\\e[2J": 1, name: "\\e[2J"}]\nrules: []',
    ):
        path.write_text(text)
        assert_plain(said("check", str(path)))
        assert_plain(said("check", str(path), "--json"))
        assert_plain(said("run", "--rules", str(path)))


@given(st.text(st.characters(), max_size=30))
@settings(max_examples=50)
def test_what_a_service_says_to_status(text: str) -> None:
    """Whoever it is that answers on the socket; and file names, reasons and counters hold strangers' text."""
    problem = {"lines": 2, "timestamp": "2026-01-01T00:00:00+00:00", "event": text, "fields": {text: [text]}}
    rules = {"count": 1, "loaded": problem["timestamp"], "file": text, "good": False, "problems": [text]}
    rules |= {"last_read": problem["timestamp"], "unlisted": 0, "restart_needed": False}
    state = {"rules": rules, "problems": [problem]}
    lines = [*status_view._rules(state["rules"]), *status_view._problems(state["problems"])]  # type: ignore[arg-type]
    assert all(clean(line).replace("\t", " ").isprintable() for line in lines)
    assert json_text(state).isprintable()


def test_the_probe_of_programs_with_odd_names() -> None:
    from pnp_responder.cli.probe_view import View

    view = View(SocketAddress("224.0.1.75", 5060), (), ["x\x1b[2J (pid 1)"], show_secrets=False)
    assert_plain("\n".join(view.lines([])))
