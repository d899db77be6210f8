"""The kernel's table of group memberships."""

from __future__ import annotations

import sys

import pytest

from pnp_responder.net.memberships import group_members, members_of

from .loopback import LOOPBACK, opened

ROWS = """\
1	lo        :     1      V3
				010000E0     1 0:00000000		0
12	eth1      :     2      V3
				4B0100E0     1 0:00000000		0
				010000E0     1 0:00000000		0
13	eth2      :     1      V2
				4B0100E0     2 1:0000FFFF		1
"""


@pytest.mark.skipif(sys.byteorder == "big", reason="the rows are those of a little-endian machine")
def test_reads_which_interfaces_are_in_the_group() -> None:
    rows = ROWS.split("\n")
    assert members_of("224.0.1.75", rows) == {12, 13}
    assert members_of("224.0.0.1", rows) == {1, 12}
    assert members_of("224.0.1.76", rows) == frozenset()


def test_sees_our_own_membership() -> None:
    with opened() as it:
        members = group_members(it.group.host)
        assert members is not None
        assert LOOPBACK.index in members
