"""`pnp-responder test`: do the rules say what they are expected to say?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from pnp_responder.cli.console import CONFIGURATION, json_text, say
from pnp_responder.cli.loading import load_for_people
from pnp_responder.escaping import escape
from pnp_responder.masking import mask_url

if TYPE_CHECKING:
    from pnp_responder.cli.explanation import Explanation
    from pnp_responder.rules import RuleSet
    from pnp_responder.rules.expectations import Expectation, Expected

FAILED = 1
MOST_SHOWN = 5
"""Devices of one capture that are shown in full where they fail."""


class Difference(NamedTuple):
    """One thing that came out otherwise, for one device."""

    what: str
    wanted: str
    got: str


class Result(NamedTuple):
    """A test with what went wrong: for each device that fails, how it was decided, and the differences."""

    expectation: Expectation
    devices: int
    failures: tuple[tuple[Explanation | None, tuple[Difference, ...]], ...]


def run_tests(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="the rules; default: ./rules.yaml, then /etc/pnp-responder/rules.yaml", readable=False
        ),
    ] = None,
    tests: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="the tests [default: rules.test.yaml beside rules.yaml, if there is one]",
            readable=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="do not mask passwords")] = False,
) -> None:
    """Run the tests of a rules file: `tests:` in it, and the file of tests beside it.

    Each test gives a device, a message or a capture and what is to come out; the same code decides
    as in service. Exit codes: 0 all passed, 1 some failed, 78 one of the files has errors.
    """
    from pnp_responder.rules import RulesError
    from pnp_responder.service.configuration import find_rules_file

    try:
        path = find_rules_file(file)
        configuration = load_for_people(path)
        expectations = (*configuration.expectations, *beside(path, tests))
        if not expectations:
            say(f"{path}: no tests; write them to {tests_beside(path)} or under `tests:`")
            raise typer.Exit(CONFIGURATION)
        results = run_all(expectations, configuration.rules)
    except RulesError as error:
        for problem in error.problems:
            typer.echo(problem.render(), err=True)
        raise typer.Exit(CONFIGURATION) from None
    failed = sum(bool(result.failures) for result in results)
    if json:
        _print_json(results, show_secrets)
    else:
        for result in results:
            _print_text(result, show_secrets)
        parts = [f"{len(results) - failed:,} passed"] + [f"{failed:,} failed"] * bool(failed)
        typer.echo(f"{escape(str(path))}: {', '.join(parts)}")
    if failed:
        raise typer.Exit(FAILED)


def tests_beside(path: Path) -> Path:
    """`rules.test.yaml` for `rules.yaml`."""
    return path.with_name(f"{path.stem}.test{path.suffix}")


def beside(path: Path, given: Path | None = None) -> tuple[Expectation, ...]:
    """The tests in `given`, else in the file beside `path`; none if there is no such file."""
    from pnp_responder.service.configuration import load_expectations

    if given is not None:
        return load_expectations(given)
    found = tests_beside(path)
    return load_expectations(found) if found.exists() else ()


def run_all(expectations: tuple[Expectation, ...], rules: RuleSet) -> list[Result]:
    """Raises RulesError with all messages and captures that cannot be read."""
    from pnp_responder.cli.devices import explanations
    from pnp_responder.rules import RulesError

    results = []
    problems: list[Any] = []
    for expectation in expectations:
        try:
            answers = explanations(expectation, rules)
        except RulesError as error:
            problems += error.problems
            continue
        failures = [
            (answer, found) for answer in answers if (found := _differences(expectation.expected, answer))
        ]
        if not answers:
            lacks = "the phone" if expectation.phone else "a phone"
            missing = (Difference("device", f"{lacks} in {expectation.file}", "none that asks"),)
            results.append(Result(expectation, 0, ((None, missing),)))
            continue
        results.append(Result(expectation, len(answers), tuple(failures)))
    if problems:
        raise RulesError(problems)
    return results


def _differences(expected: Expected, answer: Explanation) -> tuple[Difference, ...]:
    from pnp_responder.enrollment import Decline, Offer

    decision = answer.decision
    rule = decision.rule if decision is not None else None
    found = []
    if expected.rule is not None and expected.rule != rule:
        # Who expects a rule 'none' means that no rule is to match.
        nobody = "no rule, which is `expect: {none: true}`" if expected.rule == "none" else "none"
        found.append(Difference("rule", expected.rule, rule or nobody))
    got = answer.outcome
    if isinstance(decision, Offer):
        got = f"url {decision.url}"
    elif isinstance(decision, Decline) and got == "reject":
        got = f"reject {decision.status}"
    if isinstance(decision, Offer) and expected.url == decision.masked:
        return tuple(found)  # a test need not know the secrets
    wanted = {
        None: None,
        "url": f"url {expected.url}",
        "reject": f"reject {expected.status}",
    }.get(expected.outcome, expected.outcome)
    if wanted is not None and wanted != got:
        found.append(Difference("answer", wanted, got))
    return tuple(found)


def _print_text(result: Result, show_secrets: bool) -> None:
    import sys

    from pnp_responder.cli.console import styled
    from pnp_responder.cli.explanation import text_lines

    if not result.failures:
        return
    expectation = result.expectation
    many = f" ({len(result.failures)} of {result.devices} devices)" if result.devices > 1 else ""
    failed = styled("FAILED", "bad", sys.stdout)
    typer.echo(f"{expectation.place}: {failed} {escape(expectation.name)}{many}")
    for answer, differences in result.failures[:MOST_SHOWN]:
        mask = mask_url if answer is None else answer.mask
        for what, wanted, got in differences:
            shown = (wanted, got) if show_secrets else (mask(wanted), mask(got))
            typer.echo(f"    {what}: expected {escape(shown[0])}")
            hint = "   (another secret: --show-secrets)" if shown[0] == shown[1] else ""
            typer.echo(f"    {'':{len(what)}}  got      {escape(shown[1])}{hint}")
        for line in [] if answer is None else text_lines(answer._replace(datagrams=None), True, show_secrets):
            typer.echo(f"      {line}".rstrip())
        typer.echo()
    if len(result.failures) > MOST_SHOWN:
        typer.echo(f"    and {len(result.failures) - MOST_SHOWN} more devices\n")


def _print_json(results: list[Result], show_secrets: bool) -> None:
    from pnp_responder.cli.explanation import as_json

    def shown(answer: Explanation | None, text: str) -> str:
        return text if show_secrets else (mask_url if answer is None else answer.mask)(text)

    failed = sum(bool(result.failures) for result in results)
    listed = [
        {
            "name": result.expectation.name,
            "file": result.expectation.place.file,
            "line": result.expectation.place.line,
            "column": result.expectation.place.column,
            "devices": result.devices,
            "passed": not result.failures,
            "failures": [
                {
                    "differences": [
                        {"what": what, "expected": shown(answer, wanted), "got": shown(answer, got)}
                        for what, wanted, got in differences
                    ],
                    "explanation": None if answer is None else as_json(answer, show_secrets),
                }
                for answer, differences in result.failures
            ],
        }
        for result in results
    ]
    whole = {"good": not failed, "passed": len(results) - failed, "failed": failed, "tests": listed}
    typer.echo(json_text(whole))
