"""Every message of the corpus gives exactly the facts that are in it."""

from __future__ import annotations

import re

import pytest

from pnp_responder.datagram import Datagram, Local, SocketAddress
from pnp_responder.errors import NotAnEnrollment
from pnp_responder.sip import Request, parse_message
from pnp_responder.ua_profile import read_enrollment
from tests.corpus_reader import PHONES, Phone

LOCAL = Local("eth0", SocketAddress("192.0.2.1", 5060))
REMOTE = SocketAddress("192.0.2.99", 5060)
USER_AGENT = re.compile(rb"\r\nUser-Agent: ([^\r\n]*)")


def datagram(phone: Phone) -> Datagram:
    return Datagram(phone.octets, REMOTE, LOCAL, multicast=True)


def request(phone: Phone) -> Request:
    message = parse_message(phone.octets)
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize("phone", [p for p in PHONES if p.answer], ids=lambda phone: phone.name)
def test_reads_what_the_phone_says(phone: Phone) -> None:
    enrollment = read_enrollment(request(phone), datagram(phone))
    assert enrollment.device == (phone.mac, phone.vendor, phone.model, phone.version)
    assert enrollment.profile_type == phone.profile_type
    found = USER_AGENT.search(phone.octets)
    assert enrollment.user_agent == (found.group(1).decode() if found else "")
    assert enrollment.remote == REMOTE
    assert enrollment.local == LOCAL


@pytest.mark.parametrize("phone", [p for p in PHONES if not p.answer], ids=lambda phone: phone.name)
def test_leaves_alone_who_is_no_phone(phone: Phone) -> None:
    with pytest.raises(NotAnEnrollment) as caught:
        read_enrollment(request(phone), datagram(phone))
    assert caught.value.status == phone.status
