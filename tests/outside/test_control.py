"""The control socket of the service as the unit confines it: as nobody, under its system call filter."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.outside.confined import setting
from tests.outside.conftest import Lan
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server


def client(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    """`pnp-responder` as root, where systemd's variables lead to the server."""
    return subprocess.run(
        [sys.executable, "-m", "pnp_responder", *words],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={**os.environ, "RUNTIME_DIRECTORY": str(server.folder)},
    )


def test_the_three_commands_reach_it(lan: Lan) -> None:
    with Server(lan.server, rules_text()) as server:
        shown = json.loads(client(server, "status", "--json").stdout)
        assert [row["interface"] for row in shown["interfaces"]] == ["eth1", "eth2"]
        assert [row["kernel_drops"] for row in shown["interfaces"]] == [0, 0]
        opened = client(server, "window", "open", "30m")
        assert opened.stdout.startswith("open until ")
        assert server.wait_for_event("window_opened")["uid"] == os.geteuid()
        assert oct((server.folder / "control").stat().st_mode & 0o777) == "0o660"


def test_what_the_unit_does_for_a_reload(lan: Lan) -> None:
    """`systemctl reload` fails where the file is bad, with its place; and is done when it succeeds."""
    (line,) = setting("ExecReload")
    words = shlex.split(re.sub(r"^/\S*/pnp-responder(?= )", "", line))
    with Server(lan.server, rules_text()) as server:
        server.replace_rules("rules: [{ulr: x}]\n")
        refused = client(server, *words)
        assert refused.returncode == 78
        assert f"{server.rules}:1:10: unknown key 'ulr' (did you mean 'url'?)" in refused.stderr
        server.replace_rules("rules: []\n")
        taken = client(server, *words)
        assert (taken.returncode, taken.stderr) == (0, "")
        assert taken.stdout.startswith(f"reloaded {Path(server.rules)}: ")
        assert json.loads(client(server, "status", "--json").stdout)["rules"]["count"] == 0
