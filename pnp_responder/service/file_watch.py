"""Notices that a file may have changed, whatever way that was done.

The file's folder is watched, not the file: editors and configuration managers put a new file in its
place, and a watch on the old one goes blind. Kubernetes swaps a symlink beside it, so the folder of
each end of the links counts. Folders that come and go, and file systems that give no notice, are
why the file is also looked at every two seconds.
"""

from __future__ import annotations

import _thread
import os
import threading
from collections.abc import Callable
from pathlib import Path

LOOK_EVERY = 2.0
# While there is no folder to watch.
LOOK_AGAIN = 0.5

_Signature = tuple[object, ...]


class FileWatch:
    """Calls `changed` from a thread of its own after each change of `path`, and now and then without one."""

    def __init__(self, path: Path, changed: Callable[[], None]) -> None:
        self._path = Path(os.path.abspath(path))
        self._changed = changed
        self._stop = threading.Event()
        # What was there before: a change between now and the thread's first look counts.
        self._seen = self._signature()
        # Not threading.Thread, whose start() waits for ever for a thread that has no memory to begin.
        _thread.start_new_thread(self._run, ())

    def stop(self) -> None:
        """End soon; does not wait."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._watch_folders()
            # A folder is gone, or there are no inotify watches left, or no memory.
            except (OSError, RuntimeError, MemoryError):
                self._look()
                self._stop.wait(LOOK_AGAIN)

    def _watch_folders(self) -> None:
        """Until a folder is another one, or none."""
        from watchfiles import watch  # takes 50 ms to import

        folders = self._folders()
        if not folders:
            raise FileNotFoundError(self._path.parent)
        watched = watch(
            *folders,
            watch_filter=None,
            debounce=50,
            step=10,
            stop_event=self._stop,
            rust_timeout=int(LOOK_EVERY * 1000),
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
        )
        self._look()
        for _ in watched:
            self._look()
            if self._folders() != folders:
                return

    def _look(self) -> None:
        signature = self._signature()
        if signature != self._seen:
            self._seen = signature
            self._changed()

    def _folders(self) -> dict[str, tuple[int, int]]:
        """The folders to watch, each with what tells it from another one of the same name."""
        wanted = [self._path.parent, Path(os.path.realpath(self._path.parent))]
        wanted.append(Path(os.path.realpath(self._path)).parent)
        found = {}
        for folder in wanted:
            try:
                status = os.stat(folder)
            except OSError:
                continue
            found[str(folder)] = status.st_dev, status.st_ino
        return found

    def _signature(self) -> _Signature:
        real = os.path.realpath(self._path)
        try:
            status = os.stat(real)
        except OSError as error:
            return real, error.errno
        return real, status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size
