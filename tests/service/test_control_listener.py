"""The file of the control socket: its mode, and whose it is."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pnp_responder.service.control_listener import ControlListener, ControlUnavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control"


@pytest.fixture(params=[0o077, 0o022, 0o000], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


@pytest.mark.usefixtures("umask")
def test_the_group_may_connect_and_others_may_not(path: Path) -> None:
    listener = ControlListener(path)
    status = path.lstat()
    assert stat.S_ISSOCK(status.st_mode)
    assert stat.S_IMODE(status.st_mode) == 0o660
    assert connects(path)
    listener.close()
    assert not path.exists()


def test_no_moment_in_which_others_may_connect(path: Path) -> None:
    """What `bind` makes has the mode that the socket was given, whatever the umask lets through."""
    before = os.umask(0)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bound:
            os.fchmod(bound.fileno(), 0o660)
            bound.bind(str(path))
            assert stat.S_IMODE(path.lstat().st_mode) == 0o660
    finally:
        os.umask(before)


def test_what_a_killed_service_left_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
        dead.listen()
    assert path.is_socket()
    assert not connects(path)
    listener = ControlListener(path)
    assert connects(path)
    listener.close()


def test_a_living_one_is_not_taken(path: Path) -> None:
    first = ControlListener(path)
    with pytest.raises(ControlUnavailable, match="another service listens at .*--control PATH"):
        ControlListener(path)
    assert connects(path)
    first.close()


def test_a_living_one_that_is_too_busy_to_answer_is_not_taken(path: Path) -> None:
    clients = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as busy:
        busy.bind(str(path))
        busy.listen(0)
        for _ in range(2):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            client.connect_ex(str(path))
            clients.append(client)
        with pytest.raises(ControlUnavailable, match="another service listens"):
            ControlListener(path)
    for client in clients:
        client.close()


@pytest.mark.parametrize("make", ["file", "folder", "link", "fifo"])
def test_what_is_no_socket_stays(path: Path, make: str) -> None:
    match make:
        case "file":
            path.write_text("precious")
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to("elsewhere")
        case _:
            os.mkfifo(path)
    before = path.lstat()
    with pytest.raises(ControlUnavailable, match="is there already and no socket"):
        ControlListener(path)
    assert path.lstat() == before


def test_a_file_that_another_has_put_there_meanwhile_is_left(path: Path) -> None:
    first = ControlListener(path)
    path.unlink()
    second = ControlListener(path)
    first.close()
    assert connects(path)
    second.close()
    assert not path.exists()


def test_a_file_that_is_gone_is_no_trouble(path: Path) -> None:
    listener = ControlListener(path)
    path.unlink()
    listener.close()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing/control", "missing/control: No such file or directory"),
        ("x" * 120, "too long"),
        ("file/control", "file/control: Not a directory"),
    ],
)
def test_why_it_cannot_be_is_said(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ControlUnavailable, match=said) as told:
        ControlListener(tmp_path / name)
    assert told.value.remedy


def test_of_many_that_start_at_once_beside_a_dead_one_one_wins(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    won: list[ControlListener] = []
    lost: list[str] = []
    start = threading.Barrier(8)

    def contend() -> None:
        start.wait()
        try:
            won.append(ControlListener(path))
        except ControlUnavailable as error:
            lost.append(error.reason)

    threads = [threading.Thread(target=contend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), lost) == (1, [f"another service listens at {path}"] * 7)
    assert connects(path)
    won[0].close()


def test_whoever_holds_the_folder_for_long_holds_up_no_start(path: Path) -> None:
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(ControlUnavailable, match="temporarily unavailable"):
            ControlListener(path)
    finally:
        os.close(descriptor)
