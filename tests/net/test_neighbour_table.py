"""What the kernel's answers mean; that it gives them is seen between namespaces."""

from __future__ import annotations

import errno
import socket
import struct

import pytest

from pnp_responder.circumstances import Neighbour, NeighbourState
from pnp_responder.mac import Mac
from pnp_responder.net.neighbour_table import NeighbourTable, question, read_answer

MAC = Mac.parse("02aa55000001")

# Taken from Linux 6.18: the entry of 192.0.2.1 on the interface 4, stale.
ANSWER = bytes.fromhex(
    "4c0000001c000000010000006c50000002000000040000000400000108000100c00002010a00020002aa55000001"
    "0000080004000100000014000300c5120000c5120000c502000001000000"
)


def answer(state: int, link_address: bytes = bytes.fromhex(MAC)) -> bytes:
    attributes = struct.pack("=HH4s", 8, 1, socket.inet_aton("192.0.2.1"))
    attributes += struct.pack("=HH", 4 + len(link_address), 2) + link_address
    body = struct.pack("=BxxxiHBB", socket.AF_INET, 4, state, 0, 1) + attributes
    return struct.pack("=IHHII", 16 + len(body), 28, 0, 1, 0) + body


def test_an_answer_as_the_kernel_gives_it() -> None:
    assert read_answer(ANSWER) == Neighbour(NeighbourState.UNCONFIRMED, MAC)


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (0x00, Neighbour(NeighbourState.MISSING)),
        (0x01, Neighbour(NeighbourState.MISSING)),  # incomplete
        (0x02, Neighbour(NeighbourState.CONFIRMED, MAC)),  # reachable
        (0x04, Neighbour(NeighbourState.UNCONFIRMED, MAC)),  # stale
        (0x08, Neighbour(NeighbourState.UNCONFIRMED, MAC)),  # delay
        (0x10, Neighbour(NeighbourState.UNCONFIRMED, MAC)),  # probe
        (0x20, Neighbour(NeighbourState.MISSING)),  # failed, and still with its old MAC
        (0x40, Neighbour(NeighbourState.NEVER)),  # no ARP on that link
        (0x80, Neighbour(NeighbourState.CONFIRMED, MAC)),  # permanent
    ],
)
def test_states(state: int, found: Neighbour) -> None:
    assert read_answer(answer(state)) == found


@pytest.mark.parametrize("link_address", [b"", b"\2\0\0\0\0", bytes(8)])
def test_what_is_no_mac_is_none(link_address: bytes) -> None:
    assert read_answer(answer(0x02, link_address)) == Neighbour(NeighbourState.MISSING)


def test_no_entry_and_a_refusal() -> None:
    def refusal(number: int) -> bytes:
        return struct.pack("=IHHIIi", 36, 2, 0, 1, 0, -number) + bytes(16)

    assert read_answer(refusal(errno.ENOENT)) == Neighbour(NeighbourState.MISSING)
    with pytest.raises(OSError, match="RTM_GETNEIGH"):
        read_answer(refusal(errno.EOPNOTSUPP))


def test_the_question_is_what_the_kernel_takes() -> None:
    asked = question(socket.inet_aton("192.0.2.1"), 4, 7)
    assert struct.unpack_from("=IHHII", asked) == (len(asked), 30, 1, 7, 0)
    assert asked[16:] == bytes.fromhex("02000000 04000000 00000000 0800 0100 c0000201")


def test_what_the_table_does_not_have_is_missing() -> None:
    table = NeighbourTable()
    loopback = socket.if_nametoindex("lo")
    assert table.look_up("192.0.2.77", loopback) == Neighbour(NeighbourState.MISSING)
    assert table.look_up("192.0.2.78", loopback) == Neighbour(NeighbourState.MISSING)
    # No interface has this number: the kernel refuses, and nobody is believed.
    assert table.look_up("192.0.2.77", 2**30) == Neighbour(NeighbourState.MISSING)
    table.close()
    table.close()
