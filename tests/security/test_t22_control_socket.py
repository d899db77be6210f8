"""T22: the control socket is for root, the service's user and its group; it takes no path and runs nothing.

There is no HTTP port to abuse.
"""

from __future__ import annotations

import ast
import errno
import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from pnp_responder.service.control_listener import ControlListener
from pnp_responder.service.control_peer import UNMAPPED, Peer, may_control
from pnp_responder.service.control_protocol import ControlError, parse_request

PACKAGE = Path(__file__).parents[2] / "pnp_responder"
OWN_USER, OWN_GROUP = 901, 902
STRANGER = 12_345

CONNECT = (
    "import socket, sys\n"
    "s = socket.socket(socket.AF_UNIX)\n"
    "try: s.connect(sys.argv[1])\n"
    "except OSError as error: sys.exit(error.errno)\n"
)


def connects_as(user: int, group: int, path: Path) -> int:
    """0, or the errno that a user without any other group meets."""
    argv = ["/usr/bin/env", "-i", "python3", "-c", CONNECT, str(path)]
    return subprocess.run(argv, user=user, group=group, extra_groups=[], check=False).returncode


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One that everybody may enter: then the socket's own mode is all that there is."""
    for parent in (tmp_path, *list(tmp_path.parents)[:3]):
        if parent != Path("/tmp"):
            parent.chmod(0o755)
    return tmp_path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users")
def test_another_user_is_refused_by_the_kernel(folder: Path) -> None:
    listener = ControlListener(folder / "control")
    try:
        os.chown(folder / "control", OWN_USER, OWN_GROUP)
        assert stat.S_IMODE((folder / "control").lstat().st_mode) == 0o660
        assert connects_as(STRANGER, STRANGER, folder / "control") == errno.EACCES
        assert connects_as(STRANGER, OWN_GROUP, folder / "control") == 0
        assert connects_as(OWN_USER, STRANGER, folder / "control") == 0
    finally:
        listener.close()


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [
        (Peer(1, 0, frozenset({0})), True),
        (Peer(1, OWN_USER, frozenset({STRANGER})), True),
        (Peer(1, STRANGER, frozenset({STRANGER, OWN_GROUP})), True),
        (Peer(1, STRANGER, frozenset({STRANGER})), False),
        (Peer(1, STRANGER, frozenset()), False),
        (Peer(1, UNMAPPED, frozenset({UNMAPPED})), False),
    ],
)
def test_and_by_the_service_itself(peer: Peer, allowed: bool) -> None:
    """Where the file's mode was loosened, or the descriptor was handed on."""
    assert may_control(peer, OWN_USER, OWN_GROUP) is allowed


def test_nobody_in_particular_is_nobody() -> None:
    """A service that runs as nobody does not take every user that it cannot see for itself."""
    assert not may_control(Peer(1, UNMAPPED, frozenset({UNMAPPED})), UNMAPPED, UNMAPPED)


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "reload", "file": "/etc/shadow"},
        {"command": "reload", "rules": "/tmp/mine.yaml"},
        {"command": "reload", "action": "/tmp/mine.yaml"},
        {"command": "status", "path": "/etc/shadow"},
        {"command": "run", "argv": ["sh"]},
        {"command": "set", "url": "http://192.0.2.66/"},
        {"command": "window", "action": "open", "seconds": 10**9},
        {"command": "window", "action": "open", "seconds": -1},
        {"command": "window", "action": "open", "seconds": True},
    ],
    ids=json.dumps,
)
def test_it_takes_neither_a_path_nor_a_command(fields: dict[str, object]) -> None:
    with pytest.raises(ControlError):
        parse_request(json.dumps(fields).encode() + b"\n")


def test_nothing_listens_for_http() -> None:
    for module in PACKAGE.rglob("*.py"):
        names = {
            name
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in [*(alias.name for alias in node.names), getattr(node, "module", "") or ""]
        }
        assert not {"http.server", "socketserver", "wsgiref", "xmlrpc.server"} & names, module
