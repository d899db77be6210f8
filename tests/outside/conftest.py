"""The test network: a server with two links, and the phones' side of each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.outside.namespaces import REQUIRED, Namespace, Network, why_not

SERVER = "192.168.1.118"
PHONE = "192.168.1.45"
OTHER_SERVER = "10.20.0.1"
OTHER_PHONE = "10.20.0.45"
VICTIM = "203.0.113.9"
VICTIM_PORTS = (9, 5060, 7777)


@dataclass(frozen=True)
class Lan:
    """`server` has eth1 (192.168.1.118) and eth2 (10.20.0.1). `phones` is on eth1, `others` on eth2.

    The default route leads to `phones`, which also owns VICTIM: what is sent to a third party arrives there.
    """

    server: Namespace
    phones: Namespace
    others: Namespace


@pytest.fixture(scope="session")
def lan() -> Iterator[Lan]:
    reason = why_not()
    if reason is not None:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{REQUIRED}=1, but {reason}")
        pytest.skip(reason)
    with Network() as network:
        made = Lan(network.host(), network.host(), network.host())
        phones = [f"{PHONE}/24", *(f"192.168.1.{number}/24" for number in range(46, 100))]
        network.wire(made.server, "eth1", [f"{SERVER}/24"], made.phones, "eth0", phones)
        network.wire(made.server, "eth2", [f"{OTHER_SERVER}/24"], made.others, "eth0", [f"{OTHER_PHONE}/24"])
        made.phones.run("ip", "address", "add", f"{VICTIM}/32", "dev", "lo")
        made.server.run("ip", "route", "add", "default", "via", PHONE)
        yield made
