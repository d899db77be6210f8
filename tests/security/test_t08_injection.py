"""T8: whatever octets stand in a field, we send the headers that we mean, and a URL that the rule means."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from pnp_responder.datagram import Datagram
from pnp_responder.events import EnrollmentOffered
from pnp_responder.rules import RuleSet
from tests import strict
from tests.examples import heard, responder
from tests.security.test_t13_log_and_terminal import MESSAGES

URL = "http://192.0.2.1/{{ vendor }}/{{ model | upper }}?v={{ version | lower }}&t={{ profile_type }}"
RULES = RuleSet.from_text(
    f"""
rules:
  - {{match: {{not: {{mac: none}}}}, url: "{URL}"}}
  - {{name: 'a "b" ü%', url: "{URL}/{{{{ rule }}}}"}}
""",
    "rules.yaml",
)
FROM_PHONES = {"Via", "From", "To", "Call-ID", "CSeq", "Event", "Route", "Record-Route"}


def answers() -> Iterator[tuple[bytes, EnrollmentOffered | None, tuple[Datagram, ...]]]:
    for multicast in (True, False):
        engine = responder(RULES.decide, transactions=100_000)
        for number, octets in enumerate(MESSAGES):
            output = engine.receive_datagram(heard(octets, multicast=multicast), number * 0.05)
            offered = [event for event in output.events if isinstance(event, EnrollmentOffered)]
            yield octets, offered[0] if offered else None, output.datagrams


@pytest.fixture(scope="module")
def answered() -> list[tuple[bytes, EnrollmentOffered | None, tuple[Datagram, ...]]]:
    return list(answers())


def test_every_octet_of_every_field_leaves_our_messages_whole(
    answered: list[tuple[bytes, EnrollmentOffered | None, tuple[Datagram, ...]]],
) -> None:
    served = 0
    for octets, offered, datagrams in answered:
        for datagram in datagrams:
            sent = strict.read(datagram.payload)
            if offered is None:
                assert not sent.start.startswith("NOTIFY "), octets
                assert sent.body == b""
        if offered is not None:
            served += 1
            ok, notify = (strict.read(datagram.payload) for datagram in datagrams)
            strict.check_200(ok)
            strict.check_notify(notify, offered.offer.url)
    assert served > len(MESSAGES) // 2


def test_every_octet_of_every_field_stays_in_its_place_of_the_url(
    answered: list[tuple[bytes, EnrollmentOffered | None, tuple[Datagram, ...]]],
) -> None:
    seen: set[str] = set()
    for _, offered, _ in answered:
        if offered is None:
            continue
        device = offered.enrollment.device
        said = (device.vendor, device.model.upper(), device.version.lower(), offered.enrollment.profile_type)
        vendor, model, version, kind = (quote(text, safe="") for text in said)
        expected = f"http://192.0.2.1/{vendor}/{model}?v={version}&t={kind}"
        assert offered.offer.url in (expected, f"{expected}/a%20%22b%22%20%C3%BC%25")
        assert offered.offer.url.isascii()
        seen.update(device.vendor + device.model + device.version)
    assert set("/?#&%@:;=+.'()") <= seen
