"""The ua-profile event package (RFC 6080) as desk phones really speak it: what they say, what we say.

Knows the SIP messages of `sip`; knows nothing of rules, and decides nothing.
"""

from pnp_responder.ua_profile.capabilities import OPTIONS_ROWS, SERVED
from pnp_responder.ua_profile.notify import (
    MAX_NOTIFY,
    notify_destination,
    notify_request,
    ok_response,
)
from pnp_responder.ua_profile.probe import is_probe, looks_like_a_probe
from pnp_responder.ua_profile.subscribe import BODY_TYPE, EVENT_PACKAGE, read_enrollment

__all__ = [
    "BODY_TYPE",
    "EVENT_PACKAGE",
    "MAX_NOTIFY",
    "OPTIONS_ROWS",
    "SERVED",
    "is_probe",
    "looks_like_a_probe",
    "notify_destination",
    "notify_request",
    "ok_response",
    "read_enrollment",
]
