"""Where an exception comes from, in one short word for a log line."""

from __future__ import annotations

import os


def fault_place(error: BaseException) -> str:
    """`responder.py:42` of the innermost frame, or `?`. Holds nothing of the data that set it off."""
    place = error.__traceback__
    if place is None:
        return "?"
    while place.tb_next is not None:
        place = place.tb_next
    return f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}"
