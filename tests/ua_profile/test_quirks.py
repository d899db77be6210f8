"""Each row is there because a packet of the corpus needs it."""

from __future__ import annotations

import pytest

from pnp_responder.sip import Request, parse_message
from pnp_responder.ua_profile.quirks import MAC_PLACES, PARAMETER_ALIASES, MacPlace, ParameterAlias
from tests.corpus_reader import CORPUS, PHONES
from tests.examples import request

PHONE_OF = {phone.name: phone for phone in PHONES}


def evidence(name: str) -> Request:
    message = parse_message((CORPUS / f"{name}.subscribe").read_bytes())
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize("place", MAC_PLACES, ids=lambda place: place.name)
def test_evidence_needs_the_place(place: MacPlace) -> None:
    """No place before it holds a MAC; this one does, and it is the right one."""
    message = evidence(place.evidence)
    found = [(other.name, other.read(message)) for other in MAC_PLACES]
    first = next((name, mac) for name, mac in found if mac is not None)
    assert first == (place.name, PHONE_OF[place.evidence].mac)


@pytest.mark.parametrize("alias", PARAMETER_ALIASES, ids=lambda alias: alias.written)
def test_evidence_needs_the_alias(alias: ParameterAlias) -> None:
    names = [parameter.name.lower() for parameter in evidence(alias.evidence).event.parameters]
    assert alias.written in names
    assert alias.meant not in names


def test_order_of_the_places() -> None:
    names = [place.name for place in MAC_PLACES]
    assert names == ["From", "To", "Request-URI", "Contact", "+sip.instance", "User-Agent"]


NOBODY = "<sip:pnp@224.0.1.75>"
START = "SUBSCRIBE sip:pnp@224.0.1.75 SIP/2.0"


def found_in(place: str, **rows: str | None) -> str | None:
    """What that place, and no other one, holds."""
    (reader,) = (other.read for other in MAC_PLACES if other.name == place)
    message = request(**({"start": START, "From": NOBODY, "To": NOBODY} | rows))
    return reader(message)


@pytest.mark.parametrize(
    "user",
    [
        "MAC%3a00A859112233@lan",
        "MAC%3A00a859112233@lan",
        "mac%3a00a859112233@lan",
        "MAC:00a859112233@lan",
        "MAC=00a859112233@lan",
        "MAC%3d00a859112233@lan",
        "MAC00a859112233@224.0.1.75",
        "Mac:00-A8-59-11-22-33@lan",
        "MAC%3A00%3aa8%3A59%3a11%3A22%3a33@lan",
        "MAC:00:a8:59:11:22:33@lan",
        "MAC:00a859112233;phone-context=x@lan",
        "MAC:00a8.5911.2233@lan",
        "MAC%20:%2000a859112233@lan",
        "00a859112233@lan",
        "00:A8:59:11:22:33@lan",
        "00-a8-59-11-22-33@lan",
        "%300a859112233@lan",
        # Where the host should be.
        "MAC%3a00A859112233",
        "MAC:00a859112233",
        "MAC=00a859112233;transport=udp",
        "MAC%3a00a859112233:5060",
        "MAC%3a00a859112233?x=y",
        "00a859112233",
        "00-a8-59-11-22-33:5060",
        # RFC 6080 5.1.4.2
        "urn%3auuid%3A00000000-0000-1000-8000-00a859112233@example.com",
    ],
)
@pytest.mark.parametrize("scheme", ["sip", "SIPS"])
def test_spellings(user: str, scheme: str) -> None:
    assert found_in("From", From=f"<{scheme}:{user}>;tag=x") == "00a859112233"
    assert found_in("To", To=f'"A" <{scheme}:{user}>') == "00a859112233"
    assert found_in("Request-URI", start=f"SUBSCRIBE {scheme}:{user} SIP/2.0") == "00a859112233"
    assert found_in("Contact", Contact=f"<{scheme}:{user}>") == "00a859112233"


