"""Edge: the rules file, its mode and its folders."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pnp_responder.doctor.facts import Entry
from pnp_responder.doctor.rules_file import RulesFile
from pnp_responder.masking import mask_url
from pnp_responder.rules import RulesError
from pnp_responder.service.configuration import find_rules_file, load_configuration

# What the loader reads at most.
_MOST_CHARACTERS = 16 * 1024 * 1024


def read_rules(given: Path | None) -> RulesFile:
    """The file `given`, or the one that `run` would take. Never raises RulesError."""
    try:
        path = find_rules_file(given)
    except RulesError as error:
        return RulesFile(None, problems=error.problems)
    entries = _entries(path)
    try:
        configuration = load_configuration(path, lenient=True)
    except RulesError as error:
        hidden = bool(entries or not _visible(path)) and not os.access(path, os.R_OK)
        absent = not entries and _visible(path)
        secrets = _seems_to_hold_secrets(path)
        return RulesFile(path, None, error.problems, hidden, absent, secrets, entries)
    secret_files = tuple(found for file in configuration.secret_files for found in _entries(file)[:1])
    holds = configuration.holds_secrets
    return RulesFile(path, configuration, secrets=holds, entries=entries, secret_files=secret_files)


def _visible(path: Path) -> bool:
    """May we know whether the file is there?"""
    try:
        os.stat(path)
    except PermissionError:
        return False
    except (OSError, ValueError):
        pass
    return True


def _entries(path: Path) -> tuple[Entry, ...]:
    found = []
    try:
        real = path.resolve()
        for it in (real, *real.parents):
            state = os.stat(it)
            found.append(Entry(str(it), stat.S_IMODE(state.st_mode), state.st_uid, state.st_gid))
    except (OSError, ValueError):
        return ()
    return tuple(found)


def _seems_to_hold_secrets(path: Path) -> bool:
    """For a file with errors, whose meaning is not known: is there a URL with a password in a line of it?"""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, encoding="utf-8", errors="replace") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return False
            lines = file.read(_MOST_CHARACTERS).split("\n")
    except OSError:
        return False
    return any(mask_url(line) != line for line in lines if not line.lstrip().startswith("#"))
