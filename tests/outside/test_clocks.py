"""Clocks that jump, that begin somewhere else, that go on while the service does not."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.outside import wall_clock
from tests.outside.conftest import PHONE, Lan
from tests.outside.phone import Arrival, Phone, plain_subscribe
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server
from tests.outside.site import ask_until_served, is_unserved
from tests.outside.test_control import client
from tests.outside.wall_clock import WallClock

ALONE = ("--interface", "eth1")
DAY = 86_400
# How late a datagram may come on a busy machine, in seconds.
LATE = 0.4


@pytest.fixture
def phone(lan: Lan) -> Iterator[Phone]:
    with Phone(lan.phones, PHONE) as made:
        yield made


@pytest.fixture
def clock(lan: Lan) -> Iterator[WallClock]:
    """`lan`: where there are no namespaces, there is nothing to compile for."""
    reason = wall_clock.why_not()
    if reason is not None:
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="pnp-clock-") as folder:
        Path(folder).chmod(0o755)  # the service's user reads it
        library = Path(folder) / "wall_clock.so"
        wall_clock.build(library)
        made = WallClock(library, Path(folder) / "setting")
        yield made
        made.close()


class Wrapped(Server):
    """The program behind other words."""

    def __init__(self, lan: Lan, before: list[str], rules: str = "") -> None:
        super().__init__(lan.server, rules or rules_text(), *ALONE)
        self._before = [*before, *self._before]


def unanswered(phone: Phone, name: str) -> tuple[bytes, Arrival, Arrival]:
    """Ask, and leave the NOTIFY without an answer: the question, the 200 and the first NOTIFY."""
    octets = plain_subscribe(PHONE, 5060, "02cc00000001", f"{name}@phone")
    phone.answers = False
    phone.send(octets)
    response, notify = phone.hear(2.0), phone.hear(2.0)
    assert response is not None
    assert notify is not None
    return octets, response, notify


def next_notify(phone: Phone) -> Arrival:
    arrival = phone.hear(3.0)
    assert arrival is not None
    assert arrival.message.method == "NOTIFY"
    return arrival


def test_the_wall_clock_jumps_a_day_ahead_and_back(lan: Lan, phone: Phone, clock: WallClock) -> None:
    """Timers do not heed it (RFC 3261 17.1.2.2: 0.5 s, then 1 s); what is told bears the time of the day."""
    with Wrapped(lan, clock.before) as server:
        octets, response, first = unanswered(phone, "jump")
        clock.jump_to(DAY)
        second = next_notify(phone)
        clock.jump_to(-DAY)
        # The question once more: the same 200, and no second NOTIFY.
        phone.send(octets)
        again = phone.hear(1.0)
        assert again is not None
        assert again.octets == response.octets
        phone.answers = True
        third = next_notify(phone)
        assert first.octets == second.octets == third.octets
        assert second.at - first.at == pytest.approx(0.5, abs=LATE)
        assert third.at - second.at == pytest.approx(1.0, abs=LATE)
        for days in (0, 2, -2, 0):
            clock.jump_to(days * DAY)
            _, notify, _ = ask_until_served(phone)
            mac = notify.message.body.partition(b"mac=")[2][:12].decode()
            told = server.wait_for_event("enrollment_offered", mac=mac)["timestamp"]
            ahead = datetime.fromisoformat(str(told)) - datetime.now(UTC)
            assert ahead.total_seconds() == pytest.approx(days * DAY, abs=5)
        assert not list(server.events("internal_error"))


def test_the_wall_clock_neither_closes_nor_holds_open_the_window(
    lan: Lan, phone: Phone, clock: WallClock
) -> None:
    rules = rules_text().replace("    url:", "    window: true\n    url:")
    with Wrapped(lan, clock.before, rules) as server:
        assert is_unserved(phone)
        assert client(server, "window", "open", "2s").returncode == 0
        began = time.monotonic()
        for days in (1, -1):
            clock.jump_to(days * DAY)
            ask_until_served(phone)
        closed = server.wait_for_event("window_closed", 2.0 + 2.0)
        assert time.monotonic() - began > 1.0
        assert closed["reason"] == "its time is over"
        assert is_unserved(phone)


@pytest.mark.parametrize("seconds", [-1, 100 * 365 * DAY], ids=["just started", "up for 100 years"])
def test_monotonic_time_begins_elsewhere(lan: Lan, phone: Phone, seconds: int) -> None:
    """As in a container that was moved, or on a host that has just come up (its clock begins at 0)."""
    now = time.clock_gettime(time.CLOCK_MONOTONIC)
    if seconds < 0:
        seconds = 5 - int(now)
    elsewhere = ["unshare", "--time", f"--monotonic={seconds}", f"--boottime={seconds}"]
    asked = [*elsewhere, sys.executable, "-c", "import time; print(time.monotonic())"]
    tried = subprocess.run(asked, capture_output=True, text=True, check=False)
    # Before Linux 6.3 a program does not enter the new namespace by itself.
    if tried.returncode or float(tried.stdout) - now != pytest.approx(seconds, abs=5):
        pytest.skip(f"no time namespaces here: {tried.stdout}{tried.stderr}")
    with Wrapped(lan, elsewhere) as server:
        _, _, first = unanswered(phone, f"elsewhere-{seconds}")
        assert next_notify(phone).at - first.at == pytest.approx(0.5, abs=LATE)
        phone.answers = True
        ask_until_served(phone)
        assert not list(server.events("internal_error"))


def test_time_goes_on_while_the_service_does_not(lan: Lan, phone: Phone) -> None:
    """A host that sleeps, a virtual machine that stands still: what is overdue is sent once, not as often
    as it would have been."""
    with Server(lan.server, rules_text(), *ALONE) as server:
        _, _, first = unanswered(phone, "asleep")
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(1.7)  # the second and third sending fall due
        server.process.send_signal(signal.SIGCONT)
        second = next_notify(phone)
        assert second.octets == first.octets
        assert second.at - first.at == pytest.approx(1.7, abs=LATE)
        assert phone.hear(0.5) is None
        phone.answers = True
        ask_until_served(phone)
