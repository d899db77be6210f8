"""`pnp-responder schema`: what editors need to help with rules.yaml."""

from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema (draft-07) of rules.yaml, for editors."""
    from pnp_responder.rules.schema import rules_schema
    from pnp_responder.service.settings import settings_schema

    typer.echo(json.dumps(rules_schema(settings_schema()), indent=2, ensure_ascii=False))
