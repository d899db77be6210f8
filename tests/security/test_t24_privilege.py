"""T24: the service needs no privilege: it serves as nobody, without capabilities, under the unit's filter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.outside import confined
from tests.outside.phone import Phone, plain_subscribe
from tests.outside.server import Server, confinement
from tests.security.hostile_lan import PHONE

UNIT = Path(__file__).parents[2] / "systemd" / "pnp-responder.service"
WANTED = (
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "NoNewPrivileges=yes",
    "User=pnp-responder",
    "UMask=0077",
    "LimitCORE=0",
    "ProtectSystem=strict",
    "SyslogLevelPrefix=no",
)


def test_it_serves_without_any_privilege(server: Server, phone: Phone) -> None:
    if not confinement():
        pytest.skip(f"no confinement here: {confined.why_not()}")
    rows = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8").split("\n")
    status = dict(row.split(":\t", 1) for row in rows if ":\t" in row)
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {str(confined.NOBODY)}
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    phone.send(plain_subscribe(PHONE, 5060, "022400000001", "t24-nobody"))
    phone.hear_exchange()


@pytest.mark.parametrize("line", WANTED)
def test_the_unit_asks_for_none(line: str) -> None:
    assert line in UNIT.read_text(encoding="utf-8").split("\n")
