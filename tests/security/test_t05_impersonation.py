"""T5: one device that asks in the name of another. What each option of a rule keeps from it, on the wire."""

from __future__ import annotations

import itertools
import select
import signal
import time
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from pnp_responder.cli.main import app
from tests.outside.namespaces import GROUP, Namespace
from tests.outside.phone import PATIENCE, Message, plain_subscribe, response_to
from tests.outside.server import Server
from tests.security.hostile_lan import ALLOWED, PHONE, SERVER, VICTIM, Capture, HostileLan, hostile_lan

RULES = """\
service: {allow: [198.51.100.0/24]}
rules:
  - {name: fences, match: {mac: "02:fe"}, url: "http://h/"}
  - {name: once, match: {mac: "02:01"}, url: "http://h/once", once: 10m}
  - {name: window, match: {mac: "02:02"}, url: "http://h/window", window: true}
  - {name: oui, match: {mac: "02:03"}, url: "http://h/oui", require: {oui: true}}
  - {name: own, match: {vendor: acme, mac: "*"}, url: "http://h/own", require: {neighbour: true}}
  - {name: lax, match: {}, url: "http://h/lax"}
"""
KEEP_ALIVE = b"\r\n\r\n"

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def quiet(lan: HostileLan) -> Iterator[HostileLan]:
    """A LAN like `lan`, which is there to say where none can be had, but with no other responder on it."""
    with hostile_lan() as made:
        # A neighbour that is not confirmed is looked for at once and not after 5 s.
        for key, value in (("delay_first_probe_time", 0), ("ucast_solicit", 1), ("retrans_time_ms", 100)):
            made.server.run("sysctl", "-qw", f"net.ipv4.neigh.eth1.{key}={value}")
        for host in (made.phone, made.victim):
            # Who asks for the server's MAC is in its table from then on.
            host.run("ip", "neigh", "replace", SERVER, "lladdr", made.server_mac.hex(":"), "dev", "eth0")
        yield made


class ControlledServer(Server):
    """Its control socket is in its own folder."""

    def __init__(self, host: Namespace, rules: str, *arguments: str) -> None:
        super().__init__(host, rules)
        self._arguments = (*arguments, "--control", str(self.folder / "control"))


@pytest.fixture(scope="module")
def server(quiet: HostileLan) -> Iterator[Server]:
    with ControlledServer(quiet.server, RULES, "--interface", "eth1") as running:
        yield running


class Asker:
    """A socket on port 5060 of `address`. It answers what it is told."""

    def __init__(self, host: Namespace, address: str) -> None:
        self.address = address
        self._socket = host.socket(address, 5060)

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, mac: str, to: str = GROUP) -> bytes:
        """A new SUBSCRIBE in the name of that MAC; its octets, for a repeat."""
        octets = plain_subscribe(self.address, 5060, mac, f"t05-{next(_numbers)}@{self.address}")
        self.repeat(octets, to)
        return octets

    def repeat(self, octets: bytes, to: str = GROUP) -> None:
        self._socket.sendto(octets, (to, 5060))

    def hear(self) -> bytes:
        """The next datagram."""
        assert select.select([self._socket], [], [], PATIENCE)[0], "nothing came"
        octets, source = self._socket.recvfrom(65536)
        assert source == (SERVER, 5060)
        if octets.startswith(b"NOTIFY "):
            self._socket.sendto(response_to(Message.read(octets)), source)
        return octets

    def hear_url(self) -> bytes:
        """The URL of the NOTIFY that comes behind a 200."""
        assert self.hear().startswith(b"SIP/2.0 200 ")
        return Message.read(self.hear()).body

    def hear_the_rest(self, to: str = GROUP) -> list[bytes]:
        """All that was still under way: a device that is served at once asks behind it."""
        fence = self.ask(f"02fe{next(_numbers):08x}", to)
        call_id = fence.partition(b"Call-ID: ")[2].partition(b"\r\n")[0]
        heard = []
        while not ((octets := self.hear()).startswith(b"NOTIFY ") and call_id in octets):
            if call_id not in octets:
                heard.append(octets)
        return heard


