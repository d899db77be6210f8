"""Events become entries: names, levels and fields that administrators and programs may rely on."""

from __future__ import annotations

import errno
import json
import logging

import pytest

from pnp_responder.datagram import TCP, Datagram, Local, SocketAddress
from pnp_responder.enrollment import Decline, Defer, Device, Enrollment, Offer
from pnp_responder.events import (
    DatagramDropped,
    EnrollmentDeclined,
    EnrollmentDeferred,
    EnrollmentOffered,
    Event,
    NotifyAnswered,
    NotifyTimedOut,
    NotifyUndeliverable,
    ProbeHeard,
    RequestRefused,
    RequestRepeated,
)
from pnp_responder.mac import Mac
from pnp_responder.net.troubles import (
    ConnectionDropped,
    DatagramsLost,
    EngineFailed,
    ListenFailed,
    ReceiveFailed,
    SendFailed,
    SendPostponed,
)
from pnp_responder.service.journal import PHONES_TOLD, REFUSALS_TOLD, UNMATCHED_TOLD, Journal
from pnp_responder.service.log_format import Entry, line_renderer, one_by_one

LOCAL = Local("eth1", SocketAddress("192.0.2.1", 5060))
REMOTE = SocketAddress("192.0.2.45", 5062)
DEVICE = Device(Mac.parse("00a859112233"), "acme", "Desk 40", "2.0")
ENROLLMENT = Enrollment(DEVICE, "device", "acme Desk 40 2.0", REMOTE, LOCAL)
OFFER = Offer("http://user:secret@prov.example.com/x.cfg", "reception")
WHO = {"mac": "00a859112233", "vendor": "acme", "model": "Desk 40", "version": "2.0"}
WHERE = {"interface": "eth1", "source": "192.0.2.45:5062"}
GIVEN = WHO | {"rule": "reception", "url": "http://user:***@prov.example.com/x.cfg"} | WHERE


class Rig:
    def __init__(self, level: int = logging.DEBUG) -> None:
        self.entries: list[Entry] = []
        self.now = 0.0
        self.journal = Journal(
            lambda new: self.entries.extend(one_by_one(new)), level, clock=lambda: self.now, wall=lambda: 1.0
        )

    def names(self) -> list[str]:
        return [entry.name for entry in self.entries]


def unmatched(mac: str | None) -> EnrollmentDeclined:
    device = DEVICE._replace(mac=Mac.parse(mac) if mac else None)
    return EnrollmentDeclined(ENROLLMENT._replace(device=device), Decline("no rule matches"), None)


