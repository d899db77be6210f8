"""Fixtures that many tests of the core use."""

from __future__ import annotations

import pytest
from hypothesis import settings

from pnp_responder.responder import Responder
from tests import examples

# The machine that runs the tests may be slow or busy: what a test costs is no matter of taste of the moment.
settings.register_profile("pnp", deadline=None)
settings.load_profile("pnp")


@pytest.fixture
def engine() -> Responder:
    """A responder that offers one URL to everybody."""
    return examples.responder()
