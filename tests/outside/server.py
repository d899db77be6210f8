"""The real program, started as an administrator starts it, in a host of the test network."""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.outside import confined
from tests.outside.namespaces import REQUIRED, Namespace

PATIENCE = 20.0
"""Seconds that anything may take on a busy machine. Nothing waits that long when all is well."""


@functools.cache
def confinement() -> list[str]:
    """The words before a program that make it run as under systemd; none where that cannot be had."""
    if confined.why_not() is not None and os.environ.get(REQUIRED) != "1":
        return []
    folder = tempfile.TemporaryDirectory(prefix="pnp-filter-")
    atexit.register(folder.cleanup)
    program = Path(folder.name) / "filter"
    confined.write_filter(program)
    return [sys.executable, confined.__file__, str(program)]


class Server:
    """`pnp-responder run` in `host`. Entering waits for READY=1; leaving ends it and what it started.

    It runs as an unprivileged user without any capability, under the unit's system call filter, unless
    `confined` is False.
    """

    PROGRAM = (sys.executable, "-m", "pnp_responder")

    def __init__(
        self, host: Namespace, rules: str, *arguments: str, wait: bool = True, confined: bool = True
    ) -> None:
        self.host = host
        self._before = confinement() if confined else []
        self.folder = Path(tempfile.mkdtemp(prefix="pnp-outside-"))
        self.rules = self.folder / "rules.yaml"
        self.rules.write_text(rules, encoding="utf-8")
        self._arguments = arguments
        self._wait = wait
        self._notices: list[str] = []
        self._log = (self.folder / "log").open("wb")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.folder / "notify"))
        # The unprivileged user reads the rules, and may write a recording.
        for path, mode in ((self.folder, 0o777), (self.rules, 0o644), (self.folder / "notify", 0o777)):
            path.chmod(mode)
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Server:
        environment = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify"), "PYTHONUNBUFFERED": "1"}
        environment["RUNTIME_DIRECTORY"] = str(self.folder)
        program = [*self.PROGRAM, "run", "--rules", str(self.rules), "--log-format", "json"]
        self.process = subprocess.Popen(
            self.host.command([*self._before, *program, *self._arguments]),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        if self._wait:
            try:
                self.wait_for_notice("READY=1")
            except BaseException:
                self.__exit__(None, None, None)
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()
        self._socket.close()
        if value is not None:
            sys.stderr.write(f"--- log of the responder\n{self.log()[-4000:]}\n")
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()

    def wait_for_notice(self, wanted: str, seconds: float = PATIENCE) -> str:
        """The first message to $NOTIFY_SOCKET, not yet waited for, with a line that begins with `wanted`."""
        deadline = time.monotonic() + seconds
        while True:
            for index, notice in enumerate(self._notices):
                if any(line.startswith(wanted) for line in notice.split("\n")):
                    del self._notices[: index + 1]
                    return notice
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log()}"
            assert time.monotonic() < deadline, f"no {wanted} within {seconds} s:\n{self.log()}"
            self._socket.settimeout(0.1)
            try:
                self._notices.append(self._socket.recv(65536).decode())
            except TimeoutError:
                continue

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def entries(self) -> Iterator[Mapping[str, Any]]:
        """The log lines of events. The last one may not be whole yet: it is left for the next look."""
        for line in self.log().split("\n")[:-1]:
            if line.startswith("{"):
                yield json.loads(line)

    def events(self, name: str) -> Iterator[Mapping[str, Any]]:
        """The log lines of one event."""
        return (entry for entry in self.entries() if entry.get("event") == name)

    def wait_for_event(self, name: str, seconds: float = PATIENCE, **fields: object) -> Mapping[str, Any]:
        """The first log line of event `name` with these fields."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for entry in self.events(name):
                if all(entry.get(key) == value for key, value in fields.items()):
                    return entry
            time.sleep(0.02)
        raise AssertionError(f"no {name} {fields} within {seconds} s:\n{self.log()[-4000:]}")

    def replace_rules(self, text: str) -> None:
        """Put a new file in the place of the old one, as editors and Ansible do."""
        fresh = self.folder / "rules.yaml.new"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.rules)

    def end(self, how: signal.Signals = signal.SIGTERM, seconds: float = PATIENCE) -> int:
        """Ask it to end; the exit code."""
        self.process.send_signal(how)
        return self.process.wait(seconds)
