"""The control socket under good, slow, wrong and too many clients. Real unix sockets."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pnp_responder import __version__
from pnp_responder.service.control_listener import ControlUnavailable
from pnp_responder.service.control_peer import Peer
from pnp_responder.service.control_protocol import (
    MOST_REQUEST,
    ControlError,
    OpenWindow,
    ReloadAsked,
    Request,
    StatusAsked,
    form_request,
)
from pnp_responder.service.control_socket import MOST_CLIENTS, ControlSocket

PATIENCE = 0.2
STATUS = form_request(StatusAsked())


class Served:
    """A control socket whose service answers with the request, waits for `go_on` if it is a reload, and fails
    if it is to open a window."""

    def __init__(self) -> None:
        self.asked: list[tuple[Request, Peer]] = []
        self.refused: list[Peer] = []
        self.faults: list[BaseException] = []
        self.go_on = asyncio.Event()
        self.octets = 0
        self.permits = True
        self.socket = ControlSocket(
            self._answer, lambda _: self.permits, self.refused.append, self.faults.append, patience=PATIENCE
        )

    async def _answer(self, request: Request, peer: Peer) -> dict[str, Any]:
        self.asked.append((request, peer))
        if isinstance(request, ReloadAsked):
            await self.go_on.wait()
        if isinstance(request, OpenWindow):
            if request.seconds == 1:
                raise ControlError("failed", "not now")
            raise ZeroDivisionError
        return {"status": "x" * self.octets}


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[Served]:
    it = Served()
    await it.socket.open(path)
    try:
        yield it
    finally:
        it.socket.close()


async def ask(path: Path, octets: bytes = STATUS) -> Any:
    """The answer to `octets`; None for a connection that ends without one."""
    reader, writer = await asyncio.open_unix_connection(path, limit=2**24)
    try:
        writer.write(octets)
        async with asyncio.timeout(5):
            line = await reader.readline()
    except ConnectionError:
        line = b""
    finally:
        writer.transport.abort()
    return json.loads(line) if line else None


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Callable[[Path, Served], Awaitable[None]]], None]:
    """Runs a test with a socket that is served."""

    def run(test: Callable[[Path, Served], Awaitable[None]]) -> None:
        async def main() -> None:
            async with served(tmp_path / "control") as it:
                await test(tmp_path / "control", it)
            await asyncio.sleep(0)
            assert len(asyncio.all_tasks()) == 1
            assert not (tmp_path / "control").exists()

        asyncio.run(main())

    return run


Run = Callable[[Callable[[Path, Served], Awaitable[None]]], None]


def test_one_request_one_answer_and_who_asked(run: Run) -> None:
    async def test(path: Path, it: Served) -> None:
        assert await ask(path) == {"ok": True, "program": __version__, "status": ""}
        ((request, peer),) = it.asked
        assert request == StatusAsked()
        assert (peer.pid, peer.uid) == (os.getpid(), os.geteuid())
        assert (it.refused, it.faults) == ([], [])

    run(test)


def test_a_request_without_a_line_end_counts_when_the_client_says_no_more(run: Run) -> None:
    async def test(path: Path, it: Served) -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(STATUS.strip())
        writer.write_eof()
        assert json.loads(await reader.readline())["ok"]
        assert await reader.read() == b""
        writer.close()

    run(test)


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (b"\n", "request"),
        (b'{"command": "stop"}\n', "request"),
        (b"x" * (MOST_REQUEST + 10) + b"\n", "request"),
        (b"x" * (MOST_REQUEST * 20), "request"),
        (form_request(OpenWindow(1)), "failed"),
        (form_request(OpenWindow(2)), "failed"),
    ],
)
def test_what_cannot_be_answered_is_said(run: Run, octets: bytes, kind: str) -> None:
    async def test(path: Path, it: Served) -> None:
        answer = await ask(path, octets)
        assert (answer["ok"], answer["kind"]) == (False, kind)
        assert await ask(path)

    run(test)


def test_a_fault_of_ours_is_told_and_not_shown(run: Run) -> None:
    async def test(path: Path, it: Served) -> None:
        answer = await ask(path, form_request(OpenWindow(2)))
        assert answer["error"] == "internal error; the log of the service has more"
        assert [type(fault) for fault in it.faults] == [ZeroDivisionError]

    run(test)


def test_a_client_that_hangs_is_left(run: Run) -> None:
    async def test(path: Path, it: Served) -> None:
        began = time.monotonic()
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b'{"comm')
        assert await reader.read() == b""
        assert time.monotonic() - began < 10 * PATIENCE
        writer.close()

    run(test)


def test_clients_that_hang_give_way_the_oldest_first(run: Run) -> None:
    async def test(path: Path, it: Served) -> None:
        hanging = [await asyncio.open_unix_connection(path) for _ in range(MOST_CLIENTS)]
        assert await ask(path)
        assert b'"kind": "busy"' in await asyncio.wait_for(hanging[0][0].readline(), 0.5 * PATIENCE)
        assert await hanging[0][0].read() == b""
        hanging[1][1].write(STATUS)
        assert json.loads(await hanging[1][0].readline())["ok"]
        more = [await asyncio.open_unix_connection(path) for _ in range(5 * MOST_CLIENTS)]
        assert await ask(path)
        for _, writer in (*hanging, *more):
            writer.close()

    run(test)


def test_many_at_once_are_answered_or_told_to_come_again(run: Run) -> None:
    async def test(path: Path, it: Served) -> None:
        answers = await asyncio.gather(*(ask(path) for _ in range(2 * MOST_CLIENTS)))
        assert {answer["ok"] or answer["kind"] for answer in answers} <= {True, "busy"}
        assert len(it.asked) == sum(answer["ok"] for answer in answers) >= MOST_CLIENTS

    run(test)


def test_one_that_does_not_take_its_answer_is_left(run: Run) -> None:
    async def test(path: Path, it: Served) -> None:
        it.octets = 4_000_000
        reader, writer = await asyncio.open_unix_connection(path, limit=1)
        writer.write(STATUS)
        await asyncio.sleep(3 * PATIENCE)
        taken = 0
        with suppress(ConnectionError):
            while piece := await reader.read(65_536):
                taken += len(piece)
        assert taken < it.octets
        writer.close()
        it.octets = 0
        assert await ask(path)

    run(test)


def test_one_that_takes_a_long_answer_gets_all_of_it(run: Run) -> None:
    async def test(path: Path, it: Served) -> None:
        it.octets = 2_000_000
        assert await ask(path) == {"ok": True, "program": __version__, "status": "x" * 2_000_000}

    run(test)


def test_one_that_goes_before_the_answer_is_no_trouble(run: Run) -> None:
    async def test(path: Path, it: Served) -> None:
        _, writer = await asyncio.open_unix_connection(path)
        writer.write(form_request(ReloadAsked()))
        while not it.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        writer.transport.abort()
        await asyncio.sleep(0.01)
        it.go_on.set()
        assert await ask(path)
        assert it.faults == []

    run(test)


def test_too_many_at_once_are_told_to_come_again(run: Run) -> None:
    async def test(path: Path, it: Served) -> None:
        reload = form_request(ReloadAsked())
        waiting = [asyncio.create_task(ask(path, reload)) for _ in range(MOST_CLIENTS)]
        while len(it.asked) < MOST_CLIENTS:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        answer = await ask(path)
        assert (answer["kind"], answer["error"]) == (
            "busy",
            "8 others ask this service at the moment; try again in a few seconds",
        )
        assert len(it.asked) == MOST_CLIENTS
        it.go_on.set()
        assert [answer["ok"] for answer in await asyncio.gather(*waiting)] == [True] * MOST_CLIENTS
        assert (await ask(path))["ok"]

    run(test)


def test_who_may_not_ask_is_told_so_and_reported(run: Run) -> None:
    async def test(path: Path, it: Served) -> None:
        it.permits = False
        for octets in (STATUS, b"x" * 100_000):
            answer = await ask(path, octets)
            assert answer["kind"] == "permission"
            assert answer["error"].startswith(
                f"user {os.geteuid()} may not ask this service; root, the user of"
            )
        assert it.asked == []
        assert [peer.pid for peer in it.refused] == [os.getpid()] * 2

    run(test)


def test_the_end_of_the_service_ends_all_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "control"
        async with served(path) as it:
            waiting = asyncio.create_task(ask(path, form_request(ReloadAsked())))
            while not it.asked:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        assert await waiting is None
        assert not path.exists()

    asyncio.run(main())


def test_where_none_can_be_it_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        it = Served()
        with pytest.raises(ControlUnavailable):
            await it.socket.open(tmp_path / "missing" / "control")
        it.socket.close()

    asyncio.run(main())
