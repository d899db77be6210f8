"""What an OPTIONS is told that we can (RFC 3261 11.2)."""

from __future__ import annotations

from pnp_responder.ua_profile.subscribe import BODY_TYPE, EVENT_PACKAGE

SERVED = ("SUBSCRIBE", "OPTIONS")
"""What Allow says. CANCEL and ACK are understood as well, but nobody chooses them."""

OPTIONS_ROWS = (
    f"Allow: {', '.join(SERVED)}",
    f"Accept: {BODY_TYPE}",
    "Accept-Encoding: identity",
    "Accept-Language: en",
    "Supported:",
    f"Allow-Events: {EVENT_PACKAGE}",
)