@pytest.fixture
def phone(quiet: HostileLan, server: Server) -> Iterator[Asker]:
    quiet.server.run("ip", "neigh", "flush", "dev", "eth1", "nud", "all")
    with Asker(quiet.phone, PHONE) as made:
        yield made


@pytest.fixture
def forger(quiet: HostileLan, server: Server) -> Iterator[Asker]:
    quiet.server.run("ip", "neigh", "flush", "dev", "eth1", "nud", "all")
    with Asker(quiet.victim, VICTIM) as made:
        yield made


def enter(quiet: HostileLan, mac: bytes, state: str) -> None:
    """Put the phone's address into the server's neighbour table."""
    quiet.server.run(
        *("ip", "neigh", "replace", PHONE, "lladdr", mac.hex(":"), "nud", state, "dev", "eth1"),
    )


@pytest.mark.parametrize("to", [GROUP, SERVER], ids=["multicast", "unicast"])
def test_a_phone_that_the_table_does_not_have_is_served_at_its_repeat(
    quiet: HostileLan, phone: Asker, to: str
) -> None:
    with Capture(quiet.phone) as capture:
        octets = phone.ask(quiet.phone_mac.hex(), to)
        assert phone.hear() == KEEP_ALIVE
        phone.repeat(octets, to)
        assert phone.hear_url() == b"http://h/own"
        frames = capture.frames(1.0)
    from_us = [
        (f.kind, f.to, f.payload[:4]) for f in frames if f.sender == quiet.server_mac and f.kind != "IGMP"
    ]
    assert [kind for kind, _, _ in from_us[:2]] == ["ARP", "UDP"], "it asks, and then sends what made it ask"
    assert from_us[0][1] == PHONE
    assert from_us[1][2] == KEEP_ALIVE


@pytest.mark.parametrize("state", ["reachable", "stale", "permanent"])
def test_a_phone_that_the_table_has_is_served_at_once(quiet: HostileLan, phone: Asker, state: str) -> None:
    enter(quiet, quiet.phone_mac, state)
    phone.ask(quiet.phone_mac.hex())
    assert phone.hear_url() == b"http://h/own"


@pytest.mark.parametrize("to", [GROUP, SERVER], ids=["multicast", "unicast"])
def test_who_claims_the_mac_of_another_gets_silence(
    quiet: HostileLan, server: Server, forger: Asker, to: str
) -> None:
    """Not even the URL of the rule for everybody; first the kernel has to ask whose the address is."""
    mac = quiet.phone_mac.hex() if to == GROUP else "04aa00000001"
    octets = forger.ask(mac, to)
    assert forger.hear() == KEEP_ALIVE
    forger.repeat(octets, to)
    told = server.wait_for_event("enrollment_suspicious", source=f"{VICTIM}:5060", rule="own", mac=mac)
    assert f"where {VICTIM} is " in told["reason"]
    assert "not the MAC that the device claims" in told["reason"]
    assert [octets for octets in forger.hear_the_rest() if octets != KEEP_ALIVE] == []


def test_an_entry_made_by_hand_is_believed(quiet: HostileLan, server: Server, phone: Asker) -> None:
    """The phone itself, and a table that says otherwise: no keep-alive, no answer, also not later."""
    other = bytes.fromhex("02aa55000009")
    enter(quiet, other, "permanent")
    octets = phone.ask(quiet.phone_mac.hex())
    told = server.wait_for_event("enrollment_suspicious", source=f"{PHONE}:5060")
    assert f"where {PHONE} is 02:aa:55:00:00:09, not the MAC" in told["reason"]
    quiet.server.run("ip", "neigh", "del", PHONE, "dev", "eth1")
    phone.repeat(octets)
    assert phone.hear_the_rest() == [], "the same request stays unanswered"


