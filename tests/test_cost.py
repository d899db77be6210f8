"""What one exchange costs, in calls, memory and system calls: counts, for seconds wobble.

One exchange is SUBSCRIBE in, 200 and NOTIFY out, 200 in. The bounds are what was counted and a little more: a
change that passes one makes every phone dearer, as `make bench` shows in seconds.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from pnp_responder.datagram import Datagram, SocketAddress
from pnp_responder.responder import Responder
from tests.benchmarks.engine import LOCAL, PORT, new_engine
from tests.benchmarks.loopback import free_port, service
from tests.benchmarks.workload import Site, answer, exact, mixed, subscribe

EXCHANGES = 200

MOST_PYTHON_CALLS = 41
MOST_CALLS = 102
# Of a phone whose answer is out, and of one that has answered.
MOST_BLOCKS, MOST_BLOCKS_SERVED = 14, 9
MOST_OCTETS, MOST_OCTETS_SERVED = 1_400, 900
MOST_SYSTEM_CALLS = 10.0


class Phones:
    """Phones of `site` that ask an engine, one after the other."""

    def __init__(self, engine: Responder, site: Site) -> None:
        self._engine, self._site = engine, site
        self._next = 0

    def ask(self, count: int) -> list[bytes]:
        """The NOTIFYs that so many new phones get, for `confirm`."""
        asked = []
        for i in range(self._next, self._next + count):
            phone = self._site.phone(i)
            asked.append(Datagram(subscribe(phone, i, PORT), SocketAddress(phone.host, PORT), LOCAL, True))
        self._next += count
        return [self._engine.receive_datagram(datagram, 1.0).datagrams[1].payload for datagram in asked]

    def confirm(self, notifies: list[bytes]) -> None:
        """The phones' 200 to each."""
        for i, notify in enumerate(notifies, self._next - len(notifies)):
            source = SocketAddress(self._site.phone(i).host, PORT)
            self._engine.receive_datagram(Datagram(answer(notify), source, LOCAL), 1.0)


def calls_of(work: Callable[[], object]) -> tuple[int, int]:
    """Calls of functions of the package during `work`; and these with what they call outside of it."""
    ours = outside = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal ours, outside
        if event == "call":
            if "pnp_responder" in frame.f_code.co_filename:
                ours += 1
            elif frame.f_back is not None and "pnp_responder" in frame.f_back.f_code.co_filename:
                outside += 1
        elif event == "c_call" and "pnp_responder" in frame.f_code.co_filename:
            outside += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return ours, ours + outside


def cost_in_calls(site: Site) -> tuple[float, float]:
    phones = Phones(new_engine(site), site)
    phones.confirm(phones.ask(EXCHANGES))  # what is cached is cached now
    ours, everything = calls_of(lambda: phones.confirm(phones.ask(EXCHANGES)))
    return ours / EXCHANGES, everything / EXCHANGES


def test_an_exchange_takes_few_calls() -> None:
    ours, everything = cost_in_calls(exact(10))
    assert ours <= MOST_PYTHON_CALLS
    assert everything <= MOST_CALLS


def test_more_rules_take_no_more_calls() -> None:
    ours, everything = cost_in_calls(exact(10))
    assert cost_in_calls(exact(2000)) == pytest.approx((ours, everything), abs=1.0)


def test_mixed_rules_are_not_all_asked() -> None:
    few, many = cost_in_calls(mixed(1000)), cost_in_calls(mixed(4000))
    assert many[1] <= few[1] + 10


def test_a_repeat_takes_fewer_calls_than_a_new_request() -> None:
    site = exact(10)
    engine = new_engine(site)
    phones = Phones(engine, site)
    first = calls_of(lambda: phones.ask(1))
    phone = site.phone(0)
    again = Datagram(subscribe(phone, 0, PORT), SocketAddress(phone.host, PORT), LOCAL, True)
    repeat = calls_of(lambda: engine.receive_datagram(again, 1.2))
    assert repeat[1] < first[1]


@pytest.mark.parametrize(
    ("confirmed", "most_octets", "most_blocks"),
    [(False, MOST_OCTETS, MOST_BLOCKS), (True, MOST_OCTETS_SERVED, MOST_BLOCKS_SERVED)],
    ids=["asked", "served"],
)
def test_a_phone_is_remembered_in_little(confirmed: bool, most_octets: int, most_blocks: int) -> None:
    site = exact(10)
    phones = Phones(new_engine(site), site)
    phones.confirm(phones.ask(EXCHANGES))
    gc.collect()
    blocks = sys.getallocatedblocks()
    tracemalloc.start()
    try:
        octets = tracemalloc.get_traced_memory()[0]
        notifies = phones.ask(EXCHANGES)
        if confirmed:
            phones.confirm(notifies)
        del notifies
        gc.collect()
        octets = tracemalloc.get_traced_memory()[0] - octets
    finally:
        tracemalloc.stop()
    blocks = sys.getallocatedblocks() - blocks
    assert octets / EXCHANGES <= most_octets
    assert blocks / EXCHANGES <= most_blocks


@pytest.mark.skipif(shutil.which("strace") is None, reason="no `strace`")
def test_an_exchange_takes_few_system_calls(tmp_path: Path) -> None:
    site = exact(10)
    server = service("service", site, free_port())
    try:
        table = tmp_path / "calls"
        argv = ["strace", "-f", "-c", "-qq", "-o", str(table), "-p", str(server.pid)]
        with subprocess.Popen(argv, env={**os.environ, "LC_ALL": "C"}) as strace:
            while "TracerPid:\t0" in Path(f"/proc/{server.pid}/status").read_text(encoding="ascii"):
                if strace.poll() is not None:
                    pytest.skip("strace may not look at another process here")
                time.sleep(0.02)
            server.measure(EXCHANGES)
            strace.terminate()
        calls: Counter[str] = Counter()
        for row in table.read_text(encoding="ascii").split("\n"):
            if found := re.fullmatch(r" *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)", row):
                calls[found[2]] += int(found[1])
    finally:
        server.close()
    del calls["total"]
    assert not server.lost
    # Beside the 200 and the NOTIFY, netlink is asked for the links now and then.
    assert 2 * EXCHANGES <= calls["sendto"] <= 2.1 * EXCHANGES, calls
    assert calls.total() / EXCHANGES <= MOST_SYSTEM_CALLS, calls
