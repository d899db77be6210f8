"""Runs the command line in a process of its own that need not start: the fork of one that has loaded it all.

What comes out is what `python -m pnp_responder` shows: its output, its exit code, and what it leaves behind.
A start takes a quarter of a second; that each command starts from nothing tests/cli/test_streams.py shows.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import io
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).parents[1]
_LARGEST = 100_000

# sched.h, sys/mount.h
_NEWNS, _NEWNET = 0x00020000, 0x40000000
_SLAVE, _DETACH = 0x4000 | 0x80000, 2


def call(
    *arguments: str,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    host: str = "",
    before: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run it to its end. Raises subprocess.TimeoutExpired, and has killed it then.

    `host` is the name of a network namespace to run it in. `before` are shell commands that run there first;
    the mounts that they make are its own.
    """
    request = {
        "arguments": arguments,
        "cwd": str(cwd or Path.cwd()),
        "env": dict(os.environ if env is None else env),
        "host": host,
        "before": before,
    }
    ours, theirs = socket.socketpair()
    with ours, _scrap() as out, _scrap() as err:
        with theirs:
            descriptors = [theirs.fileno(), out.fileno(), err.fileno()]
            socket.send_fds(_server(), [json.dumps(request).encode()], descriptors)
        ours.settimeout(timeout)
        try:
            code = int(ours.recv(100))
        except TimeoutError:
            raise subprocess.TimeoutExpired(arguments, timeout) from None
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(arguments, code, out.read(), err.read())


def _scrap() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")


@functools.cache
def _server() -> socket.socket:
    """Where requests go. Its process ends with ours."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        descriptor = theirs.fileno()
        argv = [sys.executable, "-m", __name__, str(descriptor)]
        process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[descriptor])

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _serve(requests: socket.socket) -> None:
    import pnp_responder
    from pnp_responder.cli.main import app

    for module in pkgutil.walk_packages(pnp_responder.__path__, "pnp_responder."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
    # What the libraries import when they are first needed.
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        app(["schema"])
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        octets, descriptors, _, _ = socket.recv_fds(requests, _LARGEST, 3)
        if not octets:
            return
        if os.fork() == 0:
            requests.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _attend(json.loads(octets), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _attend(request: dict[str, Any], reply: int, out: int, err: int) -> NoReturn:
    """Tell by `reply` how the program ended; end it where nobody waits for that any more."""
    if (pid := os.fork()) == 0:
        os.close(reply)
        _run(request, out, err)
    end = os.pidfd_open(pid)
    ready, _, _ = select.select([end, reply], [], [])
    if end not in ready:
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if end in ready:
        os.write(reply, b"%d" % code)
    os._exit(0)


def _run(request: dict[str, Any], out: int, err: int) -> NoReturn:
    """Become the program."""
    from pnp_responder.cli.main import main

    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    if request["host"]:
        _enter(request["host"])
    if request["before"]:
        subprocess.run(["sh", "-ec", request["before"]], check=True)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[1:] = request["arguments"]
    try:
        main()
    except SystemExit as end:
        # At once: an interpreter with all that is loaded here takes long to tidy up.
        os._exit(end.code if isinstance(end.code, int) else 1)
    os._exit(0)


def _enter(host: str) -> None:
    """As `ip netns exec` does: with mounts of our own, and the /sys of that namespace."""
    with open(f"/run/netns/{host}", "rb") as namespace:  # noqa: PTH123
        _must("setns", namespace.fileno(), _NEWNET)
    _must("unshare", _NEWNS)
    _must("mount", b"", b"/", b"none", ctypes.c_ulong(_SLAVE), None)
    _must("umount2", b"/sys", _DETACH)
    _must("mount", host.encode(), b"/sys", b"sysfs", ctypes.c_ulong(0), None)


def _must(function: str, *values: object) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), function)(*values):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), function)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
