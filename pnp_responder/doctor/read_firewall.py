"""Edge: the firewall's rules, if the tool is there and this user may list them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

from pnp_responder.doctor.nft_walk import Ruleset

_PATIENCE = 10.0
# A user's PATH often lacks the folders where these tools live.
_FOLDERS = "/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin"


def read_firewall() -> tuple[Ruleset | None, str]:
    """The rules, or None and the reason."""
    tool = shutil.which("nft", path=_FOLDERS)
    if tool is None:
        return None, "there is no nft command here to list the rules with"
    if os.geteuid():
        return None, "its rules may be listed by root only"
    try:
        done = subprocess.run(  # noqa: S603  (a fixed command, its path from a fixed list)
            [tool, "-j", "list", "ruleset"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, f"nft does not answer: {error}"
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        return None, f"nft does not list its rules: {told}"
    try:
        return Ruleset.from_json(json.loads(done.stdout)), ""
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, "nft lists its rules in words that are not understood"
