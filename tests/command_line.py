"""Tells whether a `pnp-responder …` command line, found in a text, is one that we take. Runs nothing."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath
from typing import Any

from typer.main import get_command

from pnp_responder.cli.main import app

PROGRAM = "pnp-responder"
# Where a shell ends one command: what follows is not for the program.
_END = re.compile(r"[|&;<>()]|\d>")


def arguments(line: str) -> list[str] | None:
    """What `line` of a shell gives the program to read, or None if it does not call it.

    `sudo`, variables and a path before the name are left out, and so is what the shell keeps to itself:
    a comment, a redirection, the next command.
    """
    lexer = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    while words and (words[0] in ("sudo", "exec", "watch") or re.fullmatch(r"[A-Z_]+=.*", words[0])):
        words.pop(0)
    if not words or PurePosixPath(words[0]).name != PROGRAM:
        return None
    taken = []
    for word in words[1:]:
        if _END.match(word):
            break
        taken.append(word)
    return taken


def check(argv: list[str]) -> None:
    """Raises what the command line's own parser raises; returns if it would take `argv`."""
    group: Any = get_command(app)
    try:
        with group.make_context(PROGRAM, list(argv)) as context:
            rest = [*getattr(context, "_protected_args", []), *context.args]
            name, command, rest = group.resolve_command(context, rest)
            command.make_context(name, rest, parent=context).close()
    except Exception as error:
        # `--help` and `--version` print and leave; that is a command line taken.
        if type(error).__name__ == "Exit" and getattr(error, "exit_code", 1) == 0:
            return
        raise
