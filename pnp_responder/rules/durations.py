"""Spans of time as administrators write them: `90s`, `30m`, `1h`, `7d`."""

from __future__ import annotations

import re

_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

DURATION_PATTERN = f"^{_SPAN.pattern}$"
"""For the JSON Schema."""


def parse_duration(text: str) -> int:
    """The seconds that `text` says. Raises ValueError for anything else than a number and s, m, h or d."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError("not a duration such as 90s, 30m, 1h or 7d")
    return int(match[1]) * _SECONDS[match[2]]


def duration_text(seconds: float) -> str:
    """So many seconds in the two largest units that are not zero: `10m`, `3m 12s`, `0s`."""
    left = int(seconds)
    parts = []
    for unit in ("d", "h", "m", "s"):
        number, left = divmod(left, _SECONDS[unit])
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts[:2]) or "0s"
