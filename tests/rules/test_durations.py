from __future__ import annotations

import pytest

from pnp_responder.rules.durations import duration_text, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("90s", 90), ("30m", 1800), ("1h", 3600), ("7d", 604_800), ("999999s", 999_999)],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "1", "h", "0h", "01h", "1 h", "1H", "-1h", "1.5h", "1h30m", "1h\n", "\u0661h", "1000000s"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0s"),
        (59.9, "59s"),
        (600, "10m"),
        (192, "3m 12s"),
        (86_400, "1d"),
        (90_061, "1d 1h"),
        (3605, "1h 5s"),
    ],
)
def test_a_duration_for_people(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
