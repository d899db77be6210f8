"""From what is served to what is to be served, as a table."""

from __future__ import annotations

from ipaddress import IPv4Interface

import pytest

from pnp_responder.net.interfaces import Interface, choose_interfaces
from pnp_responder.net.link_changes import Change, Join, Leave, Step, steps_between


def link(name: str, index: int, *addresses: str, up: bool = True) -> Interface:
    return Interface(name, index, up, True, False, tuple(map(IPv4Interface, addresses)))


ETH1 = link("eth1", 2, "192.0.2.1/24")
ETH2 = link("eth2", 3, "198.51.100.1/24")
DOWN = link("eth1", 2, "192.0.2.1/24", up=False)
BARE = link("eth1", 2)
RENAMED = link("phones0", 2, "192.0.2.1/24")
MOVED = link("eth1", 2, "192.0.2.7/24")
ONE_MORE = link("eth1", 2, "192.0.2.1/24", "203.0.113.1/24")
ANEW = link("eth1", 9, "192.0.2.1/24")


@pytest.mark.parametrize(
    ("served", "host", "wanted", "lost", "steps"),
    [
        ([], [], (), (), ()),
        ([], [ETH1, ETH2], (), (), (Join(ETH1), Join(ETH2))),
        ([ETH1], [ETH1], (), (), ()),
        ([ETH1], [ETH1, ETH2], ("eth*",), (), (Join(ETH2),)),
        ([ETH1], [ETH1, ETH2], ("eth1",), (), ()),
        ([ETH1], [], (), (), (Leave(ETH1, "is gone"),)),
        ([ETH1], [DOWN], (), (), (Leave(ETH1, "is down (ip link set eth1 up)"),)),
        ([ETH1], [BARE], (), (), (Leave(ETH1, "has no IPv4 address"),)),
        ([ETH1], [MOVED], (), (), (Change(ETH1, MOVED),)),
        ([ETH1], [ONE_MORE], (), (), (Change(ETH1, ONE_MORE),)),
        ([ETH1], [RENAMED], (), (), (Change(ETH1, RENAMED),)),
        (
            [ETH1],
            [RENAMED],
            ("eth1",),
            (),
            (Leave(ETH1, "not among the interfaces asked for: eth1"),),
        ),
        (
            [ETH1],
            [ANEW],
            (),
            (),
            (Leave(ETH1, "was deleted; another of this name has come"), Join(ANEW)),
        ),
        ([ETH1], [ETH1], (), (2,), (Leave(ETH1, "was deleted; one like it has come"), Join(ETH1))),
        ([ETH1], [ETH1], (), (7,), ()),
        # What gives an address away goes before what takes it.
        (
            [ETH1],
            [BARE, link("eth2", 3, "192.0.2.1/24")],
            (),
            (),
            (Leave(ETH1, "has no IPv4 address"), Join(link("eth2", 3, "192.0.2.1/24"))),
        ),
        # Two links swap their names.
        (
            [ETH1, ETH2],
            [link("eth2", 2, "192.0.2.1/24"), link("eth1", 3, "198.51.100.1/24")],
            (),
            (),
            (
                Leave(ETH1, "is called eth2 now, and eth2 something else"),
                Leave(ETH2, "is called eth1 now, and eth1 something else"),
                Join(link("eth2", 2, "192.0.2.1/24")),
                Join(link("eth1", 3, "198.51.100.1/24")),
            ),
        ),
    ],
    ids=[
        *("nothing", "two come", "nothing new", "a glob", "a name", "gone", "down", "no address"),
        *("another address", "one more address", "another name", "a name nobody asked for"),
        *("made anew", "made anew with the same index", "another was deleted", "an address moves"),
        "names swapped",
    ],
)
def test_steps(
    served: list[Interface],
    host: list[Interface],
    wanted: tuple[str, ...],
    lost: tuple[int, ...],
    steps: tuple[Step, ...],
) -> None:
    assert steps_between(served, choose_interfaces(host, wanted), lost) == steps


def test_after_the_steps_there_is_nothing_left_to_do() -> None:
    served = [ETH1, ETH2]
    choice = choose_interfaces([MOVED, link("eth5", 12, "203.0.113.1/24")], ())
    for step in steps_between(served, choice):
        match step:
            case Leave(interface, _):
                served.remove(interface)
            case Change(old, new):
                served[served.index(old)] = new
            case Join(interface):
                served.append(interface)
    assert steps_between(served, choice) == ()
