"""`check --against`: which devices would be answered otherwise by another rules file."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pnp_responder.cli.devices import capture_rows, explanations, log_enrollments
from pnp_responder.cli.rule_tests import beside
from pnp_responder.enrollment import Decision, Enrollment, Offer
from pnp_responder.rules import Place, Problem, RulesError

if TYPE_CHECKING:
    from pnp_responder.rules import RuleSet
    from pnp_responder.rules.guards import Guards
    from pnp_responder.service.configuration import Configuration

_NOTHING = "-"


class Answer(NamedTuple):
    """What a file says to a device. `guards`: of the rule, where it offers a URL, and only if they allow."""

    decision: Decision
    guards: Guards | None


class Change(NamedTuple):
    """A device that two files answer otherwise."""

    enrollment: Enrollment
    old: Answer
    new: Answer


class Comparison(NamedTuple):
    """`devices` were compared; `changes` are those whose answer is another one."""

    devices: int
    changes: tuple[Change, ...]


def compare(
    old: tuple[Path, Configuration],
    new: tuple[Path, Configuration],
    captures: Sequence[Path],
    logs: Sequence[Path],
) -> Comparison:
    """Both files' answers to the devices of their tests, of captures and of logs.

    Raises RulesError where something of it cannot be read.
    """
    answer_before, answer_after = _answers(old[1].rules), _answers(new[1].rules)
    devices = set()
    changes: dict[Hashable, Change] = {}
    for enrollment in _distinct(_enrollments(old, new, captures, logs)):
        device = _device(enrollment)
        devices.add(device)
        before, after = answer_before(enrollment), answer_after(enrollment)
        if _noticed(before) != _noticed(after):
            changes.setdefault((device, before, after), Change(enrollment, before, after))
    return Comparison(len(devices), tuple(changes.values()))


def _enrollments(
    old: tuple[Path, Configuration],
    new: tuple[Path, Configuration],
    captures: Sequence[Path],
    logs: Sequence[Path],
) -> Iterator[Enrollment]:
    for path, configuration in (new, old):
        for expectation in (*configuration.expectations, *beside(path)):
            for explanation in explanations(expectation, configuration.rules):
                if explanation.enrollment is not None and explanation.decision is not None:
                    yield explanation.enrollment
    if captures:
        yield from (row.enrollment for row in capture_rows(captures) if row.enrollment is not None)
    for path in logs:
        try:
            yield from log_enrollments(path)
        except OSError as error:
            message = f"cannot be read: {error.strerror or error}"
            raise RulesError([Problem(Place(str(path), 1, 1), message)]) from None


def _distinct(enrollments: Iterable[Enrollment]) -> Iterator[Enrollment]:
    """The same facts once; from which port it asked makes no difference."""
    seen = set()
    for enrollment in enrollments:
        key = enrollment._replace(remote=enrollment.remote and enrollment.remote._replace(port=0))
        if key not in seen:
            seen.add(key)
            yield enrollment


def _device(enrollment: Enrollment) -> Hashable:
    """Equal for what people take for one device, although a log and a capture know different things of it."""
    device = enrollment.device
    return device if device.mac else (device, enrollment.remote and enrollment.remote.host)


def _answers(rules: RuleSet) -> Callable[[Enrollment], Answer]:
    """What the rules say; their options are not judged here but told."""
    guards = {rule.name: rule.guards for rule in rules.rules if rule.guards is not None}

    def answer(enrollment: Enrollment) -> Answer:
        decision = rules.decide(enrollment)
        return Answer(decision, guards.get(decision.rule) if isinstance(decision, Offer) else None)

    return answer


def _noticed(answer: Answer) -> object:
    """What the device notices: not the rule's name. No rule and `ignore` differ for who asks by unicast."""
    decision = answer.decision
    if isinstance(decision, Offer):
        return decision.url, answer.guards
    return decision.status, decision.rule is None


def rows(comparison: Comparison, show_secrets: bool) -> list[list[str]]:
    """The changes as a table, its head first."""
    head = ["MAC", "VENDOR", "MODEL", "VERSION", "SOURCE", "OLD RULE", "OLD ANSWER", "NEW RULE", "NEW ANSWER"]
    found = [head]
    for enrollment, old, new in comparison.changes:
        device = enrollment.device
        cells = [device.mac.joined(":") if device.mac else "", device.vendor, device.model, device.version]
        cells.append(enrollment.remote.host if enrollment.remote else "")
        for answer in (old, new):
            cells += [answer.decision.rule or "", _words(answer, show_secrets)]
        if cells[-3] == cells[-1]:
            cells[-1] += " (another secret)"
        found.append([cell or _NOTHING for cell in cells])
    return found


def _words(answer: Answer, show_secrets: bool) -> str:
    decision = answer.decision
    if isinstance(decision, Offer):
        url = decision.url if show_secrets else decision.masked
        return url if answer.guards is None else f"{url} ({answer.guards})"
    if decision.rule is None:
        return "no rule matches"
    return "ignore" if decision.status is None else f"reject {decision.status}"


def as_json(comparison: Comparison, show_secrets: bool) -> dict[str, Any]:
    """The comparison for programs."""
    return {
        "devices": comparison.devices,
        "changes": [
            {
                "mac": enrollment.device.mac,
                "vendor": enrollment.device.vendor or None,
                "model": enrollment.device.model or None,
                "version": enrollment.device.version or None,
                "source": enrollment.remote.host if enrollment.remote else None,
                "old": _decision(old, show_secrets),
                "new": _decision(new, show_secrets),
            }
            for enrollment, old, new in comparison.changes
        ],
    }


def _decision(answer: Answer, show_secrets: bool) -> dict[str, Any]:
    decision = answer.decision
    return {
        "rule": decision.rule,
        "answer": _words(answer, show_secrets),
        "url": _words(answer._replace(guards=None), show_secrets) if isinstance(decision, Offer) else None,
        "options": None if answer.guards is None else str(answer.guards),
        "status": None if isinstance(decision, Offer) else decision.status,
    }
