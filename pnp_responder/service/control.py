"""What a running service does for those who ask at its control socket."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, assert_never

from pnp_responder.service.control_listener import ControlUnavailable
from pnp_responder.service.control_peer import Peer, may_control
from pnp_responder.service.control_protocol import (
    CloseWindow,
    ControlError,
    OpenWindow,
    ReloadAsked,
    Request,
    StatusAsked,
    WindowAsked,
)
from pnp_responder.service.control_socket import ControlSocket
from pnp_responder.service.journal import Journal
from pnp_responder.service.reloads import MOST_PROBLEMS_TOLD, Reload
from pnp_responder.service.report import Report, rfc3339
from pnp_responder.service.status import Status
from pnp_responder.service.window import Window, window_clock

# Less than the client waits, which is less than systemd waits for ExecReload.
RELOAD_PATIENCE = 60.0
# Of so many users it is told that they may not ask.
MOST_REFUSED = 64


def _permits(peer: Peer) -> bool:
    return may_control(peer, os.geteuid(), os.getegid())


class Control:
    """`reload` reads the rules file again; `window` is the one that rules look at, `window_rules`
    how many do; `fault` is told of exceptions that nobody expected. `reload_patience` is in seconds."""

    def __init__(
        self,
        report: Report,
        reload: Callable[[], Awaitable[Reload]],
        window: Window,
        window_rules: Callable[[], int],
        status: Status,
        journal: Journal,
        fault: Callable[[BaseException], None],
        *,
        reload_patience: float = RELOAD_PATIENCE,
    ) -> None:
        self._report = report
        self._reload = reload
        self._reload_patience = reload_patience
        self._window = window
        self._window_rules = window_rules
        self._status = status
        self._journal = journal
        self._socket = ControlSocket(self.answer, _permits, self.refused, fault)
        self._users_refused: set[int] = set()

    async def open(self, path: Path) -> None:
        """Listen at `path`. If that cannot be, it is told, and the service serves all the same."""
        try:
            await self._socket.open(path)
        except ControlUnavailable as error:
            fields = {"path": str(path), "reason": error.reason, "remedy": error.remedy}
            self._journal.note("control_unavailable", logging.WARNING, **fields)
        else:
            self._journal.note("control_listening", path=str(path))

    def close(self) -> None:
        """The service ends, and with it an open window."""
        self._socket.close()
        if self._window.close(window_clock()):
            self._journal.note("window_closed", reason="the service ends")

    def tick(self) -> None:
        """To be called about once a second: tells of a window that has closed by itself."""
        if self._window.has_expired(window_clock()):
            self._status.window_closes = None
            self._journal.note("window_closed", reason="its time is over")

    async def answer(self, request: Request, peer: Peer) -> dict[str, Any]:
        """The answer, for JSON. Raises ControlError."""
        self.tick()
        match request:
            case StatusAsked():
                return {"status": {**self._report.as_json(time.time()), "window": self._show_window()}}
            case ReloadAsked():
                return {"reload": await self._reload_now()}
            case OpenWindow(seconds):
                self._open_window(seconds, peer)
            case CloseWindow():
                self._close_window(peer)
            case WindowAsked():
                pass
            case _:
                assert_never(request)
        return {"window": self._show_window()}

    def refused(self, peer: Peer) -> None:
        """Told once for each user, and of no more than a few users."""
        if peer.uid not in self._users_refused and len(self._users_refused) < MOST_REFUSED:
            self._users_refused.add(peer.uid)
            reason = "neither root, nor the user of the service, nor a member of its group"
            self._journal.note("control_refused", logging.WARNING, uid=peer.uid, pid=peer.pid, reason=reason)

    async def _reload_now(self) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._reload_patience):
                done = await self._reload()
        except TimeoutError:
            text = (
                f"the rules file is not read after {self._reload_patience:g} s; the log will say how it ends"
            )
            raise ControlError("failed", text) from None
        told = []
        for problem in done.problems[:MOST_PROBLEMS_TOLD]:
            told.append({"text": str(problem), "shown": problem.render()})
            await asyncio.sleep(0)  # phones are answered between two of them, which may take 10 ms each
        return {
            "file": self._report.file,
            "good": done.good,
            "rules_before": done.before,
            "rules": done.after,
            "restart_needed": done.restart_needed,
            "problems": told,
            "unlisted": len(done.problems) - len(told),
        }

    def _open_window(self, seconds: int, peer: Peer) -> None:
        self._window.open(seconds, window_clock())
        closes = time.time() + seconds
        self._status.window_closes = closes
        self._journal.note(
            "window_opened", seconds=seconds, closes=rfc3339(closes), uid=peer.uid, pid=peer.pid
        )

    def _close_window(self, peer: Peer) -> None:
        if self._window.close(window_clock()):
            self._journal.note("window_closed", reason="by hand", uid=peer.uid, pid=peer.pid)
        self._status.window_closes = None

    def _show_window(self) -> dict[str, Any]:
        now = window_clock()
        if self._window.closes_at is None or not self._window.is_open(now):
            state: dict[str, Any] = {"open": False, "closes": None, "seconds_left": 0}
        else:
            left = self._window.closes_at - now
            state = {"open": True, "closes": rfc3339(time.time() + left), "seconds_left": round(left)}
        return {**state, "rules": self._window_rules()}
