"""Which phone a probe plays, as data."""

from __future__ import annotations

from pnp_responder.enrollment import Device

PROBED_AS = Device(vendor="snom", model="snom300", version="8.7.5.35")
"""The make that this protocol comes from: a server that serves one make only serves this one most likely."""
