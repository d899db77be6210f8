"""The client's end: where it looks, how long it waits, and its words when there is no answer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pnp_responder import __version__
from pnp_responder.service.control_client import NoService, NotPermitted, ask
from pnp_responder.service.control_protocol import (
    MOST_ANSWER,
    ControlError,
    StatusAsked,
    form_answer,
    form_error,
    form_request,
)


@contextmanager
def server(path: Path, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    """Takes one connection."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield
        thread.join()


def answering(octets: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        assert connection.recv(4096) == form_request(StatusAsked())
        with suppress(BrokenPipeError):
            connection.sendall(octets)

    return serve


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control"


def test_an_answer(path: Path) -> None:
    with server(path, answering(form_answer({"status": {"long": "x" * 1_000_000}}))):
        assert ask(StatusAsked(), path) == {"program": __version__, "status": {"long": "x" * 1_000_000}}


def test_the_first_at_which_somebody_listens_is_asked(tmp_path: Path) -> None:
    places = {"RUNTIME_DIRECTORY": str(tmp_path / "system"), "XDG_RUNTIME_DIR": str(tmp_path)}
    (tmp_path / "system").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(tmp_path / "system" / "control"))
    with server(tmp_path / "pnp-responder.control", answering(form_answer({"of": "user"}))):
        assert ask(StatusAsked(), environment=places)["of"] == "user"
    (tmp_path / "system" / "control").unlink()
    with server(tmp_path / "system" / "control", answering(form_answer({"of": "system"}))):
        assert ask(StatusAsked(), environment=places)["of"] == "system"


def test_where_it_was_tried_is_said(tmp_path: Path) -> None:
    places = {"RUNTIME_DIRECTORY": str(tmp_path), "XDG_RUNTIME_DIR": "/nonexistent"}
    with pytest.raises(NoService) as told:
        ask(StatusAsked(), environment=places)
    assert str(told.value) == (
        f"no service listens at {tmp_path}/control or /nonexistent/pnp-responder.control"
    )


@pytest.mark.parametrize("name", ["file", "x" * 120, "file/control"])
def test_no_socket_is_no_service(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoService):
        ask(StatusAsked(), tmp_path / name)


def test_what_the_service_says_is_passed_on(path: Path) -> None:
    with (
        server(path, answering(form_error(ControlError("busy", "try again")))),
        pytest.raises(ControlError, match="try again"),
    ):
        ask(StatusAsked(), path)


def test_a_refusal_that_comes_before_the_question_is_read(path: Path) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.sendall(form_error(ControlError("permission", "user 1000 may not ask")))

    with server(path, refuse), pytest.raises(NotPermitted, match="user 1000 may not ask"):
        ask(StatusAsked(), path)


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "the service ended before it answered"),
        (b'{"ok": true', "the answer breaks off"),
        (b"x" * (MOST_ANSWER + 70_000), "the answer breaks off"),
    ],
)
def test_half_an_answer_is_none(path: Path, octets: bytes, said: str) -> None:
    with server(path, answering(octets)), pytest.raises(NoService, match=said):
        ask(StatusAsked(), path)


def test_one_that_lets_many_wait_does_not_answer(path: Path) -> None:
    clients = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as hanging:
        hanging.bind(str(path))
        hanging.listen(0)
        for _ in range(2):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            client.connect_ex(str(path))
            clients.append(client)
        with pytest.raises(NoService, match=f"the service at {path} does not answer"):
            ask(StatusAsked(), path)
    for client in clients:
        client.close()


def test_one_that_is_silent_is_not_waited_for(path: Path) -> None:
    enough = threading.Event()

    def say_nothing(_: socket.socket) -> None:
        enough.wait(5)

    began = time.monotonic()
    with server(path, say_nothing):
        with pytest.raises(NoService, match="does not answer"):
            ask(StatusAsked(), path, patience=0.1)
        enough.set()
    assert time.monotonic() - began < 3


def test_one_that_answers_octet_by_octet_is_not_waited_for_either(path: Path) -> None:
    enough = threading.Event()

    def drip(connection: socket.socket) -> None:
        with suppress(OSError):
            while not enough.wait(0.01):
                connection.sendall(b"x")

    with server(path, drip):
        with pytest.raises(NoService, match="does not answer"):
            ask(StatusAsked(), path, patience=0.2)
        enough.set()
