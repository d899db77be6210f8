"""The control socket's file: made with its mode, taken over from the dead, never from the living."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pnp_responder.errors import PnpError

MODE = 0o660
# Connections that wait for us to look.
BACKLOG = 16
# Another instance that starts holds the folder for less than a millisecond.
_LOCK_TRIES, _LOCK_PAUSE = 50, 0.01

ANOTHER_PATH = "give this one a path of its own: --control PATH"


class ControlUnavailable(PnpError):
    """There can be no control socket; `reason` says why, `remedy` what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


class ControlListener:
    """Listens at `path`. Raises ControlUnavailable. Blocks, but for no longer than half a second."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with _locked(path.parent):
                _clear(path)
                self.socket = _listening(path)
            status = os.lstat(path)
        except OSError as error:
            raise ControlUnavailable(f"{path}: {error.strerror or error}", "see --control PATH") from None
        self._file = status.st_dev, status.st_ino

    def close(self) -> None:
        """Listen no more. The file goes too, if it is still ours."""
        self.socket.close()
        with suppress(OSError):
            status = os.lstat(self.path)
            if (status.st_dev, status.st_ino) == self._file:
                os.unlink(self.path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Of two that start at once, the second looks when the first listens already."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for tried in range(_LOCK_TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if tried + 1 == _LOCK_TRIES:
                    raise
                time.sleep(_LOCK_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _clear(path: Path) -> None:
    """Remove a file that a killed service has left."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ControlUnavailable(f"{path} is there already and no socket", ANOTHER_PATH)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except BlockingIOError:  # somebody who is too busy
            pass
    raise ControlUnavailable(f"another service listens at {path}", ANOTHER_PATH)


def _listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        # The file is made with this mode, less the umask: at no time may others connect.
        os.fchmod(listener.fileno(), MODE)
        listener.bind(os.fspath(path))
        os.chmod(path, MODE)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
