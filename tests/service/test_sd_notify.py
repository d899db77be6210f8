"""What systemd is told, over a real socket of ours in its place."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pnp_responder.service.sd_notify import SdNotify


class Manager:
    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(address)

    def heard(self) -> list[str]:
        states = []
        while True:
            try:
                states.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return states


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.socket.close()


@pytest.fixture
def notify(manager: Manager) -> Iterator[SdNotify]:
    notify = SdNotify(manager.socket.getsockname())
    yield notify
    notify.close()


def test_each_state(manager: Manager, notify: SdNotify) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    notify.ready()
    notify.status("serving eth1")
    notify.alive()
    notify.reloading()
    notify.stopping()
    ready, status, alive, reloading, stopping = manager.heard()
    assert (ready, status, alive, stopping) == ("READY=1", "STATUS=serving eth1", "WATCHDOG=1", "STOPPING=1")
    first, _, second = reloading.partition("\n")
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= before + 60_000_000


def test_the_same_status_is_told_once(manager: Manager, notify: SdNotify) -> None:
    for text in ("a", "a", "b", "a"):
        notify.status(text)
    assert manager.heard() == ["STATUS=a", "STATUS=b", "STATUS=a"]


def test_a_status_is_one_line_whatever_is_in_it(manager: Manager, notify: SdNotify) -> None:
    notify.status("bad file\nREADY=1\x1b" + "x" * 10_000)
    (status,) = manager.heard()
    assert status.startswith("STATUS=bad file?READY=1?xxx")
    assert len(status) < 600


def test_an_abstract_address() -> None:
    name = f"pnp-responder-test-{os.getpid()}"
    manager = Manager(f"\0{name}")
    notify = SdNotify(f"@{name}")
    notify.ready()
    assert manager.heard() == ["READY=1"]
    notify.close()
    manager.socket.close()


def test_a_stuck_manager_blocks_nothing_and_hears_what_matters_later(
    manager: Manager, notify: SdNotify
) -> None:
    for _ in range(10_000):  # far more than a socket holds
        notify.alive()
    notify.ready()
    heard = manager.heard()
    assert set(heard) == {"WATCHDOG=1"}
    assert len(heard) < 10_000
    notify.flush()
    assert manager.heard() == ["READY=1"]


def test_what_waits_is_bounded_and_keeps_its_order(manager: Manager, notify: SdNotify) -> None:
    for _ in range(10_000):
        notify.alive()
    notify.reloading()
    for number in range(1_000):
        notify.status(str(number))
    notify.ready()
    manager.heard()
    notify.flush()
    states = [state.split("\n")[0] for state in manager.heard()]
    assert states == ["RELOADING=1", "STATUS=999", "READY=1"]


@pytest.mark.parametrize("address", ["", "/nonexistent/notify", "@nobody-listens-here", "x" * 300])
def test_without_a_manager_nothing_happens(address: str) -> None:
    notify = SdNotify(address)
    notify.ready()
    notify.status("fine")
    notify.flush()
    notify.close()
    notify.ready()


@pytest.mark.parametrize(
    ("environment", "watchdog"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_watchdog_of_the_environment(environment: dict[str, str], watchdog: float | None) -> None:
    notify = SdNotify.from_environment(environment)
    assert notify.watchdog == watchdog
    notify.close()
