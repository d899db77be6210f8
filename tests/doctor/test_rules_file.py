"""What is said of the rules file, by its text and by its mode bits."""

from __future__ import annotations

from pathlib import Path

import pytest

from pnp_responder.doctor.facts import Entry, User
from pnp_responder.doctor.finding import Verdict
from pnp_responder.doctor.rules_file import RulesFile, judge_permissions, judge_rules
from pnp_responder.rules import RulesError
from pnp_responder.service.configuration import read_configuration

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN
SERVICE = User("pnp-responder", 990, frozenset({990}), "pnp-responder")
ROOT = User("root", 0, frozenset({0}), "root")
PATH = Path("/etc/pnp-responder/rules.yaml")


def rules(text: str) -> RulesFile:
    try:
        return RulesFile(PATH, read_configuration(text, str(PATH)))
    except RulesError as error:
        return RulesFile(PATH, problems=error.problems)


@pytest.mark.parametrize(
    ("file", "verdict", "words"),
    [
        (rules("rules: []"), PASS, "good: no rules"),
        (rules("rules: [{ignore: true}]"), PASS, "good: 1 rule"),
        (rules("rules: [{url: 'http://user:secret@h/'}]"), WARN, "credentials"),
        (rules("rules: [{nme: a, ignore: true}, {x: 1, ignore: true}]"), FAIL, "and 1 more"),
        (RulesFile(PATH, hidden=True), UNKNOWN, "may not read it"),
    ],
)
def test_rules(file: RulesFile, verdict: Verdict, words: str) -> None:
    found = judge_rules(file)
    assert found.verdict is verdict
    assert words in found.evidence
    assert "secret" not in found.evidence


def file(mode: int, uid: int = 0, gid: int = 990, *, folder: int = 0o755, secrets: bool = False) -> RulesFile:
    folders = (Entry("/etc/pnp-responder", folder, 0, 0), Entry("/etc", 0o755, 0, 0), Entry("/", 0o755, 0, 0))
    return RulesFile(PATH, secrets=secrets, entries=(Entry(str(PATH), mode, uid, gid), *folders))


@pytest.mark.parametrize(
    ("found_file", "user", "verdict", "words"),
    [
        (file(0o640), SERVICE, PASS, "user pnp-responder may read it"),
        (file(0o640, gid=0), SERVICE, FAIL, "may not read"),
        (file(0o600), SERVICE, FAIL, "may not read"),
        (file(0o600, uid=990), SERVICE, PASS, "may read it"),
        (file(0o044, uid=990), SERVICE, FAIL, "may not read"),  # the owner's bits count for the owner alone
        (file(0o604), SERVICE, FAIL, "may not read"),  # and the group's for the group
        (file(0o600), ROOT, PASS, "user root may read it"),
        (file(0o644, folder=0o700), SERVICE, FAIL, "may not enter /etc/pnp-responder"),
        (file(0o644), None, PASS, "not known"),
        (file(0o644, secrets=True), SERVICE, WARN, "holds passwords"),
        (file(0o644, secrets=True), None, WARN, "holds passwords"),
        (file(0o640, secrets=True), SERVICE, PASS, "may read it"),
        (file(0o666), ROOT, FAIL, "may rewrite it"),
        (file(0o644, folder=0o777), ROOT, FAIL, "another file in its place"),
        (file(0o644, folder=0o1777), ROOT, PASS, "may read it"),
        (RulesFile(None), SERVICE, UNKNOWN, "no rules file"),
    ],
)
def test_permissions(found_file: RulesFile, user: User | None, verdict: Verdict, words: str) -> None:
    found = judge_permissions(found_file, user)
    assert found.verdict is verdict
    assert words in found.evidence


def test_the_remedy_is_for_a_shell() -> None:
    """A name with blanks and more stays one word."""
    entry = Entry("/etc/a b; c/rules.yaml", 0o666, 0, 0)
    remedy = judge_permissions(RulesFile(PATH, entries=(entry,)), None).remedy
    assert remedy == "sudo chmod o-w '/etc/a b; c/rules.yaml'"


@pytest.mark.parametrize(
    ("user", "remedy"),
    [
        (SERVICE, f"sudo chgrp pnp-responder {PATH} && sudo chmod 0640 {PATH}"),
        (ROOT, f"sudo chmod 0640 {PATH}"),
        # Who has no group by name, or is not known at all: what can be done is done.
        (SERVICE._replace(group=""), f"sudo chmod o-r {PATH}   # and give it to the group"),
        (None, f"sudo chmod o-r {PATH}   # and give it to the group"),
    ],
)
def test_the_remedy_names_the_group_of_the_service(user: User | None, remedy: str) -> None:
    assert judge_permissions(file(0o644, secrets=True), user).remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("mode", "verdict", "words"),
    [
        (0o640, PASS, "may read it"),
        (0o600, FAIL, "may not read /etc/pnp-responder/token (mode 0600), which holds a secret of the rules"),
        (0o644, WARN, "holds a secret of the rules, and every user of this host may read it"),
    ],
)
def test_a_file_with_a_secret_of_the_rules_is_looked_at_as_well(
    mode: int, verdict: Verdict, words: str
) -> None:
    token = Entry("/etc/pnp-responder/token", mode, 0, 990)
    found = judge_permissions(file(0o644)._replace(secret_files=(token,)), SERVICE)
    assert found.verdict is verdict
    assert words in found.evidence
    if verdict is not PASS:
        assert found.remedy == f"sudo chgrp pnp-responder {token.path} && sudo chmod 0640 {token.path}"


def test_a_file_that_is_not_there_is_put_there() -> None:
    missing = RulesFile(PATH, problems=rules("rules: 7").problems, absent=True)
    found = judge_rules(missing)
    assert (found.verdict, found.remedy) == (
        FAIL,
        f"sudo install -D -m 0640 -g pnp-responder rules.yaml {PATH}",
    )
