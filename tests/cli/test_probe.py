"""`probe` as a shell sees it; what it finds on a real link is in `tests/outside`."""

from __future__ import annotations

import json

import pytest

from pnp_responder.cli.probe_view import View
from pnp_responder.datagram import SocketAddress
from pnp_responder.mac import Mac
from pnp_responder.probe.prober import Answer
from pnp_responder.service.probing import Probed

from .program import call, free_port

GROUP = SocketAddress("224.0.1.75", 5060)
MAC = Mac.parse("02504e500001")
HOST = SocketAddress("192.0.2.1", 40_000)
RIVAL = Answer(SocketAddress("192.0.2.10", 5060), 0.0012, 200, "http://user:secret@192.0.2.10/\x1b[31m.cfg")
SILENT = Answer(SocketAddress("192.0.2.1", 5070), 0.25, None, None)
EMPTY = Answer(SocketAddress("192.0.2.20", 5060), 0.5, 403, "")


def view(*, show_secrets: bool = False) -> View:
    return View(GROUP, ["192.0.2.1"], ["pnp-responder (pid 42) on 224.0.1.75:5060"], show_secrets)


def test_nobody_is_exit_code_0() -> None:
    done = call("probe", "--interface", "lo", "--timeout", "0.2", "--port", str(free_port()))
    assert done.returncode == 0
    assert "lo, asked from 127.0.0.1 as 02:50:4e:50:" in done.stdout
    assert "No other server answers phones here." in done.stdout
    assert done.stderr == ""


def test_json() -> None:
    done = call("probe", "--json", "--interface", "lo", "--timeout", "0.2", "--port", str(free_port()))
    shown = json.loads(done.stdout)
    assert [(i["name"], i["servers"]) for i in shown["interfaces"]] == [("lo", [])]
    assert shown["listeners"] == []


@pytest.mark.parametrize(
    "arguments", [("--timeout", "0"), ("--timeout", "soon"), ("--port", "70000"), ("eth1",)]
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert call("probe", *arguments).returncode == 64


def test_a_phone_that_nobody_knows_is_wrong_usage_and_the_known_are_named() -> None:
    done = call("probe", "--like", "nosuch")
    assert done.returncode == 64
    assert "yealink" in done.stderr


def test_without_an_interface_it_is_69() -> None:
    done = call("probe", "--interface", "nosuch0")
    assert done.returncode == 69
    assert "nosuch0: there is no such interface" in done.stderr


def test_what_a_stranger_says_is_masked_and_escaped() -> None:
    lines = list(view().lines([Probed("eth1", HOST, MAC, (RIVAL, SILENT, EMPTY))]))
    assert lines[0] == "eth1, asked from 192.0.2.1 as 02:50:4e:50:00:01:"
    assert "first  192.0.2.10:5060" in lines[2]
    assert "http://user:***@192.0.2.10/" in lines[2]
    assert "192.0.2.1:5070 (this host)" in lines[3]
    assert lines[3].endswith("- (no NOTIFY came)")
    assert lines[4].endswith("- (the NOTIFY has none)")
    text = "\n".join(lines)
    assert "\x1b" not in text
    assert "on eth1 that of 192.0.2.10" in text
    assert "pnp-responder (pid 42)" in text


def test_secrets_are_shown_where_asked_for() -> None:
    (interface,) = view(show_secrets=True).as_json([Probed("eth1", HOST, MAC, (RIVAL,))])["interfaces"]
    assert interface["servers"][0]["url"] == RIVAL.url
    (interface,) = view().as_json([Probed("eth1", HOST, MAC, (RIVAL,))])["interfaces"]
    assert "secret" not in interface["servers"][0]["url"]
