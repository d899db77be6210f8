"""Edge: the rules file, its mode and its folders."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pnp_responder.doctor.facts import Entry
from pnp_responder.doctor.rules_file import RulesFile
from pnp_responder.rules import RulesError
from pnp_responder.service.configuration import find_rules_file, load_configuration


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
        return RulesFile(path, problems=error.problems, hidden=hidden, absent=absent, entries=entries)
    return RulesFile(path, configuration, secrets=configuration.holds_secrets, entries=entries)


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
