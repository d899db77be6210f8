"""What `systemctl show` prints, in words."""

from __future__ import annotations

import pytest

from pnp_responder.doctor.unit import unit_words


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ("LoadState=loaded\nActiveState=active\nResult=success\nExecMainStatus=0\nNRestarts=0\n", ""),
        ("LoadState=not-found\nActiveState=inactive\n", "systemd knows no unit pnp-responder"),
        (
            "LoadState=loaded\nActiveState=inactive\nResult=success\nExecMainStatus=0\nNRestarts=0\n",
            "systemd says inactive",
        ),
        (
            "LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainStatus=78\nNRestarts=0\n",
            "systemd says failed (exit-code), it ended with 78: the rules file is missing or has errors",
        ),
        (
            "LoadState=loaded\nActiveState=failed\nResult=watchdog\nExecMainStatus=6\nNRestarts=10\n",
            "systemd says failed (watchdog), it ended with 6, after 10 restarts",
        ),
        ("", ""),
    ],
)
def test_words(shown: str, words: str) -> None:
    assert unit_words(shown) == words
