"""Where the control socket is: in the runtime folder that systemd gives, or in the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_NAME = "control"
_SYSTEM = Path("/run/pnp-responder") / _NAME


def own_path(environment: Mapping[str, str]) -> Path | None:
    """Where a service that is told nothing puts it; None: nowhere, for want of a folder of its own."""
    return _of_unit(environment) or _of_user(environment)


def paths_to_try(environment: Mapping[str, str]) -> list[Path]:
    """Where a client that is told nothing looks for a service, in this order."""
    personal = _of_user(environment)
    return [_of_unit(environment) or _SYSTEM, *([personal] if personal else [])]


def _of_unit(environment: Mapping[str, str]) -> Path | None:
    # systemd.exec(5): of several folders, with colons between them.
    folder = environment.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(folder) / _NAME if folder else None


def _of_user(environment: Mapping[str, str]) -> Path | None:
    folder = environment.get("XDG_RUNTIME_DIR", "")
    # A path that is not absolute is to be ignored, says the XDG Base Directory Specification.
    return Path(folder) / f"pnp-responder.{_NAME}" if folder.startswith("/") else None
