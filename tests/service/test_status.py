"""The line of `systemctl status`."""

from __future__ import annotations

import re

from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import Device, Enrollment, Offer
from pnp_responder.events import DatagramDropped, EnrollmentOffered
from pnp_responder.service.counters import Counters
from pnp_responder.service.status import RulesState, Status

NOON = 1_700_000_000.0
OFFERED = EnrollmentOffered.of(Enrollment(Device()), Offer("http://x/", "rule"))
DROPPED = DatagramDropped("", SocketAddress("192.0.2.1", 1), Local("eth1", SocketAddress("192.0.2.2", 2)))


def make(rules: int, counters: Counters | None = None) -> Status:
    return Status(rules, counters or Counters(), NOON)


def line(status: Status, now: float = NOON) -> str:
    return re.sub("[0-9]{2}:[0-9]{2}:[0-9]{2}", "<time>", status.line(now))


def test_waiting_then_serving() -> None:
    status = make(rules=1)
    status.waiting = "eth1"
    assert line(status) == "waiting for eth1; 1 rule of <time>; 0 offers today"
    status.serving = ["eth1 (192.0.2.1)", "eth2 (198.51.100.1)"]
    assert line(status).startswith("serving eth1 (192.0.2.1), eth2 (198.51.100.1), waiting for eth1; ")
    status.waiting = ""
    assert line(status).startswith("serving eth1 (192.0.2.1), eth2 (198.51.100.1); ")


def test_what_cannot_be_served_is_said_with_its_reason() -> None:
    status = make(rules=1)
    status.serving = ["eth1 (192.0.2.1)"]
    status.refused = "eth2: UDP port 5060 is taken"
    assert line(status).startswith("serving eth1 (192.0.2.1) (eth2: UDP port 5060 is taken); ")


def test_many_links_leave_room_for_the_rules() -> None:
    status = make(rules=1)
    status.serving = [f"eth{n} (10.0.{n}.1)" for n in range(1, 26)]
    assert "eth8 (10.0.8.1), 17 more; 1 rule of <time>" in line(status)
    assert "eth9" not in line(status)


def test_counts_the_offers_of_the_day() -> None:
    counters = Counters()
    status = make(2, counters)
    for event in (OFFERED, DROPPED):
        counters.events((event,))
    assert line(status).endswith("2 rules of <time>; 1 offer today")
    assert line(status, NOON + 86_400).endswith("0 offers today")
    counters.events((OFFERED,))
    assert line(status, NOON + 86_400).endswith("1 offer today")


def test_an_open_window_is_named() -> None:
    status = make(rules=1)
    status.window_closes = NOON + 1800
    assert line(status).endswith("; 0 offers today; window open until <time>")


def test_a_bad_file_comes_first_until_it_is_good() -> None:
    status = make(rules=2)
    status.serving = ["eth1 (192.0.2.1)"]
    status.rules_refused(["rules.yaml:3:1: unknown key 'x'", "rules.yaml:4:1: more"], NOON)
    assert line(status) == (
        "RULES FILE IS BAD, 2 rules of <time> stay in service: rules.yaml:3:1: unknown key 'x'; "
        "serving eth1 (192.0.2.1)"
    )
    status.rules_taken(3, NOON, restart_needed=False)
    assert line(status) == "serving eth1 (192.0.2.1); 3 rules of <time>; 0 offers today"


def test_the_state_of_the_rules() -> None:
    status = make(rules=2)
    assert status.rules == RulesState(2, NOON, NOON)
    status.rules_taken(3, NOON + 1, restart_needed=True)
    assert status.rules == RulesState(3, NOON + 1, NOON + 1, restart_needed=True)
    status.rules_refused(["bad"], NOON + 2)
    assert status.rules == RulesState(3, NOON + 1, NOON + 2, ("bad",), restart_needed=True)
