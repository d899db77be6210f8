"""`run` as systemd and administrators see it: real processes on the loopback."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from pnp_responder.cli.demo_phone import subscribe_of
from pnp_responder.datagram import SocketAddress
from tests.net.loopback import phone_socket

from .program import PROGRAM, call, free_port, running

GOOD = 'rules:\n  - {name: all, url: "http://{{ local_ip }}/{{ mac }}.cfg"}\n'
OTHER = 'rules:\n  - {name: other, url: "http://user:hidden@192.0.2.1/{{ mac }}.cfg"}\n'
BAD = 'rules:\n  - {name: all, ulr: "http://user:hidden@192.0.2.1/"}\n'


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(GOOD)
    return path


def ask(phone: socket.socket, port: int, number: int = 1) -> bytes:
    """Multicast a SUBSCRIBE of another phone for each `number`; the body of the NOTIFY."""
    subscribe = subscribe_of(SocketAddress(*phone.getsockname()))
    subscribe = subscribe.replace(b"000810a99948", b"0200000000%02x" % number).replace(
        b"24733", b"%05d" % number
    )
    subscribe = subscribe.replace(b"88724467", b"%08d" % number)
    phone.sendto(subscribe, ("224.0.1.75", port))
    while True:
        head, _, body = phone.recv(65535).partition(b"\r\n\r\n")
        if head.startswith(b"NOTIFY ") and b"0200000000%02x" % number in head:
            return body


def test_from_start_to_end(tmp_path: Path, rules: Path) -> None:
    with running(tmp_path, rules, "--interface", "lo") as it, phone_socket() as phone:
        assert it.hear("STATUS=").startswith("STATUS=serving lo (127.0.0.1); 1 rule of ")
        it.hear("READY=1")
        assert ask(phone, it.port) == b"http://127.0.0.1/020000000001.cfg"
        offered = it.logs("enrollment_offered")
        assert offered["mac"] == "020000000001"
        assert offered["url"] == "http://127.0.0.1/020000000001.cfg"
        assert (offered["rule"], offered["interface"]) == ("all", "lo")
        it.hear("STATUS=serving lo (127.0.0.1); 1 rule of ")
        began = time.monotonic()
        assert it.end() == 0
        assert time.monotonic() - began < 2
        it_names = [
            line.split('"event": "')[1].split('"')[0] for line in it.log_path.read_text().split("\n")[:-1]
        ]
        assert it_names[:3] == ["service_started", "rules_loaded", "interface_joined"]
        assert it_names[-1] == "service_stopping"
        it.hear("STOPPING=1")


def test_ctrl_c_ends_it_as_well(tmp_path: Path, rules: Path) -> None:
    with running(tmp_path, rules, "--interface", "lo") as it:
        it.hear("READY=1")
        assert it.end(signal.SIGINT) == 0
        assert "Traceback" not in it.log_path.read_text()


def test_sigusr1_asks_for_the_numbers(tmp_path: Path, rules: Path) -> None:
    with running(tmp_path, rules, "--interface", "lo") as it, phone_socket() as phone:
        it.hear("READY=1")
        ask(phone, it.port, 1)
        it.process.send_signal(signal.SIGUSR1)
        told = it.logs("statistics")
        assert (told["offered"], told["declined"]) == (1, 0)
        assert ask(phone, it.port, 2) == b"http://127.0.0.1/020000000002.cfg"


def test_new_rules_by_change_and_by_signal(tmp_path: Path, rules: Path) -> None:
    with running(tmp_path, rules, "--interface", "lo") as it, phone_socket() as phone:
        it.hear("READY=1")
        rules.write_text(BAD)
        rejected = it.logs("rules_rejected")
        assert "rules.yaml:2:17: unknown key 'ulr'" in rejected["problems"][0]
        it.hear("STATUS=RULES FILE IS BAD")
        assert ask(phone, it.port, 1) == b"http://127.0.0.1/020000000001.cfg"
        rules.write_text(OTHER)
        it.hear("STATUS=serving")
        assert ask(phone, it.port, 2) == b"http://user:hidden@192.0.2.1/020000000002.cfg"
        it.until(lambda: len(it.entries("rules_loaded")) == 2)
        it.process.send_signal(signal.SIGHUP)
        reloading = it.hear("RELOADING=1")
        assert re.fullmatch("RELOADING=1\nMONOTONIC_USEC=[0-9]+", reloading)
        it.hear("READY=1")
        assert len(it.entries("rules_rejected")) == 1
        it.end()
        assert "hidden" not in it.log_path.read_text()
        assert "http://user:***@" in it.log_path.read_text()


def test_changed_settings_need_a_restart_and_the_rules_are_taken(tmp_path: Path, rules: Path) -> None:
    with running(tmp_path, rules, "--interface", "lo") as it, phone_socket() as phone:
        it.hear("READY=1")
        rules.write_text("service: {notify_attempts: 3}\n" + OTHER)
        assert "`service:`" in it.logs("restart_needed")["reason"]
        assert b"192.0.2.1" in ask(phone, it.port)


def test_waits_for_an_interface_that_is_not_there(tmp_path: Path, rules: Path) -> None:
    with running(tmp_path, rules, "--interface", "nosuch0") as it:
        assert it.hear("STATUS=").startswith("STATUS=waiting for nosuch0; ")
        it.hear("READY=1")
        assert it.logs("waiting_for_interface")["interface"] == "nosuch0"
        assert it.end() == 0


def test_the_watchdog_hears_of_the_loop(tmp_path: Path, rules: Path) -> None:
    with running(tmp_path, rules, "--interface", "lo", WATCHDOG_USEC="100000") as it:
        it.hear("WATCHDOG=1")
        it.hear("WATCHDOG=1")
        it.process.send_signal(signal.SIGSTOP)
        it.process.send_signal(signal.SIGCONT)
        it.hear("WATCHDOG=1")


def test_a_second_one_says_who_holds_the_port_and_ends_with_69(tmp_path: Path, rules: Path) -> None:
    with running(tmp_path, rules, "--interface", "lo") as it:
        it.hear("READY=1")
        ports = ("--port", str(it.port), "--reply-port", str(it.reply_port))
        second = call("run", "--rules", str(rules), "--interface", "lo", *ports)
        assert second.returncode == 69
        assert f"(pid {it.process.pid})" in second.stderr
        assert "--reply-port" in second.stderr
        assert "no interface can be served" in second.stderr
        assert second.stdout == ""


def test_a_bad_file_at_the_start_ends_with_78_and_all_its_problems(rules: Path) -> None:
    rules.write_text("servic: {}\n" + BAD)
    done = call("run", "--rules", str(rules))
    assert done.returncode == 78
    assert f"{rules}:1:1: unknown key 'servic'" in done.stderr
    assert f"{rules}:3:17: unknown key 'ulr'" in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_no_file_at_all_ends_with_78(tmp_path: Path) -> None:
    done = call("run", "--rules", str(tmp_path / "none.yaml"))
    assert done.returncode == 78
    assert "none.yaml" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--port", "0"), ("--reply-port", "65536"), ("--log-format", "xml"), ("--log-level", "loud"), ("more",)],
)
def test_wrong_usage_ends_with_64(arguments: tuple[str, ...]) -> None:
    done = call("run", *arguments)
    assert done.returncode == 64
    assert "Usage: pnp-responder run" in done.stderr


def test_serves_on_when_nobody_reads_the_log(tmp_path: Path, rules: Path) -> None:
    read, write = os.pipe()
    port = free_port()
    ports = ["--port", str(port), "--reply-port", str(free_port())]
    process = subprocess.Popen(
        [*PROGRAM, "run", "--rules", str(rules), "--interface", "lo", *ports], stderr=write
    )
    os.close(write)
    try:
        with phone_socket() as phone:
            text = b""
            while b"interface_joined" not in text:
                piece = os.read(read, 65536)
                assert piece, text
                text += piece
            os.close(read)
            for number in range(1, 6):
                assert ask(phone, port, number)
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_closed_standard_streams_do_not_lead_the_log_to_phones(tmp_path: Path, rules: Path) -> None:
    port = free_port()
    ports = f"--port {port} --reply-port {free_port()}"
    program, file = shlex.quote(PROGRAM[0]), shlex.quote(str(rules))
    command = f"exec {program} -m pnp_responder run --rules {file} --interface lo {ports} <&- >&- 2>&-"
    folder = tmp_path / "n"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, phone_socket() as phone:
        manager.bind(str(folder / "notify"))
        manager.settimeout(10)
        environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}
        process = subprocess.Popen(["/bin/sh", "-c", command], env=environment)
        try:
            while manager.recv(4096) != b"READY=1":
                continue
            assert ask(phone, port) == b"http://127.0.0.1/020000000001.cfg"
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
