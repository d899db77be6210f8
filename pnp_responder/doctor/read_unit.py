"""Edge: what systemd says of the service, where systemd runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from pnp_responder.doctor.unit import PROPERTIES, unit_words

_PATIENCE = 5.0


def read_unit() -> str:
    """Why systemd does not run it, in words; "" if it does, or does not say."""
    tool = shutil.which("systemctl", path="/usr/bin:/bin")
    if tool is None or not Path("/run/systemd/system").is_dir():
        return ""
    try:
        done = subprocess.run(  # noqa: S603  (a fixed command, its path from a fixed list)
            [tool, "show", "pnp-responder.service", f"--property={','.join(PROPERTIES)}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return unit_words(done.stdout.decode("utf-8", "replace")) if done.returncode == 0 else ""
