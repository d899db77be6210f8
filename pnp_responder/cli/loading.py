"""The rules for commands of people, who need not be allowed to read the secrets of the service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pnp_responder.cli.console import say

if TYPE_CHECKING:
    from pnp_responder.service.configuration import Configuration


def load_for_people(path: Path) -> Configuration:
    """As `load_configuration`, but `***` stands for a secret that cannot be had, and stderr says so."""
    from pnp_responder.service.configuration import load_configuration

    configuration = load_configuration(path, lenient=True)
    say_missing(configuration)
    return configuration


def say_missing(configuration: Configuration) -> None:
    """Say on stderr which secrets could not be had."""
    from pnp_responder.escaping import escape

    for reason in configuration.missing:
        say(f"pnp-responder: *** stands for a secret: {escape(reason)}")