@pytest.mark.parametrize(
    ("event", "level", "name", "fields"),
    [
        (EnrollmentOffered.of(ENROLLMENT, OFFER), logging.INFO, "enrollment_offered", GIVEN),
        (
            NotifyAnswered(EnrollmentOffered.of(ENROLLMENT, OFFER), 200, 2),
            logging.INFO,
            "notify_answered",
            GIVEN | {"status": 200, "attempts": 2},
        ),
        (
            # As nearly all do.
            NotifyAnswered(EnrollmentOffered.of(ENROLLMENT, OFFER), 202, 1),
            logging.DEBUG,
            "notify_answered",
            GIVEN | {"status": 202, "attempts": 1},
        ),
        (
            # Another server was faster.
            NotifyAnswered(EnrollmentOffered.of(ENROLLMENT, OFFER), 481, 1),
            logging.INFO,
            "notify_answered",
            GIVEN | {"status": 481, "attempts": 1},
        ),
        (
            NotifyAnswered(EnrollmentOffered.of(ENROLLMENT, OFFER), 415, 1),
            logging.WARNING,
            "notify_answered",
            GIVEN | {"status": 415, "attempts": 1},
        ),
        (NotifyTimedOut(ENROLLMENT, OFFER, 7), logging.WARNING, "notify_timed_out", GIVEN | {"attempts": 7}),
        (
            NotifyUndeliverable(ENROLLMENT, OFFER, 1),
            logging.WARNING,
            "notify_undeliverable",
            GIVEN | {"attempts": 1},
        ),
        (
            EnrollmentDeclined(ENROLLMENT, Decline("told to ignore", "others"), None),
            logging.INFO,
            "enrollment_declined",
            WHO | {"rule": "others"} | WHERE | {"reason": "told to ignore", "status": None},
        ),
        (
            EnrollmentDeclined(ENROLLMENT, Decline("another MAC", "careful", suspicious=True), None),
            logging.WARNING,
            "enrollment_suspicious",
            WHO | {"rule": "careful"} | WHERE | {"reason": "another MAC", "status": None},
        ),
        (
            EnrollmentDeferred(ENROLLMENT, Defer("another MAC", "careful", suspicious=True)),
            logging.WARNING,
            "enrollment_suspicious",
            WHO | {"rule": "careful"} | WHERE | {"reason": "another MAC"},
        ),
        (
            EnrollmentDeferred(ENROLLMENT, Defer("not known yet", "careful")),
            logging.INFO,
            "enrollment_deferred",
            WHO | {"rule": "careful"} | WHERE | {"reason": "not known yet"},
        ),
        (
            RequestRefused("not for us", 489, REMOTE, LOCAL),
            logging.INFO,
            "request_refused",
            WHERE | {"reason": "not for us", "status": 489},
        ),
        (
            DatagramDropped("start line: not SIP", REMOTE, LOCAL),
            logging.INFO,
            "datagram_dropped",
            WHERE | {"reason": "start line: not SIP"},
        ),
        (RequestRepeated(REMOTE, LOCAL), logging.DEBUG, "request_repeated", WHERE),
        (
            ProbeHeard(REMOTE, LOCAL, None, None),
            logging.DEBUG,
            "probe_heard",
            WHERE | {"reason": "of this host", "rule": None, "url": None},
        ),
        (
            ProbeHeard(REMOTE, LOCAL, ENROLLMENT, OFFER),
            logging.INFO,
            "probe_heard",
            WHERE | {"reason": "of another host", "rule": GIVEN["rule"], "url": GIVEN["url"]},
        ),
        (
            ProbeHeard(REMOTE, LOCAL, ENROLLMENT, Decline("no", None)),
            logging.INFO,
            "probe_heard",
            WHERE | {"reason": "of another host", "rule": None, "url": None},
        ),
        (
            EnrollmentOffered.of(ENROLLMENT._replace(local=LOCAL._replace(transport=TCP)), OFFER),
            logging.INFO,
            "enrollment_offered",
            GIVEN | {"transport": "TCP"},
        ),
        (
            DatagramDropped("x", REMOTE, LOCAL._replace(transport=TCP)),
            logging.INFO,
            "datagram_dropped",
            WHERE | {"transport": "TCP", "reason": "x"},
        ),
    ],
)
def test_each_event(event: Event, level: int, name: str, fields: dict[str, object]) -> None:
    rig = Rig()
    rig.journal.events((event,))
    told = [(entry.when, entry.level, entry.name, entry.fields) for entry in rig.entries]
    assert told == [(1.0, level, name, fields)]


@pytest.mark.parametrize("kind", ["application", ""])
def test_an_unusual_profile_type_is_told(kind: str) -> None:
    rig = Rig()
    enrollment = ENROLLMENT._replace(profile_type=kind)
    rig.journal.events((EnrollmentOffered.of(enrollment, OFFER),))
    rig.journal.events((EnrollmentDeclined(enrollment, Decline("told to ignore", "others"), None),))
    rig.journal.events((EnrollmentDeferred(enrollment, Defer("not yet", "once")),))
    assert [entry.fields["profile_type"] for entry in rig.entries] == [kind] * 3


def test_a_phone_without_rule_comes_with_the_rule_that_would_serve_it() -> None:
    rig = Rig()
    rig.journal.events((unmatched("00a859112233"),))
    (entry,) = rig.entries
    assert entry.level == logging.INFO
    assert entry.fields["rule"] is None
    assert entry.fields["user_agent"] == "acme Desk 40 2.0"
    hint = (
        '- {name: phone-00a859112233, match: {mac: "00:a8:59:11:22:33"}, '
        'url: "http://{{ local_ip }}/{{ mac }}.cfg"}'
    )
    assert entry.fields["hint"] == hint
    assert f"hint='{hint}'" in line_renderer("console")(entry)
    assert json.loads(line_renderer("json")(entry))["hint"] == hint