def test_a_phone_with_the_former_address_of_another_is_served_in_the_end(
    quiet: HostileLan, phone: Asker
) -> None:
    """Nobody has talked to that address for long: the entry says who had it, and the kernel looks again."""
    enter(quiet, bytes.fromhex("02aa55000009"), "stale")
    octets = phone.ask(quiet.phone_mac.hex())
    deadline = time.monotonic() + PATIENCE
    while not select.select([phone._socket], [], [], 0.2)[0]:
        assert time.monotonic() < deadline
        phone.repeat(octets)
    while (heard := phone.hear()) == KEEP_ALIVE:
        phone.repeat(octets)
    assert heard.startswith(b"SIP/2.0 200 ")
    assert Message.read(phone.hear()).body == b"http://h/own"


def test_who_asks_through_a_router_is_never_a_neighbour(
    quiet: HostileLan, server: Server, forger: Asker
) -> None:
    with Asker(quiet.victim, ALLOWED) as far:
        far.ask(quiet.phone_mac.hex(), SERVER)
        told = server.wait_for_event("enrollment_declined", source=f"{ALLOWED}:5060", rule="own")
        assert "it asks through a router" in told["reason"]
        assert far.hear_the_rest(SERVER) == []


def test_the_oui_must_be_one_of_the_vendors(server: Server, phone: Asker) -> None:
    phone.ask("020300000001")
    told = server.wait_for_event("enrollment_declined", rule="oui")
    assert "none is known of the vendor that the device names" in told["reason"]
    assert phone.hear_the_rest() == []


def test_a_device_is_offered_the_url_once(server: Server, phone: Asker) -> None:
    octets = phone.ask("020100000001")
    assert phone.hear_url() == b"http://h/once"
    phone.ask("020100000001")
    told = server.wait_for_event("enrollment_declined", rule="once")
    assert told["reason"].startswith("rule 'once' offers its URL once in 10m, and did so ")
    phone.repeat(octets)
    (again,) = phone.hear_the_rest()
    assert again.startswith(b"SIP/2.0 200 "), "a repeat of what was answered is answered as ever"
    phone.ask("020100000002")
    assert phone.hear_url() == b"http://h/once"


def test_of_many_questions_that_wait_together_one_is_offered_the_url(server: Server, phone: Asker) -> None:
    server.process.send_signal(signal.SIGSTOP)
    for _ in range(20):
        phone.ask("020100000009")
    server.process.send_signal(signal.SIGCONT)
    assert phone.hear_url() == b"http://h/once"
    assert phone.hear_the_rest() == []


def test_an_offer_that_did_not_reach_the_device_does_not_count(server: Server, phone: Asker) -> None:
    octets = plain_subscribe(PHONE, 5060, "020100000003", f"t05-{next(_numbers)}@{PHONE}")
    # Nobody listens where its Contact says, and its host tells us so.
    phone.repeat(
        octets.replace(f"Contact: <sip:{PHONE}:5060>".encode(), f"Contact: <sip:{PHONE}:9>".encode())
    )
    assert phone.hear().startswith(b"SIP/2.0 200 ")
    server.wait_for_event("notify_undeliverable", mac="020100000003")
    phone.ask("020100000003")
    assert phone.hear_url() == b"http://h/once"


def test_enrolment_is_open_only_while_an_administrator_opens_it(server: Server, phone: Asker) -> None:
    def window(*words: str) -> None:
        result = CliRunner().invoke(app, ["window", *words, "--control", str(server.folder / "control")])
        assert result.exit_code == 0, result.output

    window("close")
    octets = phone.ask("020200000001")
    told = server.wait_for_event("enrollment_declined", rule="window")
    assert told["reason"] == "rule 'window' waits for the enrolment window, which is closed"
    assert phone.hear_the_rest() == []
    window("open", "30m")
    phone.repeat(octets)
    assert phone.hear_the_rest() == [], "what was met with silence stays so"
    phone.ask("020200000001")
    assert phone.hear_url() == b"http://h/window"
    window("close")
    phone.ask("020200000001")
    assert phone.hear_the_rest() == []
