"""The other end of the control socket: asks a running service, and says in words why there is no answer."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pnp_responder.service.control_path import paths_to_try
from pnp_responder.service.control_protocol import (
    MOST_ANSWER,
    ControlError,
    Request,
    form_request,
    parse_answer,
)

PATIENCE = 10.0


class NoService(Exception):
    """Nobody could be asked; says where it was tried."""


class NotPermitted(Exception):
    """There is a service, but this user may not ask it."""


def ask(
    request: Request,
    given: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    patience: float = PATIENCE,
) -> dict[str, Any]:
    """The answer of the service at `given`, or where `environment` leads to.

    Raises NoService, NotPermitted, and ControlError for what the service itself says.
    """
    paths = [given] if given is not None else paths_to_try(environment)
    deadline = time.monotonic() + patience
    with _connect(paths, patience) as connection:
        octets = _exchange(connection, form_request(request), deadline)
    if not octets.endswith(b"\n"):
        raise NoService("the service ended before it answered" if not octets else "the answer breaks off")
    try:
        return parse_answer(octets)
    except ControlError as error:
        if error.kind == "permission":
            raise NotPermitted(error.text) from None
        raise


def _connect(paths: list[Path], patience: float) -> socket.socket:
    """A connection to the first at which somebody listens."""
    for path in paths:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(patience)
        try:
            connection.connect(os.fspath(path))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            connection.close()
        except PermissionError:
            connection.close()
            raise NotPermitted(f"you may not ask the service at {path}") from None
        except (TimeoutError, BlockingIOError):  # the latter where too many wait already
            connection.close()
            raise NoService(f"the service at {path} does not answer") from None
        except OSError as error:
            connection.close()
            raise NoService(f"{path}: {error.strerror or error}") from None
        else:
            return connection
    raise NoService(f"no service listens at {' or '.join(map(str, paths))}")


def _exchange(connection: socket.socket, request: bytes, deadline: float) -> bytes:
    """The line that comes back, or what of it came."""
    octets = b""
    try:
        with suppress(BrokenPipeError):  # who is refused at once may have its answer already
            connection.sendall(request)
        while not octets.endswith(b"\n") and len(octets) <= MOST_ANSWER:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            piece = connection.recv(65_536)
            if not piece:
                break
            octets += piece
    except TimeoutError:
        raise NoService("the service does not answer; the log may say why") from None
    except ConnectionResetError:
        pass
    return octets
