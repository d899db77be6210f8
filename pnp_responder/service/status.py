"""How the service is: in one line for `systemctl status`, in parts for `pnp-responder status`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pnp_responder.events import EnrollmentOffered
from pnp_responder.service.counters import Counters

MOST_SHOWN = 8
"""Links that are named: systemd cuts the line at 500 octets, and the rules come after them."""


@dataclass(frozen=True, slots=True)
class RulesState:
    """The rules in service: `count`, since `loaded`. `tried` is when the file was last read, `problems` what
    was wrong with it then. Times of day in seconds. `restart_needed`: the settings are others now than at
    the start."""

    count: int
    loaded: float
    tried: float
    problems: tuple[str, ...] = ()
    restart_needed: bool = False


class Status:
    """What is known of the service. `now` is the time of day in seconds."""

    def __init__(self, rules: int, counters: Counters, now: float) -> None:
        self.started = now
        self.serving: list[str] = []
        self.waiting = ""
        self.refused = ""
        self.rules = RulesState(rules, now, now)
        self.window_closes: float | None = None
        """When an open enrolment window closes."""
        self._counters = counters
        self._day = ""
        self._before_today = 0

    def rules_taken(self, rules: int, now: float, *, restart_needed: bool) -> None:
        """The file is good and in service."""
        self.rules = RulesState(rules, now, now, restart_needed=restart_needed)

    def rules_refused(self, problems: Sequence[str], now: float) -> None:
        """The file is bad; `problems` has at least one."""
        last = self.rules
        self.rules = RulesState(last.count, last.loaded, now, tuple(problems), last.restart_needed)

    def line(self, now: float) -> str:
        """The one line. To be asked for every now and then: so it knows what was before midnight."""
        today = time.strftime("%Y-%m-%d", time.localtime(now))
        offered = self._counters.of(EnrollmentOffered)
        if today != self._day:
            self._day, self._before_today = today, offered if self._day else 0
        offers = offered - self._before_today
        shown = self.serving[:MOST_SHOWN]
        if more := len(self.serving) - len(shown):
            shown = [*shown, f"{more} more"]
        parts = [f"serving {', '.join(shown)}"] if shown else []
        parts += [f"waiting for {self.waiting}"] if self.waiting else []
        head = ", ".join(parts) + (f" ({self.refused})" if self.refused else "")
        rules = (
            f"{self.rules.count} rule{'' if self.rules.count == 1 else 's'} of {_clock(self.rules.loaded)}"
        )
        if self.rules.problems:
            return f"RULES FILE IS BAD, {rules} stay in service: {self.rules.problems[0]}; {head}"
        window = "" if self.window_closes is None else f"; window open until {_clock(self.window_closes)}"
        return f"{head}; {rules}; {offers} offer{'' if offers == 1 else 's'} today{window}"


def _clock(when: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(when))