@pytest.mark.parametrize(
    "uri",
    [
        "sip:pnp@00a859112233",  # a host beside a user part is free text
        "sip:MAC:00a85911223@lan",
        "sip:MAC:00a8591122334@lan",
        "sip:MAC:00a85911223g@lan",
        "sip:MAC:@lan",
        "sip:MAC:00a859112233x@lan",
        "sip:MAC%00:00a859112233@lan",
        "sip:MAC:%d9%a0%d9%a00a859112233@lan",
        "sip:MAC%253a00a859112233@lan",  # escapes decode once
        "sip:00a859112233%00@lan",
        "sip:224.0.1.75:5060",
        "sip:10.10.10.10:5060@lan",
        "sip:512@192.0.2.1",
        "tel:00a859112233",
        "urn:uuid:00000000-0000-1000-8000-00a859112233",
        "sip:urn%3auuid%3A00000000-0000-4000-8000-00a859112233@example.com",  # version 4 is random
    ],
)
def test_what_is_no_mac(uri: str) -> None:
    assert found_in("From", From=f"<{uri}>") is None
    assert found_in("Request-URI", start=f"SUBSCRIBE {uri} SIP/2.0") is None


@pytest.mark.parametrize(
    ("instance", "mac"),
    [
        ('"<urn:uuid:00000000-0000-1000-8000-00A859112233>"', "00a859112233"),
        ('"<URN:UUID:f81d4fae-7dec-11d0-a765-00a859112233>"', "00a859112233"),
        ('"<urn:uuid:f81d4fae-7dec-41d0-a765-00a859112233>"', None),
        ('"<urn:uuid:f81d4fae-7dec-11d0-a765-00a8591122>"', None),
        ('"00a859112233"', None),
        ('""', None),
    ],
)
def test_sip_instance(instance: str, mac: str | None) -> None:
    assert found_in("+sip.instance", Contact=f"<sip:192.0.2.45>;+sip.instance={instance}") == mac
    assert found_in("+sip.instance", Contact=f"<sip:192.0.2.45>;+SIP.Instance={instance}") == mac
    assert found_in("+sip.instance", Contact="<sip:192.0.2.45>") is None


@pytest.mark.parametrize("place", ["Contact", "+sip.instance"])
def test_no_contact(place: str) -> None:
    assert found_in(place, Contact=None) is None


@pytest.mark.parametrize(
    ("agent", "mac"),
    [
        ("Acme Phone 1.2 00a859112233", "00a859112233"),
        ("Acme Phone 1.2 00:A8:59:11:22:33", "00a859112233"),
        ("Acme Phone 1.2 00-a8-59-11-22-33 ", "00a859112233"),
        ("Acme/1.2;00A859112233", "00a859112233"),
        ("Acme/1.2 (Rev0; 00a859112233)", "00a859112233"),
        ("Acme/1.2 (00a859112233)", "00a859112233"),
        ("Acme/1.2 (MAC=00a859112233; SER= 00000; HW=255)", "00a859112233"),
        ("Acme mac: 00:a8:59:11:22:33, x", "00a859112233"),
        ("00a859112233", "00a859112233"),
        ("Acme 00a859112233 1.2", None),
        ("Acme X00a859112233", None),
        ("Acme 1200a859112233", None),
        ("Acme MAC=00a8591122334455", None),
        ("Acme/1.2 (10.10.10.10:5060)", None),  # an address
        ("Acme/1.2", None),
        ("", None),
        (None, None),
    ],
)
def test_user_agent(agent: str | None, mac: str | None) -> None:
    assert found_in("User-Agent", User_Agent=agent) == mac


def test_tags_branches_and_call_ids_are_never_searched() -> None:
    message = request(
        start=START,
        Via="SIP/2.0/UDP 192.0.2.45;branch=z9hG4bK00a859112233",
        From=NOBODY + ";tag=00a859112233",
        To=NOBODY,
        Call_ID="00a859112233@00a859112233",
        Subject="00a859112233",
    )
    assert [place.read(message) for place in MAC_PLACES] == [None] * len(MAC_PLACES)
