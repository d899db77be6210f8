"""The one line that `systemctl status` shows."""

from __future__ import annotations

import time

from pnp_responder.events import EnrollmentOffered, Event

MOST_SHOWN = 8
"""Links that are named: systemd cuts the line at 500 octets, and the rules come after them."""


class Status:
    """What is known of the service. Also a consumer of events: it counts today's offers."""

    def __init__(self, rules: int) -> None:
        self.serving: list[str] = []
        self.waiting = ""
        self.refused = ""
        self._rules = rules
        self._loaded = time.time()
        self._bad = ""
        self._offers = 0
        self._day = ""

    def event(self, event: Event) -> None:
        """Of the driver's events."""
        if isinstance(event, EnrollmentOffered):
            self._offers += 1

    def rules_taken(self, rules: int) -> None:
        """The file is good and in service."""
        self._rules = rules
        self._loaded = time.time()
        self._bad = ""

    def rules_refused(self, problem: str) -> None:
        """The file is bad; `problem` is the first of them."""
        self._bad = problem

    def line(self, now: float) -> str:
        """The status at `now`, the time of day in seconds."""
        today = time.strftime("%Y-%m-%d", time.localtime(now))
        if today != self._day:
            self._day, self._offers = today, 0 if self._day else self._offers
        shown = self.serving[:MOST_SHOWN]
        if more := len(self.serving) - len(shown):
            shown = [*shown, f"{more} more"]
        parts = [f"serving {', '.join(shown)}"] if shown else []
        parts += [f"waiting for {self.waiting}"] if self.waiting else []
        head = ", ".join(parts) + (f" ({self.refused})" if self.refused else "")
        loaded = time.strftime("%H:%M:%S", time.localtime(self._loaded))
        rules = f"{self._rules} rule{'' if self._rules == 1 else 's'} of {loaded}"
        if self._bad:
            return f"RULES FILE IS BAD, {rules} stay in service: {self._bad}; {head}"
        return f"{head}; {rules}; {self._offers} offer{'' if self._offers == 1 else 's'} today"
