"""`pnp-responder schema`: what editors need to help with rules.yaml and its tests."""

from __future__ import annotations

from typing import Annotated

import typer

from pnp_responder.cli.console import json_text


def schema(
    tests: Annotated[bool, typer.Option("--tests", help="of rules.test.yaml instead")] = False,
) -> None:
    """Print the JSON Schema (draft-07) of rules.yaml, for editors."""
    from pnp_responder.rules.schema import rules_schema
    from pnp_responder.rules.tests_schema import tests_file_schema
    from pnp_responder.service.settings import settings_schema

    shown = tests_file_schema() if tests else rules_schema(settings_schema())
    typer.echo(json_text(shown, indent=2))
