"""The program as a process of its own, as a shell starts it."""

from __future__ import annotations

import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from tests import warm

T = TypeVar("T")

PROGRAM = (sys.executable, "-m", "pnp_responder")
PATIENCE = 15.0
# A service or a client of a test goes where the test says, not where the user's own service is.
_ELSEWHERE = ("XDG_RUNTIME_DIR", "RUNTIME_DIRECTORY")
_OURS = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}


def call(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end; it need not start (see `warm`)."""
    return warm.call(*arguments, timeout=PATIENCE, cwd=cwd, env={**_OURS, **environment})


def side_by_side(*calls: Callable[[], T]) -> list[T]:
    """What these calls return. They are made at the same time: most of what they take is waiting."""
    with ThreadPoolExecutor(6) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


# Below those that the kernel gives to sockets that ask for any, so that none of them is quicker.
_FIRST, _MANY = 20_000, 12_000
_numbers = itertools.count(os.getpid() * 64)


def free_port() -> int:
    """A UDP port of the loopback that nobody has, and nobody else is given."""
    while True:
        port = _FIRST + next(_numbers) % _MANY
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Running:
    """`pnp-responder run` on the loopback, with systemd's socket and the log in `folder`."""

    def __init__(self, folder: Path, rules: Path, *arguments: str, **environment: str) -> None:
        self.log_path = folder / "log"
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(folder / "notify"))
        self.states: list[str] = []
        self.port, self.reply_port = free_port(), free_port()
        ports = ("--port", str(self.port), "--reply-port", str(self.reply_port))
        variables = {"NOTIFY_SOCKET": str(folder / "notify"), **environment}
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, "run", "--rules", str(rules), *ports, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={**_OURS, **variables},
            )

    def hear(self, wanted: str) -> str:
        """The next state that begins with `wanted`, which systemd was told."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if select.select([self._notify], [], [], 0.05)[0]:
                state = self._notify.recv(4096).decode()
                self.states.append(state)
                if state.startswith(wanted):
                    return state
            elif self.process.poll() is not None:
                break
        raise AssertionError(f"no {wanted}; states: {self.states}; log: {self.log_path.read_text()}")

    def entries(self, event: str) -> list[dict[str, Any]]:
        """The entries of the log under this name."""
        lines = self.log_path.read_text().split("\n")[:-1]
        return [entry for line in lines if (entry := json.loads(line))["event"] == event]

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.log_path.read_text()
            time.sleep(0.01)

    def logs(self, event: str) -> dict[str, Any]:
        """The first entry under this name, as soon as it is there."""
        self.until(lambda: self.entries(event))
        return self.entries(event)[0]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._notify.close()


@contextmanager
def running(folder: Path, rules: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    it = Running(folder, rules, *arguments, **environment)
    try:
        yield it
    finally:
        it.close()
