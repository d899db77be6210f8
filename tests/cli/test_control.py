"""`status`, `reload` and `window` as administrators use them: real processes, real sockets."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from pnp_responder import __version__
from tests.net.loopback import phone_socket
from tests.users import can_be

from .program import Running, call, running
from .test_run import ask

GOOD = 'rules:\n  - {name: all, url: "https://user:secret@192.0.2.1/{{ mac }}.cfg"}\n'
TWO = GOOD + "  - {name: more, match: {mac: none}, ignore: true}\n"
WINDOW = GOOD.replace("name: all", "name: all, window: true")
BAD = 'rules:\n  - {name: all, ulr: "http://user:secret@192.0.2.1/"}\n'
STRANGER, OTHER_GROUP = 54_321, 54_322

# Runs the command line as another user. Once before that in vain: it imports much only when it is needed, and
# that user may not be able to read the program.
AS_USER = """
import os, sys
from pnp_responder.cli.main import app, main
user, *groups = map(int, sys.argv.pop(1).split(","))
shown, sys.stderr = sys.stderr, open(os.devnull, "w")
try:
    app(["window", "status", "--control", "/nonexistent"])
except SystemExit:
    sys.stderr = shown
os.setgroups(groups)
os.setresgid(user, user, user)
os.setresuid(user, user, user)
main()
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(GOOD)
    path.chmod(0o600)
    return path


@pytest.fixture
def control(tmp_path: Path) -> Path:
    return tmp_path / "control"


def served(tmp_path: Path, rules: Path, control: Path) -> Any:
    return running(tmp_path, rules, "--interface", "lo", "--control", str(control))


def ready(it: Running) -> Running:
    it.hear("READY=1")
    return it


def status(control: Path) -> dict[str, Any]:
    done = call("status", "--control", str(control), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


def test_status_on_one_screen_and_as_json(tmp_path: Path, rules: Path, control: Path) -> None:
    with served(tmp_path, rules, control) as it, phone_socket() as phone:
        ready(it)
        ask(phone, it.port)
        phone.sendto(b"no SIP\x1b[2J", ("224.0.1.75", it.port))
        it.logs("datagram_dropped")
        rules.write_text(BAD)
        it.logs("rules_rejected")
        shown = status(control)
        screen = call("status", "--control", str(control)).stdout
        assert it.logs("control_listening")["path"] == str(control)
        opened = call("window", "open", "1h", "--control", str(control)).stdout
    assert "no rule has `window: true`, so it makes no difference\n" in opened
    assert shown["pid"] == it.process.pid
    assert shown["interfaces"] == [
        {
            "interface": "lo",
            "addresses": [f"127.0.0.1:{it.reply_port}"],
            "group": f"224.0.1.75:{it.port}",
            "receive_buffer": shown["interfaces"][0]["receive_buffer"],
            "kernel_drops": 0,
        }
    ]
    assert (shown["counters"]["offered"], shown["counters"]["dropped"]) == (1, 1)
    assert shown["rules"]["file"] == str(rules)
    assert (shown["rules"]["count"], shown["rules"]["good"]) == (1, False)
    assert shown["rules"]["problems"][0].startswith(f"{rules}:2:17: unknown key 'ulr'")
    assert [problem["event"] for problem in shown["problems"]] == ["rules_rejected"]
    assert shown["window"] == {"open": False, "closes": None, "seconds_left": 0, "rules": 0}
    assert "secret" not in json.dumps(shown)
    assert screen.startswith(f"pnp-responder {shown['program']} (pid {it.process.pid}), running since ")
    assert re.search(rf"(?m)^rules +1 rule of [0-9:]+ from {re.escape(str(rules))}$", screen)
    assert "THE FILE IS BAD" in screen
    assert re.search(rf"(?m)^serving +lo \(127\.0\.0\.1:{it.reply_port}\)$", screen)
    assert re.search(r"(?m)^phones +1 offered a URL: ", screen)
    assert re.search(r"(?m)^problems +[0-9:]+ rules_rejected ", screen)
    assert len(screen.split("\n")) <= 24
    assert max(map(len, screen.split("\n"))) <= 240
    assert "secret" not in screen
    assert "\x1b" not in screen


def test_reload_says_what_changed_or_what_is_wrong(tmp_path: Path, rules: Path, control: Path) -> None:
    with served(tmp_path, rules, control) as it:
        ready(it)
        rules.write_text(TWO)
        taken = call("reload", "--control", str(control))
        assert (taken.returncode, taken.stderr) == (0, "")
        assert re.fullmatch(rf"reloaded {re.escape(str(rules))}: [12] -> 2 rules\n", taken.stdout)
        it.hear("RELOADING=1")
        it.hear("READY=1")
        rules.write_text(BAD)
        refused = call("reload", "--control", str(control))
        assert (refused.returncode, refused.stdout) == (78, "")
        told, _, end = refused.stderr.rstrip("\n").rpartition("\n")
        assert told + "\n" == call("check", str(rules)).stdout
        assert end == "pnp-responder: not reloaded; the rules loaded before stay in service"
        assert "secret" not in refused.stderr
        rules.write_text("service: {notify_attempts: 3}\n" + TWO)
        restart = call("reload", "--control", str(control))
        assert restart.returncode == 0
        assert "restart the service to take it" in restart.stdout
        assert status(control)["rules"]["restart_needed"]
        it.process.send_signal(signal.SIGHUP)
        it.until(lambda: len(it.entries("rules_loaded")) >= 4)


def test_the_window_lets_phones_in_while_it_is_open(tmp_path: Path, rules: Path, control: Path) -> None:
    rules.write_text(WINDOW)
    with served(tmp_path, rules, control) as it, phone_socket() as phone:
        ready(it)
        window = ("--control", str(control))
        assert call("window", "status", *window).stdout == "closed\n"
        phone.settimeout(0.3)
        with pytest.raises(TimeoutError):
            ask(phone, it.port, 1)
        phone.settimeout(10)
        opened = call("window", "open", "30m", *window)
        assert opened.returncode == 0
        assert re.match(r"open until [0-9: -]+, for 30 min more\n", opened.stdout)
        assert "closes by itself" in opened.stdout
        assert ask(phone, it.port, 2) == b"https://user:secret@192.0.2.1/020000000002.cfg"
        assert status(control)["window"]["open"]
        assert it.logs("window_opened")["uid"] == os.geteuid()
        it.hear("STATUS=serving")
        assert call("window", "close", *window).stdout == "closed\n"
        assert it.logs("window_closed")["reason"] == "by hand"
        phone.settimeout(0.3)
        with pytest.raises(TimeoutError):
            ask(phone, it.port, 3)
        assert call("window", "open", "1s", *window).returncode == 0
        it.until(lambda: len(it.entries("window_closed")) == 2)
        assert it.entries("window_closed")[1]["reason"] == "its time is over"


@pytest.mark.parametrize("time", ["", "soon", "30", "0m", "25h", "2d", "-5m", "\u0663m"])
def test_a_time_that_is_none_is_wrong_usage(time: str) -> None:
    done = call("window", "open", "--control", "/nonexistent", "--", time)
    assert done.returncode == 64
    assert "TIME" in done.stderr


@pytest.mark.parametrize("words", [("status",), ("reload",), ("window", "status")], ids=" ".join)
def test_without_a_service_the_way_on_is_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = call(*words, RUNTIME_DIRECTORY=str(tmp_path))
    assert (done.returncode, done.stdout) == (69, "")
    assert f"no service listens at {tmp_path}/control" in done.stderr
    assert "systemctl status pnp-responder" in done.stderr
    done = call(*words, "--control", str(tmp_path / "other"))
    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr == f"pnp-responder: no service listens at {tmp_path}/other\n"


def test_one_that_was_killed_is_replaced_and_one_that_lives_is_not(
    tmp_path: Path, rules: Path, control: Path
) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
    with served(folders[0], rules, control) as killed:
        ready(killed)
        killed.process.kill()
        killed.process.wait()
    assert control.is_socket()
    with served(folders[1], rules, control) as first:
        ready(first)
        with served(folders[2], rules, control) as second:
            ready(second)
            told = second.logs("control_unavailable")
            assert told["reason"] == f"another service listens at {control}"
            assert "--control PATH" in told["remedy"]
            assert status(control)["pid"] == first.process.pid
            assert second.end() == 0
        assert status(control)["pid"] == first.process.pid
        assert first.end() == 0
        assert not control.exists()


def test_clients_that_hang_hold_up_neither_phones_nor_others(
    tmp_path: Path, rules: Path, control: Path
) -> None:
    with served(tmp_path, rules, control) as it, phone_socket() as phone:
        ready(it)
        clients = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(40)]
        try:
            for client in clients:
                client.connect(str(control))
                client.send(b'{"command"')
            assert ask(phone, it.port)
            assert status(control)["counters"]["offered"] == 1
        finally:
            for client in clients:
                client.close()
        assert it.entries("internal_error") == []


