"""What the service does for those who ask: answers, log lines, the window's life."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from pnp_responder.rules.problems import Place, Problem
from pnp_responder.service.control import MOST_REFUSED, Control
from pnp_responder.service.control_peer import Peer
from pnp_responder.service.control_protocol import (
    CloseWindow,
    ControlError,
    OpenWindow,
    ReloadAsked,
    Request,
    StatusAsked,
    WindowAsked,
    form_answer,
)
from pnp_responder.service.counters import Counters
from pnp_responder.service.journal import Journal
from pnp_responder.service.log_format import Entry, one_by_one
from pnp_responder.service.recent_problems import RecentProblems
from pnp_responder.service.reloads import MOST_PROBLEMS_TOLD, Reload
from pnp_responder.service.report import Report
from pnp_responder.service.status import Status
from pnp_responder.service.window import Window, window_clock

ADMIN = Peer(42, 1000, frozenset({990}))
CLOSED = {"open": False, "closes": None, "seconds_left": 0, "rules": 2}


class Made:
    def __init__(self) -> None:
        self.log: list[Entry] = []
        self.faults: list[BaseException] = []
        self.window = Window()
        self.done: Reload | None = Reload(True, 1, 2, False, ())
        self.recent = RecentProblems(lambda new: self.log.extend(one_by_one(new)))
        self.counters = Counters()
        self.status = Status(3, self.counters, 1_700_000_000.0)
        self.control = Control(
            Report(
                Path("/etc/rules.yaml"),
                self.status,
                self.counters,
                self.recent,
                lambda: None,
                lambda: 7,
            ),
            self._reload,
            self.window,
            lambda: 2,
            self.status,
            Journal(self.recent.put_all),
            self.faults.append,
            reload_patience=0.05,
        )

    async def _reload(self) -> Reload:
        if self.done is None:
            await asyncio.Event().wait()
        assert self.done is not None
        return self.done

    def ask(self, request: Request) -> dict[str, Any]:
        answer = asyncio.run(self.control.answer(request, ADMIN))
        assert form_answer(answer)
        return answer

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """The lines of the log since the last time."""
        lines = [(entry.name, dict(entry.fields)) for entry in self.log]
        self.log.clear()
        return lines


@pytest.fixture
def made() -> Made:
    return Made()


def test_the_window_from_opening_to_closing(made: Made) -> None:
    assert made.ask(WindowAsked()) == {"window": CLOSED}
    opened = made.ask(OpenWindow(1800))["window"]
    assert (opened["open"], opened["seconds_left"], opened["rules"]) == (True, 1800, 2)
    assert made.window.is_open(window_clock())
    assert "window open until" in made.status.line(1_700_000_000.0)
    ((name, fields),) = made.told()
    assert (name, fields["seconds"], fields["uid"], fields["pid"]) == ("window_opened", 1800, 1000, 42)
    assert fields["closes"] == opened["closes"] == made.ask(WindowAsked())["window"]["closes"]
    assert made.ask(CloseWindow()) == {"window": CLOSED}
    assert made.told() == [("window_closed", {"reason": "by hand", "uid": 1000, "pid": 42})]
    assert "window" not in made.status.line(1_700_000_000.0)
    assert made.ask(CloseWindow()) == {"window": CLOSED}
    assert made.told() == []


def test_the_window_closes_by_itself_and_that_is_told_once(made: Made) -> None:
    made.window.open(60, window_clock() - 61)
    made.status.window_closes = 1_700_000_000.0
    made.control.tick()
    made.control.tick()
    assert made.told() == [("window_closed", {"reason": "its time is over"})]
    assert made.status.window_closes is None


def test_one_that_ran_out_just_now_is_not_shown_as_open(made: Made) -> None:
    made.window.open(60, window_clock() - 61)
    assert made.ask(WindowAsked()) == {"window": CLOSED}
    assert made.told() == [("window_closed", {"reason": "its time is over"})]


def test_the_end_of_the_service_closes_the_window(made: Made) -> None:
    made.control.close()
    assert made.told() == []
    made.ask(OpenWindow(60))
    made.told()
    made.control.close()
    assert made.told() == [("window_closed", {"reason": "the service ends"})]


def test_a_good_reload(made: Made) -> None:
    assert made.ask(ReloadAsked())["reload"] == {
        "file": "/etc/rules.yaml",
        "good": True,
        "rules_before": 1,
        "rules": 2,
        "restart_needed": False,
        "problems": [],
        "unlisted": 0,
    }


def test_a_bad_reload_has_the_words_of_check_without_passwords(made: Made) -> None:
    place = Place("rules.yaml", 3, 5)
    problem = Problem(place, "unknown key 'ulr'", source="    ulr: http://user:secret@192.0.2.1/")
    made.done = Reload(False, 1, 1, False, (problem,) * (MOST_PROBLEMS_TOLD + 5))
    reload = made.ask(ReloadAsked())["reload"]
    assert (reload["good"], len(reload["problems"]), reload["unlisted"]) == (False, MOST_PROBLEMS_TOLD, 5)
    assert reload["problems"][0] == {"text": str(problem), "shown": problem.render()}
    assert "secret" not in str(reload)


def test_a_reading_that_never_ends_is_not_waited_for(made: Made) -> None:
    made.done = None
    with pytest.raises(ControlError, match=r"the rules file is not read after 0\.05 s; the log will say"):
        made.ask(ReloadAsked())


def test_the_status(made: Made) -> None:
    made.status.waiting = "eth\x1b1"
    made.status.rules_refused([f"rules.yaml:{n}:1: bad\u202e" for n in range(1, 14)], 1_700_000_060.0)
    made.recent.put_all([Entry(1_700_000_060.0, logging.ERROR, "rules_rejected", {"reason": "x"})])
    status = made.ask(StatusAsked())["status"]
    assert status["started"] == "2023-11-14T22:13:20Z"
    assert status["rules"] == {
        "file": "/etc/rules.yaml",
        "count": 3,
        "loaded": "2023-11-14T22:13:20Z",
        "last_read": "2023-11-14T22:14:20Z",
        "good": False,
        "problems": [f"rules.yaml:{n}:1: bad\\u202e" for n in range(1, 11)],
        "unlisted": 3,
        "restart_needed": False,
    }
    assert (status["interfaces"], status["waiting_for"], status["unusable"]) == ([], "eth\\x1b1", None)
    assert status["counters"]["log_lines_lost"] == 7
    assert {key: status["counters"][key] for key in made.counters.by_name()} == made.counters.by_name()
    assert [problem["event"] for problem in status["problems"]] == ["rules_rejected"]
    assert status["window"] == CLOSED


def test_who_may_not_ask_is_logged_once_each_and_not_for_ever(made: Made) -> None:
    for uid in [*range(1000, 1000 + 2 * MOST_REFUSED), 1000]:
        made.control.refused(Peer(7, uid, frozenset({uid})))
    told = made.told()
    assert [name for name, _ in told] == ["control_refused"] * MOST_REFUSED
    assert [fields["uid"] for _, fields in told] == [*range(1000, 1000 + MOST_REFUSED)]


def test_where_no_socket_can_be_the_service_goes_on(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "control"
    asyncio.run(made.control.open(path))
    ((name, fields),) = made.told()
    assert name == "control_unavailable"
    assert fields["path"] == str(path)
    assert "No such file or directory" in fields["reason"]
    assert "--control" in fields["remedy"]
    made.control.close()
