"""The rules file while the service runs: read when it changes or on request; the last good one serves."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pnp_responder.errors import ProblemsFound
from pnp_responder.service.daemon_thread import hard_work_beside_the_loop, in_daemon_thread
from pnp_responder.service.file_watch import FileWatch

C = TypeVar("C")
T = TypeVar("T")
C_contra = TypeVar("C_contra", contravariant=True)

# An editor writes in several steps. After so long without a change the file is read, in seconds;
QUIET = 0.15
# but a file that never rests is read after this.
LONGEST_UNREST = 2.0
# A file that changes under each reading is taken as it was last; the next change brings the next reading.
LOAD_TRIES = 5
# The digest reads no more than the loader would.
MOST_OCTETS = 16 * 1024 * 1024 + 1
PIECE = 256 * 1024


class ReloadListener(Protocol[C_contra]):
    """Is told how a reload goes. All calls come from the loop."""

    def reload_began(self) -> None:
        """The file is about to be read."""

    def rules_taken(self, configuration: C_contra) -> None:
        """The file is good."""

    def rules_refused(self, problems: ProblemsFound) -> None:
        """The file is bad. Comes once for the same content, or whenever somebody asked."""


class RulesFile(Generic[C]):
    """`path`, as `load` reads it. `load` raises ProblemsFound for a bad file."""

    def __init__(self, path: Path, load: Callable[[Path], C]) -> None:
        self.path = path
        self._load = load
        self._seen = ""
        self._wake = asyncio.Event()
        self._asked = False
        self._waiting: list[asyncio.Future[C | ProblemsFound]] = []

    def load_first(self) -> C:
        """Read it before the service starts. Raises ProblemsFound."""
        self._seen, result = self._load_settled()
        if isinstance(result, ProblemsFound):
            raise result
        return result

    def ask(self) -> None:
        """Read the file again soon, changed or not. A hundred wishes at once are one."""
        self._asked = True
        self._wake.set()

    async def read_again(self) -> C | ProblemsFound:
        """Ask, and wait for the end of a reading that began after this. The listener is told first."""
        done: asyncio.Future[C | ProblemsFound] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self.ask()
        return await done

    async def follow(self, listener: ReloadListener[C]) -> None:
        """Tell `listener` of each new content, until cancelled."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody listens
                loop.call_soon_threadsafe(self._wake.set)

        watch = FileWatch(self.path, changed)
        try:
            # It may have changed between the first reading and the watch.
            self._wake.set()
            while True:
                await self._wake.wait()
                await self._settle()
                asked, self._asked = self._asked, False
                if asked or await in_daemon_thread(lambda: content_digest(self.path)) != self._seen:
                    await self._reload(listener)
        finally:
            watch.stop()

    async def _settle(self) -> None:
        """Until nothing has happened for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_UNREST):
                while self._wake.is_set():
                    self._wake.clear()
                    await asyncio.sleep(QUIET)
        self._wake.clear()

    async def _reload(self, listener: ReloadListener[C]) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            listener.reload_began()
            with hard_work_beside_the_loop():
                result = await self._read()
                if isinstance(result, ProblemsFound):
                    listener.rules_refused(result)
                else:
                    listener.rules_taken(result)
        except Exception as error:  # ours: whoever follows tells it
            for done in _still_waiting(waiting):
                done.set_exception(error)
            raise
        for done in _still_waiting(waiting):
            done.set_result(result)

    async def _read(self) -> C | ProblemsFound:
        try:
            self._seen, result = await in_daemon_thread(self._load_settled)
        except MemoryError:
            self._seen = "too large"
            return ProblemsFound("there is not enough memory for so large a file")
        return result

    def _load_settled(self) -> tuple[str, C | ProblemsFound]:
        """Digest and configuration, or problems, of the same content: if it changed on the way, once more."""
        result: C | ProblemsFound
        for _ in range(LOAD_TRIES):
            digest = content_digest(self.path)
            try:
                result = self._load(self.path)
            except ProblemsFound as problems:
                result = problems
            if content_digest(self.path) == digest:
                return digest, result
        return "restless", result


def _still_waiting(futures: list[asyncio.Future[T]]) -> list[asyncio.Future[T]]:
    """Who asked may be gone."""
    return [future for future in futures if not future.done()]


def content_digest(path: Path) -> str:
    """Tells one content of the file from another; no file, and one that can't be read, are contents too."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return "no regular file"
            digest = hashlib.sha256()
            left = MOST_OCTETS
            while left > 0 and (piece := file.read(min(left, PIECE))):
                digest.update(piece)
                left -= len(piece)
            return digest.hexdigest()
    except OSError as error:
        return f"unreadable: {error.errno}"
