"""`phone` in one host against `run` in another, over real multicast."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests import warm
from tests.cli.program import side_by_side
from tests.outside.conftest import SERVER, Lan
from tests.outside.server import PATIENCE, Server

# One address plays many phones here.
RULES = """\
service: {limits: {rate: 100000, burst: 100000}}
rules:
  - {name: folders, match: {vendor: grandstream}, url: "https://{{ local_ip }}/gs/"}
  - {name: all, url: "http://{{ local_ip }}/x.cfg"}
"""


def play(lan: Lan, *arguments: str, host: str = "phones") -> tuple[int, dict[str, Any]]:
    within = getattr(lan, host).name
    done = warm.call("phone", "--json", *arguments, host=within, timeout=3 * PATIENCE)
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return done.returncode, told


def faults(told: dict[str, Any]) -> list[str]:
    """The items of the faults, but for an answer that came late: this machine may be busy."""
    return [fault["item"] for fault in told["faults"] if fault["item"] != "S5"]


@pytest.fixture(scope="module")
def server(lan: Lan) -> Iterator[Server]:
    with Server(lan.server, RULES) as running:
        yield running


@pytest.mark.usefixtures("server")
def test_are_served_without_fault_over_multicast(lan: Lan) -> None:
    """Side by side, as on a real link. Each from its own port: tests/cli/test_phone.py."""
    names = ("fanvil", "snom", "yealink", "grandstream", "audiocodes", "akuvox")
    played = side_by_side(*(partial(play, lan, "--like", name, "--thorough") for name in names))
    for name, (code, told) in zip(names, played, strict=True):
        assert (name, told["outcome"], faults(told)) == (name, "served", [])
        assert code == (2 if told["faults"] else 0)
        assert told["server"] == f"{SERVER}:5060"
        assert told["phone"]["interface"] == "eth0"


@pytest.mark.usefixtures("server")
def test_a_campus_over_multicast(lan: Lan) -> None:
    code, told = play(lan, "--count", "1000", "--within", "1")
    assert (told["served"], faults(told["first"])) == (1000, [])
    assert code == (2 if told["first"]["faults"] else 0)


@pytest.mark.usefixtures("server")
def test_the_own_host_is_not_served_and_that_is_said(lan: Lan) -> None:
    """The service takes a datagram from its own address for a forgery."""
    code, told = play(lan, "--interface", "eth1", "--source-port", "5070", "--timeout", "1", host="server")
    assert (code, told["outcome"]) == (1, "silence")
