from __future__ import annotations

from collections.abc import Callable
from math import inf

import pytest

from pnp_responder.circumstances import Neighbour, NeighbourState
from pnp_responder.mac import Mac
from pnp_responder.rules.assumptions import parse_neighbour, parse_offered, parse_window

MAC = Mac.parse("00a859112233")


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parse_neighbour, "00:A8:59:11:22:33", Neighbour(NeighbourState.CONFIRMED, MAC)),
        (parse_neighbour, "none", Neighbour(NeighbourState.MISSING)),
        (parse_neighbour, "Routed", Neighbour(NeighbourState.NEVER)),
        (parse_window, "open", True),
        (parse_window, "CLOSED", False),
        (parse_offered, "never", inf),
        (parse_offered, "5m", 300.0),
    ],
)
def test_what_people_state(parse: Callable[[str], object], text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "words"),
    [
        (parse_neighbour, "expected the MAC in the neighbour table, none or routed"),
        (parse_window, "expected open or closed"),
        (parse_offered, "expected how long ago, such as 5m, or never"),
    ],
)
@pytest.mark.parametrize("text", ["", "true", "00a859", "5", "-1m"])
def test_what_is_none_of_it(parse: Callable[[str], object], words: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        parse(text)
