"""`phone` in one host against `run` in another, over real multicast."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

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
    words = [sys.executable, "-m", "pnp_responder", "phone", "--json", *arguments]
    done = subprocess.run(
        getattr(lan, host).command(words), capture_output=True, text=True, timeout=3 * PATIENCE, check=False
    )
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return done.returncode, told


def faults(told: dict[str, Any]) -> list[str]:
    """The items of the faults, but for an answer that came late: this machine may be busy."""
    return [fault["item"] for fault in told["faults"] if fault["item"] != "S5"]


@pytest.mark.parametrize("name", ["fanvil", "snom", "yealink", "grandstream", "audiocodes", "akuvox"])
def test_is_served_without_fault_over_multicast(lan: Lan, name: str) -> None:
    with Server(lan.server, RULES):
        code, told = play(lan, "--like", name, "--thorough")
    assert (told["outcome"], faults(told)) == ("served", [])
    assert code == (2 if told["faults"] else 0)
    assert told["server"] == f"{SERVER}:5060"
    assert told["phone"]["interface"] == "eth0"


def test_a_campus_over_multicast(lan: Lan) -> None:
    with Server(lan.server, RULES):
        code, told = play(lan, "--count", "1000", "--within", "1")
    assert (told["served"], faults(told["first"])) == (1000, [])
    assert code == (2 if told["first"]["faults"] else 0)


def test_the_own_host_is_not_served_and_that_is_said(lan: Lan) -> None:
    """The service takes a datagram from its own address for a forgery."""
    with Server(lan.server, RULES):
        code, told = play(
            lan, "--interface", "eth1", "--source-port", "5070", "--timeout", "1", host="server"
        )
    assert (code, told["outcome"]) == (1, "silence")
