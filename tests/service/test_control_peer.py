"""Who may control the service."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pnp_responder.service.control_peer import UNMAPPED, Peer, may_control, read_peer
from tests.users import can_be

OWN_UID, OWN_GROUP = 990, 991
STRANGER = 54_321

# Looks at four who connect, from a user namespace of its own.
SERVICE = f"""
import ctypes, socket, sys
from pnp_responder.service.control_peer import may_control, read_peer
listener = socket.socket(fileno=int(sys.argv[1]))
listener.settimeout(10)
if ctypes.CDLL(None, use_errno=True).unshare(0x10000000):  # CLONE_NEWUSER
    sys.exit("no user namespace")
print("alone", flush=True)
sys.stdin.readline()
for _ in range(4):
    peer = read_peer(listener.accept()[0])
    print(peer.uid, *sorted(peer.groups), may_control(peer, {OWN_UID}, {OWN_GROUP}))
"""
CLIENT = """
import os, socket, sys
user, *groups = map(int, sys.argv[2:])
client = socket.socket(socket.AF_UNIX)
os.setgroups(groups)
os.setresgid(user, user, user)
os.setresuid(user, user, user)
client.connect("\\0" + sys.argv[1])
client.recv(1)
"""


@pytest.mark.parametrize(
    ("uid", "groups", "may"),
    [
        (0, {0}, True),
        (0, set(), True),
        (OWN_UID, {5}, True),
        (1000, {OWN_GROUP}, True),
        (1000, {1000, 4, OWN_GROUP}, True),
        (1000, {1000}, False),
        (1000, {0}, False),
        (1000, {OWN_UID}, False),
        (OWN_GROUP, {1000}, False),
        (UNMAPPED, {UNMAPPED}, False),
    ],
)
def test_root_the_user_of_the_service_and_its_group(uid: int, groups: set[int], may: bool) -> None:
    assert may_control(Peer(1, uid, frozenset(groups)), OWN_UID, OWN_GROUP) is may


@pytest.mark.parametrize("uid", [UNMAPPED, 1000])
def test_where_the_service_is_nobody_nobody_else_is_it(uid: int) -> None:
    """In a user namespace everybody who is not mapped looks like nobody."""
    assert not may_control(Peer(1, uid, frozenset({UNMAPPED})), UNMAPPED, UNMAPPED)
    assert may_control(Peer(1, 0, frozenset({0})), UNMAPPED, UNMAPPED)


def test_the_kernel_tells_who_it_is() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        peer = read_peer(one)
    assert (peer.pid, peer.uid) == (os.getpid(), os.geteuid())
    assert peer.groups == {os.getegid(), *os.getgroups()}


def test_of_what_is_no_unix_socket_nothing_is_believed() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stranger:
        try:
            peer = read_peer(stranger)
        except OSError:
            return
    assert not may_control(peer, OWN_UID, OWN_GROUP)


@pytest.mark.skipif(not can_be(STRANGER), reason="only root can be somebody else")
def test_as_seen_from_where_the_unit_puts_the_service() -> None:
    """PrivateUsers=yes: root and the service's user and group are themselves there, all others nobody."""
    name = f"pnp-responder-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        number = str(listener.fileno())
        service = subprocess.Popen(
            [sys.executable, "-c", SERVICE, number],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=[listener.fileno()],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    with service:
        assert service.stdin is not None
        assert service.stdout is not None
        if service.stdout.readline() != "alone\n":
            pytest.skip("no user namespaces here")
        for kind, own in (("uid_map", OWN_UID), ("gid_map", OWN_GROUP)):
            Path(f"/proc/{service.pid}/{kind}").write_text(f"0 0 1\n{own} {own} 1\n")
        service.stdin.write("\n")
        service.stdin.flush()
        for who in ((0, 0), (OWN_UID, OWN_UID), (STRANGER, STRANGER, OWN_GROUP), (STRANGER, STRANGER, 4)):
            argv = [sys.executable, "-c", CLIENT, name, *map(str, who)]
            subprocess.run(argv, timeout=10, check=True, capture_output=True)
        assert service.stdout.read().split("\n")[:-1] == [
            "0 0 True",
            f"{OWN_UID} {UNMAPPED} True",
            f"{UNMAPPED} {OWN_GROUP} {UNMAPPED} True",
            f"{UNMAPPED} {UNMAPPED} False",
        ]
