"""What differs in the SUBSCRIBEs of one kind of device, each value in a place of its own."""

from __future__ import annotations

from pnp_responder.datagram import PlainAddress
from pnp_responder.mac import SPELLINGS, Mac, digits_of
from pnp_responder.ua_profile.template import Values

SPELLED, VIA, END, BRANCH, FROM, FROM_TAG, TO, CALL_ID, NUMBER, CONTACT, AGENT = TAKEN = range(11)
"""Taken from a message, nearly always in this order: the MAC as From has it; Via; host and port of the source
with a colon between; the branch; From, and its tag; To; Call-ID; the number of CSeq; the URI of Contact;
User-Agent. One that does not differ, or is not there, is ""."""

HOST, PORT = range(AGENT + 1, AGENT + 3)
"""Of the source, each by itself."""

FIRST_SPELLING = PORT + 1
"""From here on: the MAC in each of the SPELLINGS, where it stands in another one than that of From."""

PLACES = FIRST_SPELLING + len(SPELLINGS)


def known_values(spelled: str, remote: PlainAddress) -> Values:
    """All that follows from the MAC in From ("" for none) and from the source; None in other places."""
    host, port = remote
    known = {SPELLED: spelled, END: f"{host}:{port}", HOST: host, PORT: str(port)}
    mac = Mac(digits_of(spelled))
    known |= {FIRST_SPELLING + at: spell(mac) for at, spell in enumerate(SPELLINGS)}
    return tuple(known.get(place) for place in range(PLACES))
