"""The screen of `status`, from what a service sends."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pnp_responder.cli.service_client import clean, local_time, span
from pnp_responder.cli.status import lines_of

NOW = datetime.now(UTC)
STATE: dict[str, Any] = {
    "program": "1.2.3",
    "pid": 811,
    "now": NOW.isoformat(),
    "started": (NOW - timedelta(hours=27)).isoformat(),
    "rules": {
        "file": "/etc/pnp-responder/rules.yaml",
        "count": 12,
        "loaded": NOW.isoformat(),
        "last_read": NOW.isoformat(),
        "good": True,
        "problems": [],
        "unlisted": 0,
        "restart_needed": False,
    },
    "interfaces": [
        {"interface": "eth1", "addresses": ["192.0.2.1:5060", "198.51.100.1:5060"]},
        {"interface": "eth2", "addresses": ["203.0.113.1:5060"]},
    ],
    "waiting_for": None,
    "unusable": None,
    "window": {"open": False, "closes": None, "seconds_left": 0, "rules": 0},
    "counters": {
        "offered": 120,
        "answered": 119,
        "answered_with": {"200": 117, "481": 2},
        "timed_out": 1,
        "undeliverable": 0,
        "declined": 0,
        "declined_because": {},
        "deferred": 0,
        "deferred_because": {},
        "refused": 0,
        "refused_because": {},
        "dropped": 0,
        "dropped_because": {},
        "repeated": 7,
        "probes": 0,
        "queue_drops": 0,
        "kernel_drops": 4,
        "unsent": 0,
        "faults": 0,
        "log_lines_lost": 0,
    },
    "problems": [],
}


def screen(**changed: Any) -> str:
    return "\n".join(lines_of({**STATE, **changed}))


def test_when_all_is_well() -> None:
    shown = re.sub("[0-9]{2}:[0-9]{2}:[0-9]{2}", "<time>", screen())
    shown = re.sub("[0-9]{4}-[0-9]{2}-[0-9]{2}", "<date>", shown)
    assert shown.split("\n") == [
        "pnp-responder 1.2.3 (pid 811), running since <date> <time> (1 d 3 h)",
        "",
        "rules       12 rules of <time> from /etc/pnp-responder/rules.yaml",
        "serving     eth1 (192.0.2.1:5060, 198.51.100.1:5060)",
        "            eth2 (203.0.113.1:5060)",
        "window      closed",
        "",
        "phones      120 offered a URL: 117 took it, 1 never answered, 0 could not be reached, "
        "2 refused it (2 x 481)",
        "            repeats: 7, probes: 0",
        "lost        0 by a full queue, 4 by a full socket, 0 unsent, 0 log lines, 0 by faults of ours",
        "",
        "problems    none since the start",
    ]


def test_a_bad_file_and_a_restart_that_is_needed() -> None:
    rules = {**STATE["rules"], "good": False, "problems": ["one", "two"], "unlisted": 3}
    shown = screen(rules={**rules, "restart_needed": True})
    assert re.search(
        r"THE FILE IS BAD as of .*; these rules stay:\n +one\n +two\n +\.\.\. and 3 more: ", shown
    )
    assert "`service:` of the file has changed: restart the service to take it" in shown


def test_what_is_not_served() -> None:
    shown = screen(interfaces=[], waiting_for="eth9", unusable="eth3: UDP port 5060 is taken")
    assert "serving     nothing\nwaiting     for eth9\nunusable    eth3: UDP port 5060 is taken\n" in shown


def test_an_open_window() -> None:
    window = {"open": True, "closes": NOW.isoformat(), "seconds_left": 1700, "rules": 2}
    assert re.search(r"window +open until .*, for 28 min more; 2 rules wait for it\n", screen(window=window))
    closed = {**STATE["window"], "rules": 1}
    assert "closed; 1 rule waits for it\n" in screen(window=closed)


def test_reasons_the_first_eight_of_each() -> None:
    reasons = {f"reason {number}": 20 - number for number in range(12)}
    counters = {**STATE["counters"], "dropped": sum(reasons.values()), "dropped_because": reasons}
    shown = screen(counters={**counters, "declined": 1, "declined_because": {"no rule matches": 1}})
    assert "            declined: 1\n                   1 no rule matches\n" in shown
    assert "            datagrams dropped: 174\n                  20 reason 0\n" in shown
    assert "reason 8" not in shown
    assert "                  42 for other reasons\n" in shown


def test_problems_the_newest_first_and_none_endless() -> None:
    old = {"timestamp": NOW.isoformat(), "event": "old", "lines": 1, "fields": {"reason": "a b", "n": 3}}
    new = {"timestamp": NOW.isoformat(), "event": "new", "lines": 5, "fields": {"problems": ["x" * 300, "y"]}}
    lines = screen(problems=[old, new]).split("\n")[-2:]
    assert re.match(r"problems    5 x, last [0-9:]+ new problems=", lines[0])
    assert len(lines[0]) < 220
    assert re.fullmatch(r'            [0-9:]+ old reason="a b" n=3', lines[1])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3599, "59 min"),
        (3600, "1 h 0 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_spans(seconds: int, text: str) -> None:
    assert span(seconds) == text


def test_times_of_today_have_no_date() -> None:
    assert re.fullmatch("[0-9]{2}:[0-9]{2}:[0-9]{2}", local_time(NOW.isoformat()))
    assert re.fullmatch("2023-11-1[45] [0-9]{2}:[0-9]{2}:[0-9]{2}", local_time("2023-11-14T22:13:20Z"))


def test_whoever_answers_cannot_reach_the_terminal() -> None:
    assert clean("a\x1b[2J\u202e\u2028b\tc") == "a?[2J??b\tc"
