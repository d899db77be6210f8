"""What went wrong of late: of each kind of log line that is a warning or worse, the last and how many."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

from pnp_responder.service.log_format import AnyEntry, Entry, Offers, line_renderer

MOST_NAMES = 64
"""There are about 25 names of log lines, all of them ours."""

_LONGEST_VALUE = 300
_LONGEST_LIST = 3


class RecentProblems:
    """Stands before the log: hands all entries on to `log`."""

    def __init__(self, log: Callable[[Sequence[AnyEntry]], None]) -> None:
        self._log = log
        self._last: dict[str, tuple[int, Entry]] = {}

    def put_all(self, entries: Sequence[AnyEntry]) -> None:
        """Hand them on, and keep those that tell of something wrong."""
        for entry in entries:
            if entry.level >= logging.WARNING and not isinstance(entry, Offers):
                self._keep(entry)
        self._log(entries)

    def _keep(self, entry: Entry) -> None:
        times, _ = self._last.pop(entry.name, (0, entry))
        self._last[entry.name] = times + 1, entry
        if len(self._last) > MOST_NAMES:
            del self._last[next(iter(self._last))]

    def as_json(self) -> list[dict[str, Any]]:
        """One for each name, the newest last: escaped and masked as in the log, long values cut."""
        render = line_renderer("json")
        found = []
        for times, entry in self._last.values():
            line = json.loads(render(entry))
            head = {key: line.pop(key) for key in ("timestamp", "level", "event")}
            fields = {key: _cut(value) for key, value in line.items() if value not in (None, "", [])}
            found.append({**head, "lines": times, "fields": fields})
        return found


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return value[:_LONGEST_VALUE] + "..."
    if isinstance(value, list):
        return [_cut(item) for item in value[:_LONGEST_LIST]]
    return value
