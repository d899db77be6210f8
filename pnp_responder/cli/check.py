"""`pnp-responder check`: is this rules file good?"""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pnp_responder.cli.console import CONFIGURATION

if TYPE_CHECKING:
    from pnp_responder.rules import Problem


def check(
    file: Annotated[
        Path | None, typer.Argument(help="default: ./rules.yaml, then /etc/pnp-responder/rules.yaml")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="count warnings as errors")] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Check a rules file: all problems, each with line and column. Exit 0, or 78 if there are errors."""
    from pnp_responder.rules import RulesError
    from pnp_responder.service.configuration import find_rules_file, load_configuration

    rules = 0
    problems: tuple[Problem, ...]
    try:
        file = find_rules_file(file)
        configuration = load_configuration(file)
        rules, problems = len(configuration.rules.rules), configuration.warnings
    except RulesError as error:
        problems = error.problems
    errors = sum(problem.severity == "error" for problem in problems)
    good = not errors and not (strict and problems)
    if json:
        name = None if file is None else str(file)
        listed = [problem_as_json(problem) for problem in problems]
        typer.echo(json_module.dumps({"file": name, "good": good, "rules": rules, "problems": listed}))
    else:
        for problem in problems:
            typer.echo(problem.render())
        warnings = _count(len(problems) - errors, "warning")
        if errors:
            typer.echo(f"{file or 'rules.yaml'}: {_count(errors, 'error')}, {warnings}", err=True)
        else:
            typer.echo(f"{file}: good: {_count(rules, 'rule')}, {warnings}", err=not good)
    if not good:
        raise typer.Exit(CONFIGURATION)


def problem_as_json(problem: Problem) -> dict[str, Any]:
    """A problem for programs. Passwords in its words are masked."""
    from pnp_responder.masking import mask_text

    return {
        "severity": problem.severity,
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "message": mask_text(problem.message),
        "hint": mask_text(problem.hint) or None,
        "text": str(problem),
    }


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
