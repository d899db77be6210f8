"""Judgements about the rules file: is it good, and who may read and write it?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from pnp_responder.doctor.facts import Entry, User
from pnp_responder.doctor.finding import Finding, Verdict
from pnp_responder.rules import Problem
from pnp_responder.service.configuration import Configuration

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN


class RulesFile(NamedTuple):
    """The rules file as found. `path` is None if there is none. `configuration` is None, and `problems` say
    why, if it has errors. `hidden`: this user may not read it. `absent`:
    there is nothing at `path`. `secrets`: it holds a URL with a password.
    `entries`: the file itself, then its folders up to the root. `secret_files`: what its variables name."""

    path: Path | None
    configuration: Configuration | None = None
    problems: tuple[Problem, ...] = ()
    hidden: bool = False
    absent: bool = False
    secrets: bool = False
    entries: tuple[Entry, ...] = ()
    secret_files: tuple[Entry, ...] = ()


def judge_rules(file: RulesFile) -> Finding:
    """Is the file good?"""

    def found(verdict: Verdict, evidence: str, remedy: str = "") -> Finding:
        return Finding("rules", "", verdict, evidence, remedy)

    if file.path is None:
        return found(
            FAIL,
            _first(file.problems),
            "sudo install -m 0640 -g pnp-responder rules.yaml /etc/pnp-responder/",
        )
    path = quote(str(file.path))
    if file.absent:
        return found(
            FAIL, _first(file.problems), f"sudo install -D -m 0640 -g pnp-responder rules.yaml {path}"
        )
    if file.hidden:
        return found(UNKNOWN, f"{file.path}: this user may not read it", f"sudo pnp-responder check {path}")
    if file.configuration is None:
        return found(FAIL, _first(file.problems), f"pnp-responder check {path}")
    warnings = file.configuration.warnings
    if warnings:
        return found(WARN, _first(warnings), f"pnp-responder check {path}")
    number = len(file.configuration.rules.rules)
    return found(PASS, f"{file.path}: good: {number or 'no'} rule{'' if number == 1 else 's'}")


def _first(problems: Sequence[Problem]) -> str:
    more = len(problems) - 1
    return str(problems[0]) + (f" (and {more} more)" if more else "")


def judge_permissions(file: RulesFile, user: User | None) -> Finding:
    """May the service read the file, and nobody else change it or see its passwords? By mode bits alone.

    `user` is who the service runs as, None if that is not known.
    """

    def found(verdict: Verdict, evidence: str, remedy: str = "") -> Finding:
        return Finding("permissions", "", verdict, evidence, remedy)

    if not file.entries:
        return found(UNKNOWN, "there is no rules file that could be looked at")
    entry, *folders = file.entries
    path = quote(entry.path)
    for it in file.entries:
        # In a folder with the sticky bit (/tmp) one cannot replace another user's file.
        if it.mode & 0o002 and not (it is not entry and it.mode & 0o1000):
            what = "rewrite it" if it is entry else "put another file in its place"
            return found(
                FAIL,
                f"{it.path} (mode {it.mode:04o}) is writable by everyone: any user of this host may {what} "
                "and so own every phone",
                f"sudo chmod o-w {quote(it.path)}",
            )
    if user is not None:
        blocked = next((it for it in folders if not _may(user, it, 0o1)), None)
        if blocked is not None:
            return found(
                FAIL,
                f"user {user.name}, as whom the service runs, may not enter {blocked.path} (mode "
                f"{blocked.mode:04o})",
                f"sudo chmod o+x {quote(blocked.path)}",
            )
        if not _may(user, entry, 0o4):
            return found(
                FAIL,
                f"user {user.name}, as whom the service runs, may not read {entry.path} (mode "
                f"{entry.mode:04o})",
                _for(user, path),
            )
    if entry.mode & 0o004 and file.secrets:
        return found(
            WARN,
            f"{entry.path} (mode {entry.mode:04o}) holds passwords, and every user of this host may read it",
            _for(user, path),
        )
    for it in file.secret_files:
        if user is not None and not _may(user, it, 0o4):
            return found(
                FAIL,
                f"user {user.name}, as whom the service runs, may not read {it.path} (mode {it.mode:04o}), "
                "which holds a secret of the rules",
                _for(user, quote(it.path)),
            )
        if it.mode & 0o004:
            return found(
                WARN,
                f"{it.path} (mode {it.mode:04o}) holds a secret of the rules, and every user of this host "
                "may read it",
                _for(user, quote(it.path)),
            )
    who = f"user {user.name} may read it" if user is not None else "the service's user is not known"
    return found(PASS, f"{entry.path}: mode {entry.mode:04o}; {who}")


def _for(user: User | None, path: str) -> str:
    """The command that leaves the file at `path` to its owner and to the service."""
    if user is None or (user.uid and not user.group):
        return (
            f"sudo chmod o-r {path}   # and give it to the group that the service runs as: chgrp GROUP {path}"
        )
    return (f"sudo chgrp {quote(user.group)} {path} && " if user.uid else "") + f"sudo chmod 0640 {path}"


def _may(user: User, entry: Entry, bit: int) -> bool:
    if user.uid == 0:
        return True
    if user.uid == entry.uid:
        return bool(entry.mode & bit << 6)
    if entry.gid in user.gids:
        return bool(entry.mode & bit << 3)
    return bool(entry.mode & bit)
