"""The command line: one line per command, and how every one of them ends."""

from __future__ import annotations

import errno
import os
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from pnp_responder import __version__
from pnp_responder.cli.check import check
from pnp_responder.cli.console import IO_ERROR, OS_ERROR, SOFTWARE, USAGE, Outcome, open_missing_streams, say
from pnp_responder.cli.demo import demo
from pnp_responder.cli.doctor import doctor
from pnp_responder.cli.explain import explain
from pnp_responder.cli.interfaces import interfaces
from pnp_responder.cli.phone import phone
from pnp_responder.cli.probe import probe
from pnp_responder.cli.reload import reload
from pnp_responder.cli.replay import replay
from pnp_responder.cli.rule_tests import run_tests
from pnp_responder.cli.run import run
from pnp_responder.cli.schema import schema
from pnp_responder.cli.status import status
from pnp_responder.cli.window import window

PROGRAM = "pnp-responder"
# What typer itself exits with for wrong usage.
_TYPER_USAGE = 2

_EXAMPLES = """\b
Examples:
  pnp-responder demo
  pnp-responder check /etc/pnp-responder/rules.yaml
  pnp-responder explain --mac 00:a8:59:11:22:33 --version 2.0.114
  pnp-responder run --interface eth1
"""
_NO_MEMORY = f"{PROGRAM}: not enough memory (does a limit keep it away: MemoryMax=, ulimit -v?)"

app = typer.Typer(
    name=PROGRAM,
    help="Tell desk phones that ask by SIP PnP where their configuration is.",
    epilog=_EXAMPLES,
    no_args_is_help=True,
    # Plain text: rich would take half of the time that --help may take.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(short_help="Answer phones: the service.")(run)
app.command(short_help="Show how the running service is.")(status)
app.command(short_help="Let the running service read its rules now.")(reload)
app.add_typer(window, name="window", short_help="Open the enrolment for a while.")
app.command(short_help="Check a rules file: all problems, with line and column.")(check)
app.command("test", short_help="Run the tests of a rules file.")(run_tests)
app.command(short_help="Tell which rule serves a device, and why not the others.")(explain)
app.command(short_help="List the interfaces that are served, and why not the rest.")(interfaces)
app.command(short_help="Look for what keeps phones from being answered on this host.")(doctor)
app.command(short_help="List the PnP servers that answer phones here.")(probe)
app.command(short_help="Watch one phone being answered, on this computer alone.")(demo)
app.command(short_help="Play a phone against any server, and judge its answers.")(phone)
app.command(short_help="Show what the phones of a capture would be told.")(replay)
app.command(short_help="Print the JSON Schema of rules.yaml, for editors.")(schema)


def _is_compiled() -> bool:
    """Is the path of a phone the C that mypyc made of it (hatch_build.py)?"""
    found = find_spec("pnp_responder.express")
    return found is not None and not (found.origin or "").endswith(".py")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}{' (compiled)' if _is_compiled() else ''}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and end the process with its exit code. No traceback is ever shown."""
    open_missing_streams()
    code = _exit_code()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = code or 1
    except OSError as error:
        if code != IO_ERROR:  # else it is told already, and what could not be written is still waiting
            say(f"{PROGRAM}: cannot write to standard output: {error.strerror}")
        code = code or IO_ERROR
    _silence_streams()
    sys.exit(code)


def _exit_code() -> int:
    try:
        app(prog_name=PROGRAM)
    except SystemExit as end:
        if isinstance(end, Outcome):
            return int(end.code or 0)
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        return USAGE if code == _TYPER_USAGE else code
    except BrokenPipeError:
        return 1
    except OSError as error:
        if error.errno == errno.ENOMEM:
            say(_NO_MEMORY)
            return OS_ERROR
        if error.errno == errno.EBADF:
            say(f"{PROGRAM}: standard output is closed")
        elif error.filename is None and error.errno is not None:
            say(f"{PROGRAM}: {error.strerror}")
        else:
            say(f"{PROGRAM}: {error}")
        return IO_ERROR
    except MemoryError:
        say(_NO_MEMORY)
        return OS_ERROR
    except Exception as error:  # a bug of ours: one line, which helps to find it
        from pnp_responder.service.fault import fault_place, is_want_of_memory

        if is_want_of_memory(error):
            say(_NO_MEMORY)
            return OS_ERROR
        say(f"{PROGRAM}: internal error: {type(error).__name__} at {fault_place(error)}; please report it")
        return SOFTWARE
    return 0


def _silence_streams() -> None:
    """What could not be written is lost anyway; the interpreter need not complain of it at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1 if stream is sys.stdout else 2)
            os.close(null)
