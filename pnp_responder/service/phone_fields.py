"""What a log line says of a phone, by stable names."""

from __future__ import annotations

from typing import Any

from pnp_responder.datagram import UDP, Local, SocketAddress
from pnp_responder.enrollment import USUAL_PROFILE, Enrollment

Fields = dict[str, Any]


def device_fields(enrollment: Enrollment) -> Fields:
    """What the phone says of itself."""
    mac, vendor, model, version = enrollment.device
    fields: Fields = {"mac": mac, "vendor": vendor, "model": model, "version": version}
    if enrollment.profile_type != USUAL_PROFILE:
        fields["profile_type"] = enrollment.profile_type
    return fields


def place_fields(enrollment: Enrollment) -> Fields:
    """Where it asked."""
    local, remote = enrollment.local, enrollment.remote
    if local is not None and remote is not None:
        return end_fields(remote, local)
    return {"interface": local.interface if local else None, "source": str(remote) if remote else None}


def end_fields(remote: SocketAddress, local: Local) -> Fields:
    """Both ends."""
    fields: Fields = {"interface": local.interface, "source": str(remote)}
    if local.transport != UDP:
        fields["transport"] = local.transport
    return fields


def offer_fields(enrollment: Enrollment, rule: str, url: str) -> Fields:
    """What it was offered. `url` is for people."""
    return device_fields(enrollment) | {"rule": rule, "url": url} | place_fields(enrollment)
