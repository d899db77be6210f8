"""`pnp-responder check`: is this rules file good, and what would it change?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pnp_responder.cli.console import CONFIGURATION, USAGE, json_text, say, table
from pnp_responder.cli.loading import say_missing
from pnp_responder.escaping import escape

if TYPE_CHECKING:
    from pnp_responder.cli.comparison import Comparison
    from pnp_responder.rules import Problem
    from pnp_responder.service.configuration import Configuration


def check(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="default: ./rules.yaml, then /etc/pnp-responder/rules.yaml",
            readable=False,
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="count warnings as errors")] = False,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="OLD",
            help="list the devices that OLD answers otherwise",
            readable=False,
        ),
    ] = None,
    capture: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="with --against: the phones of a capture; may be repeated"),
    ] = None,
    log: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="with --against: the phones of a JSON log of `run`; may be repeated"
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="do not mask passwords")] = False,
) -> None:
    """Check a rules file: all problems, each with line and column. Exit 0, or 78 if there are errors.

    With --against OLD, also compare two files over the devices of their tests, of captures and of
    logs, and list each device whose answer would change. Changes are no errors.
    """
    from pnp_responder.rules import RulesError
    from pnp_responder.service.configuration import find_rules_file, load_configuration

    if against is None and (capture or log):
        raise typer.BadParameter("--capture and --log go with --against OLD")
    configuration: Configuration | None = None
    problems: tuple[Problem, ...]
    try:
        file = find_rules_file(file)
        configuration = load_configuration(file, lenient=True)
        problems = (*configuration.exposures, *configuration.warnings)
        say_missing(configuration)
    except RulesError as error:
        problems = error.problems
    errors = sum(problem.severity == "error" for problem in problems)
    good = not errors and not (strict and problems)
    rules = 0 if configuration is None else len(configuration.rules.rules)
    comparison = None
    if against is not None and file is not None and configuration is not None:
        comparison = _compare(against, file, configuration, capture or [], log or [])
    if json:
        name = None if file is None else str(file)
        listed = [problem_as_json(problem) for problem in problems]
        shown: dict[str, Any] = {"file": name, "good": good, "rules": rules, "problems": listed}
        if comparison is not None:
            from pnp_responder.cli.comparison import as_json

            shown["against"] = {"file": str(against), **as_json(comparison, show_secrets)}
        typer.echo(json_text(shown))
    else:
        for problem in problems:
            typer.echo(problem.render())
        warnings = _count(len(problems) - errors, "warning")
        if errors:
            typer.echo(
                f"{escape(str(file or 'rules.yaml'))}: {_count(errors, 'error')}, {warnings}", err=True
            )
        else:
            typer.echo(f"{escape(str(file))}: good: {_count(rules, 'rule')}, {warnings}", err=not good)
        if comparison is not None:
            _print_changes(comparison, against, show_secrets)
    if not good:
        raise typer.Exit(CONFIGURATION)


def _compare(
    against: Path, file: Path, configuration: Configuration, captures: list[Path], logs: list[Path]
) -> Comparison:
    from pnp_responder.cli.comparison import compare
    from pnp_responder.rules import RulesError
    from pnp_responder.service.configuration import load_configuration

    try:
        old = load_configuration(against, lenient=True)
        comparison = compare((against, old), (file, configuration), captures, logs)
    except RulesError as error:
        for problem in error.problems:
            say(problem.render())
        raise typer.Exit(CONFIGURATION) from None
    if not comparison.devices:
        say("pnp-responder: no device to compare for: give --capture or --log, or write tests of the rules")
        raise typer.Exit(USAGE)
    return comparison


def _print_changes(comparison: Comparison, against: Path | None, show_secrets: bool) -> None:
    from pnp_responder.cli.comparison import rows

    if comparison.changes:
        typer.echo()
        for line in table(rows(comparison, show_secrets)):
            typer.echo(line)
    changed = f"{len(comparison.changes):,}" if comparison.changes else "none"
    typer.echo(
        f"against {against}: {changed} of {_count(comparison.devices, 'device')} would be answered otherwise"
    )


def problem_as_json(problem: Problem) -> dict[str, Any]:
    """A problem for programs. Passwords in its words are masked."""
    from pnp_responder.masking import mask_source

    return {
        "severity": problem.severity,
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "message": mask_source(problem.message),
        "hint": mask_source(problem.hint) or None,
        "text": str(problem),
    }


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
