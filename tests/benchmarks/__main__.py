"""Measure and print: `python -m tests.benchmarks`."""

from __future__ import annotations

import argparse
import datetime
import gc
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from pnp_responder import express
from tests.benchmarks.engine import EngineAlone, ParseOnly, Subject
from tests.benchmarks.figures import Part, Row, as_data, table
from tests.benchmarks.loopback import Server, floor, free_port, service
from tests.benchmarks.workload import Site, exact, mixed

Makers = Sequence[Callable[[], Subject]]


def main() -> None:
    """Measure what the command line asks for."""
    options = _options()
    parts = []
    if "engine" in options.parts:
        parts.append(_engine(options))
    if "service" in options.parts:
        parts.append(_service(options))
    if options.json:
        told = {"machine": _machine(), "rounds": options.rounds, "parts": [as_data(part) for part in parts]}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    _say(_machine())
    _say(f"One exchange is SUBSCRIBE, 200, NOTIFY, 200. Medians of {options.rounds} rounds.\n")
    for part in parts:
        _say(table(part) + "\n")
        with_journal, without = part.row("1,000 exact MACs"), part.row("1,000 exact MACs, no journal")
        if with_journal and without:
            _say(f"Journal on over journal off: {with_journal.over(without):.2f}\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help="engine, service [both]")
    parser.add_argument("--rounds", type=int, default=15, help="how often each subject has its turn [15]")
    parser.add_argument("--exchanges", type=int, default=1500, help="of one turn [1500]")
    parser.add_argument(
        "--alive", type=int, default=100_000, help="the larger number of SUBSCRIBEs remembered"
    )
    parser.add_argument("--quick", action="store_true", help="without the subjects that take long to prepare")
    parser.add_argument("--json", action="store_true", help="each round's figures as JSON")
    options = parser.parse_args()
    options.parts = options.parts or ["engine", "service"]
    if set(options.parts) - {"engine", "service"}:
        parser.error("the parts are: engine, service")
    return options


def _engine(options: argparse.Namespace) -> Part:
    ten, thousand = exact(10), exact(1000)
    makers: list[Callable[[], Subject]] = [
        lambda: ParseOnly(ten),
        lambda: EngineAlone(ten, 100),
        lambda: EngineAlone(thousand, 100),
    ]
    if not options.quick:
        makers += [
            lambda: EngineAlone(exact(10_000), 100),
            lambda: EngineAlone(mixed(1000), 100),
            lambda: EngineAlone(mixed(10_000), 100),
            lambda: EngineAlone(ten, options.alive),
        ]
    with ExitStack() as stack:
        rows = _take_turns(stack, makers, options)
    return Part("engine alone", rows[:1], rows[1:])


def _service(options: argparse.Namespace) -> Part:
    ten, thousand = exact(10), exact(1000)

    def run(site: Site, name: str = "", *more: str) -> Callable[[], Server]:
        return lambda: service(name or site.name, site, free_port(), *more)

    makers: list[Callable[[], Subject]] = [
        lambda: floor("floor: canned", ten, free_port(), "canned"),
        lambda: floor("floor: plain parse, canned", ten, free_port(), "parse"),
        run(ten),
        run(thousand),
        run(thousand, f"{thousand.name}, no journal", "--log-level", "error"),
    ]
    if not options.quick:
        makers += [run(exact(10_000)), run(mixed(1000)), run(mixed(10_000))]
    with ExitStack() as stack:
        rows = _take_turns(stack, makers, options)
    return Part("service over loopback", rows[:2], rows[2:])


def _take_turns(stack: ExitStack, makers: Makers, options: argparse.Namespace) -> list[Row]:
    subjects = []
    for make in makers:
        subject = make()
        stack.callback(subject.close)
        subjects.append(subject)
        _progress(f"{subject.name}: ready")
    # As the service does: what is there from the start need not be looked through for garbage.
    gc.collect()
    gc.freeze()
    figures: list[list[float]] = [[] for _ in subjects]
    for turn in range(options.rounds):
        for subject, figure in zip(subjects, figures, strict=True):
            figure.append(subject.measure(options.exchanges))
        _progress(f"round {turn + 1} of {options.rounds}")
    for subject in subjects:
        if isinstance(subject, Server) and subject.lost:
            _progress(f"{subject.name}: {subject.lost} phones got no answer; its figure is too low")
    return [Row(subject.name, figure) for subject, figure in zip(subjects, figures, strict=True)]


def _machine() -> str:
    """Date, machine and version, for whoever reads the table later."""
    model = next(_lines_of("/proc/cpuinfo", "model name"), platform.machine())
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    today = datetime.datetime.now(tz=datetime.UTC).date()
    compiled = "" if (express.__file__ or "").endswith(".py") else ", compiled"
    return (
        f"{today}, commit {commit or 'unknown'}{compiled}, {platform.python_implementation()} "
        f"{platform.python_version()}, {os.cpu_count()} cores of {model}, Linux {platform.release()}"
    )


def _lines_of(path: str, key: str) -> Iterator[str]:
    for line in Path(path).read_text(encoding="utf-8", errors="replace").split("\n"):
        name, _, value = line.partition(":")
        if name.strip() == key:
            yield value.strip()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _progress(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