def test_a_phone_without_rule_is_told_once_in_ten_minutes() -> None:
    rig = Rig()
    for now in (0.0, 30.0, 599.0, 600.0):
        rig.now = now
        rig.journal.events((unmatched("00a859112233"),))
        rig.journal.events((unmatched(None),))
    assert len(rig.entries) == 4


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (DatagramDropped("no SIP", REMOTE, LOCAL), REFUSALS_TOLD),
        (RequestRefused("no SUBSCRIBE", None, REMOTE, LOCAL), REFUSALS_TOLD),
        (EnrollmentOffered.of(ENROLLMENT, OFFER), PHONES_TOLD),
    ],
)
def test_a_flood_is_summed_up(event: Event, told: int) -> None:
    rig = Rig()
    for _ in range(told + 5):
        rig.journal.events((event,))
    assert len(rig.entries) == told
    rig.now = 1_000.0
    rig.journal.tick()
    summary = rig.entries[-1]
    assert summary.name == f"{rig.entries[0].name}_repeated"
    assert (summary.fields["times"], summary.fields["sources"]) == (5, 1)


def test_a_flood_of_invented_phones_is_summed_up() -> None:
    rig = Rig()
    for number in range(UNMATCHED_TOLD + 7):
        rig.journal.events((unmatched(f"{number:012x}"),))
    assert len(rig.entries) == UNMATCHED_TOLD
    rig.journal.tick(last=True)
    assert rig.entries[-1].fields["times"] == 7


def test_the_level_is_kept() -> None:
    rig = Rig(logging.WARNING)
    rig.journal.events((EnrollmentOffered.of(ENROLLMENT, OFFER),))
    rig.journal.events((NotifyTimedOut(ENROLLMENT, OFFER, 7),))
    rig.journal.events((DatagramDropped("no SIP", REMOTE, LOCAL),))
    rig.journal.events((RequestRepeated(REMOTE, LOCAL),))
    assert rig.names() == ["notify_timed_out"]


def test_a_phone_that_takes_its_url_at_once_is_one_line() -> None:
    rig = Rig(logging.INFO)
    offered = EnrollmentOffered.of(ENROLLMENT, OFFER)
    rig.journal.events((offered, NotifyAnswered(offered, 200, 1)))
    assert rig.names() == ["enrollment_offered"]


def test_troubles() -> None:
    rig = Rig()
    full = OSError(errno.ENOBUFS, "No buffer space available")
    rig.journal.trouble(SendFailed("eth1", full, REMOTE, 1))
    rig.journal.trouble(SendPostponed("eth1", full, REMOTE, 2))
    rig.journal.trouble(ReceiveFailed("eth1", OSError(errno.EIO, "Input/output error"), 2))
    rig.journal.trouble(DatagramsLost("eth1", 300))
    assert rig.names() == ["send_failed", "send_postponed", "receive_failed", "datagrams_lost"]
    assert all("net.ipv4.neigh.default.gc_thresh3" in entry.fields["reason"] for entry in rig.entries[:2])
    assert rig.entries[3].fields["times"] == 300


def test_troubles_of_connections() -> None:
    rig = Rig()
    rig.journal.trouble(ListenFailed(LOCAL, "TCP port 5060 is taken", "leave TCP out"))
    rig.journal.trouble(ConnectionDropped("eth1", "no whole message within 10 s", REMOTE, 3))
    rig.journal.trouble(ConnectionDropped("eth1", "no room", None, 1))
    assert rig.names() == ["tcp_unusable", "connection_dropped", "connection_dropped"]
    assert rig.entries[0].fields == {
        "interface": "eth1",
        "address": "192.0.2.1:5060",
        "reason": "TCP port 5060 is taken",
        "remedy": "leave TCP out",
    }
    assert rig.entries[1].fields == WHERE | {
        "transport": "TCP",
        "reason": "no whole message within 10 s",
        "times": 3,
    }
    assert rig.entries[2].fields["source"] is None


def test_a_fault_of_ours_is_told_with_its_place_and_the_datagram_escaped() -> None:
    rig = Rig()
    nothing: dict[str, str] = {}
    try:
        nothing["secret text"]
    except KeyError as error:
        rig.journal.trouble(EngineFailed(error, Datagram(b"SIP\r\n\x1b\xff", REMOTE, LOCAL), 1))
        rig.journal.trouble(EngineFailed(error, None, 1))
    fields = rig.entries[0].fields
    assert fields["reason"].startswith("KeyError at test_journal.py:")
    assert "secret" not in fields["reason"]
    assert fields["datagram"] == r"SIP\x0d\x0a\x1b\xff"
    assert rig.entries[1].name == "internal_error"
