"""`pnp-responder run`: the service."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pnp_responder.cli.console import CONFIGURATION, IO_ERROR, UNAVAILABLE, say, wants_colour

if TYPE_CHECKING:
    from pnp_responder.capture.recorder import Recorder
    from pnp_responder.rules import RulesError
    from pnp_responder.service.journal import Journal
    from pnp_responder.service.log_format import AnyEntry
    from pnp_responder.service.log_writer import LogWriter
    from pnp_responder.service.settings import Settings


class LogFormat(StrEnum):
    """How the log looks."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The least that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def run(
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="default: ./rules.yaml, then /etc/pnp-responder/rules.yaml", readable=False
        ),
    ] = None,
    interface: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="a name or a glob; may be repeated [default: all that multicast]"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, metavar="N", help="where phones ask, by multicast [default: 5060]"),
    ] = None,
    reply_port: Annotated[
        str | None,
        typer.Option(
            metavar="N|auto", help="what we answer from; auto: 5060, else a free one [default: 5060]"
        ),
    ] = None,
    log_format: Annotated[
        LogFormat, typer.Option(help="auto: console at a terminal, else json")
    ] = LogFormat.AUTO,
    log_level: Annotated[LogLevel, typer.Option(help="the least that is logged")] = LogLevel.INFO,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.pcap",
            help="write what is heard and said; 4 files of 64 MiB at most",
            readable=False,
        ),
    ] = None,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="do not mask passwords in the recording")
    ] = False,
    control: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            readable=False,
            help="the socket for `status`, `reload` and `window` [default: in $RUNTIME_DIRECTORY, which "
            "systemd gives, or $XDG_RUNTIME_DIR; else none]",
        ),
    ] = None,
) -> None:
    """Answer phones until SIGTERM or Ctrl-C; SIGHUP, or a change of the rules file, reloads it. SIGUSR1 logs
    what was counted.

    Options win over `service:` of the rules file. Exit codes: 0 ended, 64 usage, 69 no interface
    can be served, 71 no memory, 74 the recording cannot be written, 78 the rules file has errors.
    """
    import asyncio
    import dataclasses
    import logging

    from pnp_responder.rules import RulesError
    from pnp_responder.service.configuration import find_rules_file, load_configuration
    from pnp_responder.service.control_path import own_path
    from pnp_responder.service.journal import Journal
    from pnp_responder.service.links import NothingServed
    from pnp_responder.service.recent_problems import RecentProblems
    from pnp_responder.service.rules_file import RulesFile
    from pnp_responder.service.sd_notify import SdNotify
    from pnp_responder.service.service import Service

    answer_from = None if reply_port is None else _reply_port(reply_port)
    _leave_no_core()
    try:
        file = RulesFile(find_rules_file(rules), load_configuration)
        configuration = file.load_first()
    except RulesError as error:
        raise typer.Exit(_bad_rules(error)) from None

    flags = {"interfaces": tuple(interface or ()), "port": port, "reply_port": answer_from}
    given: dict[str, object] = {name: value for name, value in flags.items() if value}
    settings: Settings = dataclasses.replace(configuration.settings, **given)  # type: ignore[arg-type]

    writer = _open_log(log_format)
    recent = RecentProblems(writer.put_all)
    journal = Journal(recent.put_all, logging.getLevelNamesMapping()[log_level.upper()])
    manager = SdNotify.from_environment(os.environ)
    recorder = None
    code = 0
    try:
        recorder = None if record is None else _open_recorder(record, settings, journal, show_secrets)
        service = Service(
            file,
            configuration,
            settings,
            journal,
            manager,
            recent,
            lambda: writer.lost,
            recorder,
            control or own_path(os.environ),
        )
        del configuration  # after a reload, nothing is to hold the first rules
        asyncio.run(service.run())
    except NothingServed as error:
        for refusal in error.refusals:
            fields = {"interface": refusal.interface, "reason": refusal.reason, "remedy": refusal.remedy}
            journal.note("interface_unusable", logging.ERROR, **fields)
        code = UNAVAILABLE
    finally:
        if recorder is not None:
            recorder.close()
        writer.close()
        manager.close()
    if code:
        say("pnp-responder: no interface can be served")
    raise typer.Exit(code)


def _leave_no_core() -> None:
    """The memory holds the secrets of the rules. Where the unit forbids to set limits it has set this one."""
    import resource

    with suppress(OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _reply_port(text: str) -> int | str:
    """What --reply-port says. Raises BadParameter."""
    if text == "auto":
        return text
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise typer.BadParameter(
            f"{text!r} is neither auto nor a number from 1 to 65535", param_hint="--reply-port"
        )
    return int(text)


def _bad_rules(error: RulesError) -> int:
    """Print all problems; the exit code."""
    for problem in error.problems:
        say(problem.render())
    say("pnp-responder: not started; `pnp-responder check FILE` shows these problems as well")
    return CONFIGURATION


def _open_recorder(path: Path, settings: Settings, journal: Journal, show_secrets: bool) -> Recorder:
    import logging

    from pnp_responder.capture.recorder import Recorder
    from pnp_responder.datagram import SocketAddress

    def report(reason: str) -> None:
        journal.note("recording_incomplete", logging.WARNING, file=str(path), reason=reason)

    try:
        recorder = Recorder(
            str(path), SocketAddress(settings.group, settings.port), report, show_secrets=show_secrets
        )
    except OSError as error:
        say(f"pnp-responder: cannot record to {path}: {error.strerror or error}")
        raise typer.Exit(IO_ERROR) from None
    journal.note("recording_started", file=str(path), masked=not show_secrets)
    return recorder


def _open_log(form: LogFormat) -> LogWriter[AnyEntry]:
    import logging
    import time

    from pnp_responder.service.log_format import Entry, line_renderer
    from pnp_responder.service.log_writer import LogWriter

    terminal = form is LogFormat.CONSOLE or (form is LogFormat.AUTO and os.isatty(2))
    render = line_renderer("console" if terminal else "json", colour=wants_colour(sys.stderr))

    def lost(lines: int) -> Entry:
        return Entry(time.time(), logging.WARNING, "log_lines_lost", {"times": lines})

    return LogWriter(2, render, lost)
