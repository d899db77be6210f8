"""What `pnp-responder status` shows, as plain data for JSON. Every text in it is escaped and masked."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pnp_responder import __version__
from pnp_responder.escaping import escape
from pnp_responder.events import Event
from pnp_responder.net.driver import Driver
from pnp_responder.net.drops import kernel_drops
from pnp_responder.net.multicast import OpenInterface
from pnp_responder.service.counters import Counters
from pnp_responder.service.recent_problems import RecentProblems
from pnp_responder.service.status import Status

MOST_PROBLEMS = 10
"""Of a bad rules file; `pnp-responder check` shows all."""


class Report:
    """Looks at the parts of a service whose rules file is `file`; changes nothing.

    `driver` gives the driver once there is one, `lines_lost` the log lines that could not be written.
    """

    def __init__(
        self,
        file: Path,
        status: Status,
        counters: Counters,
        recent: RecentProblems,
        driver: Callable[[], Driver[Event] | None],
        lines_lost: Callable[[], int],
    ) -> None:
        self.file = escape(str(file.absolute()))
        self._status = status
        self._counters = counters
        self._recent = recent
        self._driver = driver
        self._lines_lost = lines_lost

    def as_json(self, now: float) -> dict[str, Any]:
        """The report at `now`, the time of day in seconds."""
        driver = self._driver()
        served = [_interface(opened) for opened in (driver.interfaces if driver else ())]
        return {
            "program": __version__,
            "pid": os.getpid(),
            "now": rfc3339(now),
            "started": rfc3339(self._status.started),
            "rules": self._rules(),
            "interfaces": served,
            "waiting_for": escape(self._status.waiting) or None,
            "unusable": escape(self._status.refused) or None,
            "counters": {
                **_escaped(self._counters.by_name()),
                "queue_drops": driver.lost if driver else 0,
                "kernel_drops": sum(row["kernel_drops"] or 0 for row in served),
                "unsent": driver.unsent if driver else 0,
                "faults": driver.faults if driver else 0,
                "log_lines_lost": self._lines_lost(),
            },
            "problems": self._recent.as_json(),
        }

    def _rules(self) -> dict[str, Any]:
        rules = self._status.rules
        return {
            "file": self.file,
            "count": rules.count,
            "loaded": rfc3339(rules.loaded),
            "last_read": rfc3339(rules.tried),
            "good": not rules.problems,
            "problems": [escape(problem) for problem in rules.problems[:MOST_PROBLEMS]],
            "unlisted": max(0, len(rules.problems) - MOST_PROBLEMS),
            "restart_needed": rules.restart_needed,
        }


def rfc3339(when: float) -> str:
    """A time of day for programs, in UTC."""
    return f"{datetime.fromtimestamp(when, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _interface(opened: OpenInterface) -> dict[str, Any]:
    drops = None
    with suppress(OSError):
        drops = sum(kernel_drops(receiver) for receiver, *_ in opened.receivers)
    return {
        "interface": escape(opened.interface.name),
        "addresses": [str(unicast.local.address) for unicast in opened.unicasts],
        "group": str(opened.group),
        "receive_buffer": opened.receive_buffer,
        "kernel_drops": drops,
    }


def _escaped(counts: dict[str, int | dict[str, int]]) -> dict[str, int | dict[str, int]]:
    return {
        name: count if isinstance(count, int) else {escape(reason): n for reason, n in count.items()}
        for name, count in counts.items()
    }
