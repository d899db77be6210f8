"""Tells systemd how the service is (sd_notify(3)). Nothing here ever blocks or fails the service."""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

# States that must not be lost wait here while the manager's socket is full.
_MOST_WAITING = 16
_STATUS_LENGTH = 500
_STATUS = b"STATUS="


class SdNotify:
    """The manager's socket. Without `address` (`$NOTIFY_SOCKET`) every method does nothing."""

    def __init__(self, address: str = "", watchdog: float | None = None) -> None:
        self.watchdog = watchdog
        """The manager wants to hear `alive` at least this often, in seconds; None: not at all."""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._waiting: deque[bytes] = deque(maxlen=_MOST_WAITING)
        self._status = ""
        self._socket: socket.socket | None = None
        if address:
            with suppress(OSError):  # no unix sockets for us: then systemd is not told
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> SdNotify:
        """Read `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`."""
        usec = environment.get("WATCHDOG_USEC", "")
        pid = environment.get("WATCHDOG_PID", "")
        ours = pid in ("", str(os.getpid()))
        watchdog = int(usec) / 1e6 if ours and usec.isascii() and usec.isdigit() and len(usec) < 19 else 0.0
        return cls(environment.get("NOTIFY_SOCKET", ""), watchdog or None)

    def ready(self) -> None:
        """Started, or done with a reload."""
        self._send("READY=1", keep=True)

    def reloading(self) -> None:
        """A reload begins; `ready` ends it."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={microseconds}", keep=True)

    def stopping(self) -> None:
        """The end begins."""
        self._send("STOPPING=1", keep=True)

    def status(self, text: str) -> None:
        """The line that `systemctl status` shows. The same again is not sent."""
        if text != self._status:
            self._status = text
            line = "".join(c if c.isprintable() else "?" for c in text[:_STATUS_LENGTH])
            self._send(f"{_STATUS.decode()}{line}", keep=True)

    def alive(self) -> None:
        """The serving loop turns."""
        self._send("WATCHDOG=1", keep=False)

    def flush(self) -> None:
        """Try again what the manager did not take yet. To be called now and then."""
        while self._waiting and self._try(self._waiting[0]):
            self._waiting.popleft()

    def close(self) -> None:
        """Say no more."""
        self._waiting.clear()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, state: str, *, keep: bool) -> None:
        if self._socket is None:
            return
        self.flush()
        octets = state.encode("utf-8", "replace")
        if (self._waiting or not self._try(octets)) and keep:
            if octets.startswith(_STATUS):  # only the newest is of interest
                self._waiting = deque((w for w in self._waiting if not w.startswith(_STATUS)), _MOST_WAITING)
            self._waiting.append(octets)

    def _try(self, octets: bytes) -> bool:
        """Is it done with? Yes also if there is nobody who could ever take it."""
        if self._socket is None:
            return True
        try:
            self._socket.sendto(octets, socket.MSG_NOSIGNAL, self._address)
        except BlockingIOError:
            return False
        except OSError:  # no such socket, not ours to write to: there is no manager
            return True
        return True
