"""Who may control the service."""

from __future__ import annotations

import os
import socket

import pytest

from pnp_responder.service.control_peer import UNMAPPED, Peer, may_control, read_peer

OWN_UID, OWN_GROUP = 990, 991


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
