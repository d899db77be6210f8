"""What went wrong of late."""

from __future__ import annotations

import logging
from typing import Any

from pnp_responder.service.log_format import AnyEntry, Entry
from pnp_responder.service.recent_problems import MOST_NAMES, RecentProblems


def entry(name: str, level: int = logging.WARNING, when: float = 1_700_000_000.0, **fields: Any) -> Entry:
    return Entry(when, level, name, fields)


def test_all_goes_on_to_the_log_and_what_is_wrong_is_kept() -> None:
    log: list[AnyEntry] = []
    recent = RecentProblems(log.extend)
    entries = [entry("fine", logging.INFO), entry("odd"), entry("bad", logging.ERROR)]
    for each in entries:
        recent.put_all([each])
    assert log == entries
    assert [(row["event"], row["level"]) for row in recent.as_json()] == [
        ("odd", "warning"),
        ("bad", "error"),
    ]


def test_of_each_kind_there_is_the_last_and_the_number() -> None:
    recent = RecentProblems(lambda _: None)
    for each in (entry("odd", mac="1"), entry("bad"), entry("odd", mac="2", when=1_700_000_060.0)):
        recent.put_all([each])
    assert recent.as_json() == [
        {
            "timestamp": "2023-11-14T22:13:20.000Z",
            "level": "warning",
            "event": "bad",
            "lines": 1,
            "fields": {},
        },
        {
            "timestamp": "2023-11-14T22:14:20.000Z",
            "level": "warning",
            "event": "odd",
            "lines": 2,
            "fields": {"mac": "2"},
        },
    ]


def test_a_flood_of_one_kind_pushes_out_no_other() -> None:
    recent = RecentProblems(lambda _: None)
    recent.put_all([entry("rules_rejected")])
    for number in range(1000):
        recent.put_all([entry("notify_timed_out", attempts=number)])
    assert [(row["event"], row["lines"]) for row in recent.as_json()] == [
        ("rules_rejected", 1),
        ("notify_timed_out", 1000),
    ]


def test_what_a_stranger_said_is_escaped_cut_and_left_out_if_empty() -> None:
    recent = RecentProblems(lambda _: None)
    problems = ["one", "t\x1bwo", "three", "four"]
    recent.put_all(
        [entry("odd", model="\x1b[2J\u202e", reason="x" * 1000, mac=None, vendor="", problems=problems)]
    )
    (row,) = recent.as_json()
    assert row["fields"] == {
        "model": "\\x1b[2J\\u202e",
        "reason": "x" * 300 + "...",
        "problems": ["one", "t\\x1bwo", "three"],
    }


def test_there_is_an_end_to_it() -> None:
    recent = RecentProblems(lambda _: None)
    for number in range(MOST_NAMES + 3):
        recent.put_all([entry(f"name_{number}")])
    names = [row["event"] for row in recent.as_json()]
    assert names == [f"name_{number}" for number in range(3, MOST_NAMES + 3)]
