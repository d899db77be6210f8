"""One frame of a capture file, and how a file that is none is refused."""

from __future__ import annotations

from typing import NamedTuple

from pnp_responder.errors import PnpError

MAX_FRAME = 1_048_576
"""Octets. The largest snap length of tcpdump is 262,144; a file that says more is broken."""


class Frame(NamedTuple):
    """`when` is in nanoseconds since 1970; `length` what the frame had before the capture cut it.

    `link_type` is a number of the tcpdump.org registry; `interface` is "" where the file names none.
    """

    when: int
    link_type: int
    octets: bytes
    length: int
    interface: str = ""


class CaptureUnreadable(PnpError):
    """The file is no capture, or not any more from here on. What was read before it counts."""


class CaptureCut(CaptureUnreadable):
    """The file ends inside of a packet, as one does that is still being written."""
