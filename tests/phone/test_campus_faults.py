from __future__ import annotations

import pytest

from pnp_responder.phone.campus_faults import CampusFaults


def ok(number: int, tag: str) -> bytes:
    return f"SIP/2.0 200 OK\r\nCall-ID: {number}\r\nTo: <sip:a;tag=no@b>;x=1;tag={tag}\r\n\r\n".encode()


def notify(number: int, branch: str) -> bytes:
    via = f"v: SIP/2.0/UDP b;branch={branch};rport"
    return f"NOTIFY sip:a SIP/2.0\r\nCall-ID: {number}\r\n{via}\r\n\r\n".encode()


def found(*payloads: bytes) -> list[str]:
    faults = CampusFaults()
    for payload in payloads:
        faults.hear(payload)
    return [f"{fault.item} {fault.saw}" for fault in faults]


def test_nothing_to_say() -> None:
    assert found(ok(1, "a"), ok(2, "b"), ok(2, "b"), notify(1, "x"), notify(2, "y"), notify(2, "y")) == []


def test_one_tag_for_all() -> None:
    assert found(*(ok(n, "a") for n in range(5))) == ["R3 4 responses with the tag of another"]


def test_one_branch_for_all() -> None:
    assert found(*(notify(n, "x") for n in range(5))) == ["N6 4 NOTIFYs with the branch of another"]


@pytest.mark.parametrize("octets", [b"", b"\xff" * 9, b"SIP/2.0 200 OK\r\n\r\n", b"NOTIFY \r\n\r\n"])
def test_octets_without_either(octets: bytes) -> None:
    assert found(octets, octets + b"x") == []