def as_user(words: list[str], user: int, *groups: int) -> subprocess.CompletedProcess[str]:
    who = ",".join(map(str, (user, *groups)))
    return subprocess.run(
        [sys.executable, "-c", AS_USER, who, *words],
        capture_output=True,
        text=True,
        timeout=15,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


@pytest.mark.skipif(not can_be(STRANGER), reason="only root can be somebody else")
def test_who_may_ask(tmp_path: Path, rules: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        check_who_may_ask(tmp_path, rules, Path(folder) / "control")


def check_who_may_ask(tmp_path: Path, rules: Path, control: Path) -> None:
    rules.write_text(WINDOW)
    show = ["window", "status", "--control", str(control)]
    with served(tmp_path, rules, control) as it:
        ready(it)
        assert as_user(show, STRANGER, os.getegid()).stdout == "closed\n"
        by_mode = as_user(show, STRANGER, OTHER_GROUP)
        assert (by_mode.returncode, by_mode.stdout) == (77, "")
        assert by_mode.stderr.startswith(f"pnp-responder: you may not ask the service at {control}\ntry sudo")
        # Even if somebody opens the file for everybody, the service looks at who it is.
        control.chmod(0o666)
        for _ in range(2):
            by_peer = as_user(show, STRANGER, OTHER_GROUP)
            assert (by_peer.returncode, by_peer.stdout) == (77, "")
            assert f"user {STRANGER} may not ask this service" in by_peer.stderr
        assert as_user(show, STRANGER, OTHER_GROUP, os.getegid()).stdout == "closed\n"
        it.process.send_signal(signal.SIGTERM)
        it.process.wait()
        (refused,) = it.entries("control_refused")
        assert refused["uid"] == STRANGER


def test_a_service_that_was_not_restarted_after_an_upgrade(control: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as old:
        old.bind(str(control))
        old.listen()

        def answer() -> None:
            connection, _ = old.accept()
            with connection:
                connection.recv(4096)
                window = {"open": False, "rules": 1}
                connection.sendall(
                    json.dumps({"ok": True, "program": "0.0\x1b1", "window": window}).encode() + b"\n"
                )

        thread = threading.Thread(target=answer)
        thread.start()
        done = call("window", "status", "--control", str(control))
        thread.join()
    assert (done.returncode, done.stdout) == (0, "closed\n")
    assert done.stderr == f"the service still is version 0.0?1, and this {__version__}: restart it\n"
