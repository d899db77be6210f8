"""Who else can read a file that holds secrets?"""

from __future__ import annotations

import grp
import os
import stat
from pathlib import Path
from shlex import quote

from pnp_responder.rules.problems import Place, Problem

SERVICE_GROUP = "pnp-responder"


def exposure(path: Path) -> Problem | None:
    """A warning if the mode of `path`, which holds secrets, lets every user of this host read it.

    The hint is the command that mends it.
    """
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        return None
    if not mode & stat.S_IROTH:
        return None
    message = f"it holds secrets, and every user of this host may read it (mode {mode:04o})"
    return Problem(Place(str(path), 1, 1), message, closing_command(path), "warning")


def closing_command(path: Path) -> str:
    """The shell command after which only its owner and the service can read `path`."""
    name = quote(str(path))
    try:
        grp.getgrnam(SERVICE_GROUP)
    except KeyError:
        return f"chmod 0640 {name}"
    return f"sudo chgrp {SERVICE_GROUP} {name} && sudo chmod 0640 {name}"
