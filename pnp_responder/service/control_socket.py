"""Serves the control socket from the service's own loop: few clients at once, none for long.

Who says nothing gives way to who comes later; so one that hangs keeps nobody out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pnp_responder.service.control_listener import BACKLOG, ControlListener
from pnp_responder.service.control_peer import Peer, read_peer
from pnp_responder.service.control_protocol import (
    MOST_REQUEST,
    ControlError,
    Request,
    form_answer,
    form_error,
    parse_request,
)
from pnp_responder.service.daemon_thread import in_daemon_thread

MOST_CLIENTS = 8
# A client sends its line, and takes the answer, within this.
PATIENCE = 5.0

Answer = Callable[[Request, Peer], Awaitable[dict[str, Any]]]


class ControlSocket:
    """Gives each request of a peer that `permits` to `answer`, which returns what goes back or raises
    ControlError.

    `refused` is told of each other peer, `fault` of each other exception. `patience`, in seconds, is what a
    client has to send its line, and to take the answer.
    """

    def __init__(
        self,
        answer: Answer,
        permits: Callable[[Peer], bool],
        refused: Callable[[Peer], None],
        fault: Callable[[BaseException], None],
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._answer = answer
        self._permits = permits
        self._refused = refused
        self._fault = fault
        self._patience = patience
        self._listener: ControlListener | None = None
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        # Those that have not sent their line yet, the oldest first.
        self._silent: dict[asyncio.Task[None], None] = {}

    async def open(self, path: Path) -> None:
        """Listen at `path` until `close`. Raises ControlUnavailable."""
        self._listener = await in_daemon_thread(lambda: ControlListener(path))
        self._server = await asyncio.start_unix_server(
            self._connected, sock=self._listener.socket, limit=MOST_REQUEST, backlog=BACKLOG
        )

    def close(self) -> None:
        """At once; who still waits for an answer gets none."""
        if self._server is not None:
            self._server.close()
        if self._listener is not None:
            self._listener.close()
        for client in list(self._clients):
            self._drop(client)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            peer = read_peer(writer.get_extra_info("socket"))
            self._admit(peer)
        except ControlError as error:
            writer.write(form_error(error))
            writer.close()
            return
        except OSError:  # gone again
            writer.transport.abort()
            return
        client = asyncio.create_task(self._serve(reader, writer, peer))
        self._clients[client] = writer
        self._silent[client] = None
        client.add_done_callback(self._forget)

    def _admit(self, peer: Peer) -> None:
        if not self._permits(peer):
            self._refused(peer)
            who = "root, the user of the service and the members of its group may ask"
            raise ControlError("permission", f"user {peer.uid} may not ask this service; {who}")
        if len(self._clients) >= MOST_CLIENTS:
            why = f"{MOST_CLIENTS} others ask this service at the moment"
            busy = ControlError("busy", f"{why}; try again in a few seconds")
            if not self._silent:
                raise busy
            oldest = next(iter(self._silent))
            self._clients[oldest].write(form_error(busy))
            self._drop(oldest)

    def _drop(self, client: asyncio.Task[None]) -> None:
        client.cancel()
        self._clients[client].transport.abort()
        self._forget(client)

    def _forget(self, client: asyncio.Task[None]) -> None:
        self._clients.pop(client, None)
        self._silent.pop(client, None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: Peer) -> None:
        try:
            async with asyncio.timeout(self._patience):
                line = await self._read(reader)
            if (client := asyncio.current_task()) is not None:
                self._silent.pop(client, None)
            answer = await self._answer_to(line, peer)
            # With it, `drain` waits until the kernel has all of it.
            writer.transport.set_write_buffer_limits(high=0)
            async with asyncio.timeout(self._patience):
                writer.write(answer)
                await writer.drain()
        except (TimeoutError, OSError):  # it hangs, or it is gone
            pass
        finally:
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> bytes | None:
        try:
            return await reader.readline()
        except ValueError:  # longer than the reader's limit
            return None

    async def _answer_to(self, line: bytes | None, peer: Peer) -> bytes:
        try:
            if line is None:
                raise ControlError("request", f"a request has {MOST_REQUEST} octets at most")
            return form_answer(await self._answer(parse_request(line), peer))
        except ControlError as error:
            return form_error(error)
        except Exception as error:  # ours: the client is told, and the log
            self._fault(error)
            return form_error(ControlError("failed", "internal error; the log of the service has more"))
