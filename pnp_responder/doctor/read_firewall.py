"""Edge: the firewall's rules, if the tools are there and this user may list them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from pnp_responder.doctor.nft_walk import Ruleset
from pnp_responder.doctor.read_host import read_text

_PATIENCE = 10.0
# A user's PATH often lacks the folders where these tools live.
_FOLDERS = "/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin"


def read_firewall() -> tuple[Ruleset | None, str]:
    """The rules, or None and the reason."""
    if os.geteuid():
        return None, "the rules may be listed by root only"
    # Old iptables has tables of its own in the kernel, which nftables does not list. Only if it is in use:
    # its tool would make the tables.
    legacy = (read_text(Path("/proc/self/net/ip_tables_names")) or "").split()
    tool = "iptables-legacy-save" if _path("iptables-legacy-save") else "iptables-save"
    try:
        ruleset = Ruleset()
        if _path("nft"):
            ruleset = Ruleset.from_json(json.loads(_listed("nft", "-j", "list", "ruleset")))
            if ruleset.lacks_devices:
                ruleset = ruleset.with_devices(_listed("nft", "list", "chains"))
        elif not legacy:
            return None, "there is no nft command here to list the rules with"
        if ruleset.opaque and _path("iptables-save"):
            ruleset = ruleset.with_iptables(_listed("iptables-save"))
        if legacy:
            if not _path(tool):
                return None, "there is no iptables-save command here to list the rules of iptables with"
            ruleset = ruleset.with_iptables(_listed(tool))
    except (OSError, subprocess.SubprocessError) as error:
        return None, f"the rules cannot be listed: {error}"
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None, "the rules are listed in words that are not understood"
    return ruleset, ""


def _path(tool: str) -> str | None:
    return shutil.which(tool, path=_FOLDERS)


def _listed(tool: str, *arguments: str) -> str:
    """What a tool prints. OSError or SubprocessError if it fails."""
    done = subprocess.run(  # noqa: S603  (a fixed command, its path from a fixed list)
        [_path(tool) or tool, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_PATIENCE,
        check=False,
    )
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise OSError(f"{tool}: {told}")
    return done.stdout.decode("utf-8", "replace")
