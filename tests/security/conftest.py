"""One hostile LAN and one responder on it, for all tests here that need the wire."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outside.namespaces import REQUIRED, Namespace, why_not
from tests.outside.phone import Phone
from tests.outside.rules_for_all import rules_text
from tests.outside.server import Server
from tests.security.hostile_lan import ELSEWHERE, PHONE, HostileLan, hostile_lan

# One address plays many phones here.
SERVICE = "{allow: [198.51.100.0/24], tcp: true, limits: {rate: 100000, burst: 100000}}"


@pytest.fixture(scope="session")
def lan() -> Iterator[HostileLan]:
    reason = why_not()
    if reason is not None:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{REQUIRED}=1, but {reason}")
        pytest.skip(reason)
    with hostile_lan() as made:
        yield made


@pytest.fixture(scope="session")
def silent_resolver(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The words before a program that give it a resolver which takes questions and never answers."""
    folder = tmp_path_factory.mktemp("resolver")
    resolv, order = folder / "resolv.conf", folder / "nsswitch.conf"
    resolv.write_text(f"nameserver {ELSEWHERE}\noptions timeout:1 attempts:1\n", encoding="utf-8")
    order.write_text("hosts: dns\n", encoding="utf-8")
    mounts = " && ".join(
        f"mount --bind {made} /etc/{made.name}" for made in (resolv, order) if _etc(made).exists()
    )
    return ["sh", "-c", f'{mounts} && exec "$@"', "sh"]


def _etc(made: Path) -> Path:
    return Path("/etc") / made.name


class LonelyServer(Server):
    """Starts behind other words: those of `silent_resolver`."""

    def __init__(self, host: Namespace, rules: str, before: list[str]) -> None:
        super().__init__(host, rules)
        self._before = [*before, *self._before]


@pytest.fixture(scope="session")
def server(lan: HostileLan, silent_resolver: list[str]) -> Iterator[Server]:
    """Serves everybody on the link and in 198.51.100.0/24, by UDP and TCP, as an unprivileged user.

    Whatever it would look up in the DNS takes long and is seen on the victim's link.
    """
    with LonelyServer(lan.server, rules_text(service=SERVICE), silent_resolver) as running:
        yield running


@pytest.fixture
def phone(lan: HostileLan, server: Server) -> Iterator[Phone]:
    with Phone(lan.phone, PHONE) as made:
        yield made
