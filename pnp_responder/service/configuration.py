"""rules.yaml as a whole: settings and rules, with all problems of both in one run."""

from __future__ import annotations

import gc
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pnp_responder.masking import mask_url
from pnp_responder.rules.expectations import Expectation, read_expectations, read_expectations_file, read_test
from pnp_responder.rules.parsing import parse_document
from pnp_responder.rules.places import MAX_OCTETS
from pnp_responder.rules.problems import Place, Problem, RulesError
from pnp_responder.rules.ruleset import RuleSet
from pnp_responder.rules.variables import Resolve, stand_in
from pnp_responder.service.exposure import exposure
from pnp_responder.service.secret_sources import SecretSources
from pnp_responder.service.settings import Settings, read_settings

DEFAULT_FILES = (Path("rules.yaml"), Path("/etc/pnp-responder/rules.yaml"))
"""Where the rules are looked for if nobody says."""


def find_rules_file(given: Path | None = None) -> Path:
    """`given`, or the first of DEFAULT_FILES that exists. RulesError if there is none."""
    if given is not None:
        return given
    for path in DEFAULT_FILES:
        if path.exists():
            return path
    raise _unreadable(DEFAULT_FILES[0], f"not found, nor is there {DEFAULT_FILES[1]}")


@dataclass(frozen=True, slots=True)
class Configuration:
    """One rules.yaml. `warnings` are those of all its sections, sorted by place.

    `secret_files` were read for its variables. `exposures` warn of files with secrets that every user of
    this host may read; `missing` says which secrets could not be had, so that `***` stands for them.
    """

    settings: Settings
    rules: RuleSet
    warnings: tuple[Problem, ...]
    expectations: tuple[Expectation, ...] = ()
    secret_files: tuple[Path, ...] = ()
    exposures: tuple[Problem, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def holds_secrets(self) -> bool:
        """Does the file itself hold secrets?"""
        urls = (expectation.expected.url or "" for expectation in self.expectations)
        return self.rules.holds_secrets or any(mask_url(url) != url for url in urls)


def read_configuration(
    text: str, name: str, resolve: Resolve = stand_in, *, lenient: bool = False
) -> Configuration:
    """The configuration in `text`; `name` stands for its file. Raises RulesError with all problems.

    `resolve` gives the secrets that stand elsewhere; if `lenient`, what it cannot give is a warning.
    """
    document = parse_document(text, name, resolve, lenient=lenient, checks=_CHECKS)
    settings = read_settings(document.findings, document.section("service"))
    rules = RuleSet.from_document(document)
    expectations = read_expectations(document)
    document.findings.raise_errors()
    return Configuration(settings, rules, rules.warnings, expectations)


_CHECKS = {"service": lambda findings, node, _: read_settings(findings, node), "tests": read_test}


def load_configuration(path: Path, *, lenient: bool = False) -> Configuration:
    """The configuration in the file `path`, with the secrets that it names.

    Raises RulesError also where the file cannot be read: missing, no regular file, over 16 MiB,
    no UTF-8. Never waits on a pipe or a device. A secret that cannot be had is an error; if
    `lenient`, a warning.
    """
    sources = SecretSources(path.parent)
    with _without_garbage_collection():
        found = read_configuration(_read_text(path), str(path), sources, lenient=lenient)
    secret = [path] * found.holds_secrets + sources.files
    exposures = (exposure(file) for file in dict.fromkeys(secret))
    return replace(
        found,
        secret_files=tuple(sources.files),
        exposures=tuple(filter(None, exposures)),
        missing=tuple(sources.missing),
    )


def load_expectations(path: Path) -> tuple[Expectation, ...]:
    """The tests in the file `path`, which holds nothing else. Raises RulesError as the above does."""
    document = parse_document(_read_text(path), str(path), checks=_CHECKS)
    expectations = read_expectations_file(document)
    document.findings.raise_errors()
    return expectations


def _read_text(path: Path) -> str:
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _unreadable(path, "this is no regular file")
            # None from what the kernel makes up and has nothing of now, such as /proc/kmsg.
            octets: bytes | None = file.read(MAX_OCTETS + 1)
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise _unreadable(path, "cannot be read: no such name") from None
    if octets is None:
        raise _unreadable(path, "this is no file that can be read as a whole")
    if len(octets) > MAX_OCTETS:
        raise _unreadable(path, "the file is larger than 16 MiB")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        before = octets[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        message = f"octet 0x{octets[error.start]:02X} is not UTF-8"
        place = Place(str(path), line, column)
        raise RulesError([Problem(place, message, "save the file as UTF-8")]) from None


def _unreadable(path: Path, message: str) -> RulesError:
    return RulesError([Problem(Place(str(path), 1, 1), message)])


MANY_OBJECTS = 100_000
"""So many make the look for cycles noticeable: about 30 ms. About 4,000 rules make them."""


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Reading makes many objects and no cycles; looking for cycles doubles the time of a large file.

    Nor are they looked through later, if they are many: 50,000 rules would stop the service for 0.7 s.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if gc.get_count()[0] > MANY_OBJECTS:
                gc.freeze()
            gc.enable()
