"""Searches one target for a stated time: `python -m tests.fuzz.run message 1800`. Needs atheris.

What it learns stays in `.fuzz/<target>` of the working folder, and the next search goes on from there. A find
ends the search with exit code 77 and lies in `.fuzz/<target>-find-*`; put it into `tests/fuzz/regressions`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pnp_responder"]):
    from tests.fuzz.seeds import MOST_OCTETS, dictionary, seeds
    from tests.fuzz.targets import TARGETS

SLOWEST = 30
"""Seconds on the wall that one input may take: the machine has other work, too."""


def main(target: str, seconds: int) -> None:
    """Never returns: libFuzzer ends the process."""
    learned = Path(".fuzz") / target
    planted = Path(".fuzz") / f"{target}-seeds"
    for folder in (learned, planted):
        folder.mkdir(parents=True, exist_ok=True)
    for name, octets in seeds(target).items():
        (planted / name).write_bytes(octets)
    arguments = [
        sys.argv[0],
        str(learned),
        str(planted),
        f"-max_total_time={seconds}",
        f"-max_len={MOST_OCTETS}",
        f"-timeout={SLOWEST}",
        f"-dict={dictionary(target)}",
        f"-artifact_prefix=.fuzz/{target}-find-",
        "-print_final_stats=1",
    ]
    atheris.Setup(arguments, TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
