"""Devices to decide about, from wherever an administrator has them: tests, messages, captures, logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pnp_responder.cli.explanation import Explanation, explain_enrollment, explain_message
from pnp_responder.datagram import Local, SocketAddress
from pnp_responder.enrollment import USUAL_PROFILE, Device, Enrollment
from pnp_responder.mac import Mac
from pnp_responder.rules import Place, Problem, RulesError, RuleSet

if TYPE_CHECKING:
    from pnp_responder.capture.phone_row import PhoneRow
    from pnp_responder.rules.expectations import Expectation

MAX_MESSAGE = 65_535
_LONGEST_LINE = 65_536
_ESCAPE = re.compile(r"\\(?:(\\)|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_EVENTS = {f"enrollment_{said}" for said in ("offered", "declined", "suspicious", "deferred")}


def explanations(expectation: Expectation, rules: RuleSet) -> list[Explanation]:
    """What `rules` say to each device of a test. Raises RulesError where its file cannot be read."""
    given, stated = expectation.enrollment, expectation.circumstances
    if expectation.given == "device":
        return [explain_enrollment(rules, given, stated)]
    path = Path(expectation.place.file).parent / expectation.file
    if expectation.given == "message":
        payload = _read_message(expectation, path)
        return [explain_message(rules, payload, given.remote, given.local, stated)]
    found = []
    for row in capture_rows([path], expectation.file_place or expectation.place):
        if row.enrollment is None:
            if expectation.phone is None:
                found.append(Explanation(None, None, refusal=row.reason))
        elif expectation.phone in (None, row.enrollment.device.mac):
            known = row.enrollment._replace(local=given.local or row.enrollment.local)
            known = known._replace(remote=given.remote or known.remote)
            found.append(explain_enrollment(rules, known, stated))
    return found


def _read_message(expectation: Expectation, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_MESSAGE + 1)
    except OSError as error:
        problem = _problem(expectation, f"{path} cannot be read: {error.strerror or error}")
        raise RulesError([problem]) from None
    if len(octets) > MAX_MESSAGE:
        raise RulesError([_problem(expectation, f"{path} is longer than any UDP datagram")])
    return octets


def _problem(expectation: Expectation, message: str) -> Problem:
    return Problem(expectation.file_place or expectation.place, message)


def capture_rows(paths: Sequence[Path], place: Place | None = None) -> list[PhoneRow]:
    """The phones of captures; nobody knows our address there, and the interface only if a file tells it.

    Raises RulesError where a capture cannot be read, at `place` if that names it.
    """
    from pnp_responder.capture.replay import Replay
    from pnp_responder.cli.capture_input import CaptureInput
    from pnp_responder.enrollment import Decline
    from pnp_responder.limits import Limits
    from pnp_responder.sip import Identifiers

    source = CaptureInput(paths)
    # Each phone of a capture counts, however many ask from behind one address.
    limits = Limits(rate=1_000_000, burst=1_000_000)
    replay = Replay(lambda enrollment: Decline("not asked"), identifiers=Identifiers(bytes), limits=limits)
    rows = [row for captured in source for row in replay.feed(captured)]
    rows += replay.end()
    if source.damaged:
        raise RulesError(Problem(place or Place(str(paths[0]), 1, 1), text) for text in source.problems)
    for row in rows:
        if row.enrollment is not None:
            local = Local(row.interface, SocketAddress("", 5060)) if row.interface else None
            row.enrollment = row.enrollment._replace(local=local, remote=row.source)
    return rows


def log_enrollments(path: Path) -> Iterator[Enrollment]:
    """The devices in a log that `run` wrote as JSON lines. Lines of anything else are passed over.

    Raises OSError.
    """
    with path.open("rb") as file:
        while line := file.readline(_LONGEST_LINE):
            enrollment = _logged(line)
            if enrollment is not None:
                yield enrollment


def _logged(line: bytes) -> Enrollment | None:
    start = line.find(b"{")
    if start < 0 or b"enrollment_" not in line:
        return None
    try:
        entry = json.loads(line[start:])
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or entry.get("event") not in _EVENTS:
        return None
    try:
        mac = Mac.parse(entry["mac"]) if isinstance(entry.get("mac"), str) else None
        host = _text(entry, "source").partition(":")[0]
        remote = SocketAddress(str(IPv4Address(host)), 5060) if host else None
    except ValueError:
        return None
    interface = _text(entry, "interface")
    return Enrollment(
        Device(mac, _text(entry, "vendor"), _text(entry, "model"), _text(entry, "version")),
        _text(entry, "profile_type") if "profile_type" in entry else USUAL_PROFILE,
        _text(entry, "user_agent"),
        remote,
        Local(interface, SocketAddress("", 5060)) if interface else None,
    )


def _text(entry: dict[str, Any], key: str) -> str:
    """A field of the log as the device said it: `escaping.escape` undone."""
    value = entry.get(key)
    return _ESCAPE.sub(_plain, value) if isinstance(value, str) else ""


def _plain(match: re.Match[str]) -> str:
    if match[1]:
        return "\\"
    code = int(match[2] or match[3] or match[4], 16)
    return chr(code) if code <= 0x10FFFF else match[0]
