"""The corpus itself: complete, exact, and each message told once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.corpus_reader import CORPUS, HOSTILE, PHONES, SERVED, SILENT, Hostile, Phone

MAC = re.compile(r"[0-9a-f]{12}")


def test_every_message_has_its_truth_and_every_truth_its_message() -> None:
    folders = [folder for folder in CORPUS.iterdir() if folder.name != "hostile"]
    files: set[Path] = {path for folder in folders for path in folder.iterdir()}
    assert {path.with_suffix(".yaml") for path in files} | {
        path.with_suffix(".subscribe") for path in files
    } == files
    assert len(PHONES) >= 35


def test_every_hostile_message_is_in_the_table() -> None:
    assert {path.stem for path in (CORPUS / "hostile").glob("*.sip")} == {one.name for one in HOSTILE}
    assert len(HOSTILE) >= 60


def test_no_message_is_there_twice() -> None:
    octets = [*(phone.octets for phone in PHONES), *(message.octets for message in HOSTILE)]
    assert len(set(octets)) == len(octets)


@pytest.mark.parametrize("phone", PHONES, ids=lambda phone: phone.name)
def test_a_phone_is_described(phone: Phone) -> None:
    assert phone.octets.startswith(b"SUBSCRIBE ")
    assert b"\n" not in phone.octets.replace(b"\r\n", b""), "line ends were converted"
    assert phone.mac is None or MAC.fullmatch(phone.mac)
    assert phone.evidence
    assert phone.reason
    assert phone.answer == (phone.status is None)


@pytest.mark.parametrize("message", HOSTILE, ids=lambda message: message.name)
def test_a_hostile_message_has_outcomes_that_can_be(message: Hostile) -> None:
    for outcome in message.unicast:
        assert outcome in (SERVED, SILENT) or 200 <= int(outcome) <= 699
    assert message.multicast <= {SERVED, SILENT}, "an error to multicast is silent"
    assert message.why
