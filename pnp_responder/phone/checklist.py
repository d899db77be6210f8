"""THE CHECKLIST: what a server that answers SIP PnP has to do, item by item, each with its source.

The letters: T transport, M message form, R responses, X server transaction, S SUBSCRIBE, N the NOTIFY,
C its client transaction, P the ua-profile package, U what phones make of the URL (practice, no RFC).
"""

from __future__ import annotations

from typing import NamedTuple


class Item(NamedTuple):
    """`source` is where it is demanded, `matters` what goes wrong without it."""

    source: str
    matters: str


CHECKLIST: dict[str, Item] = {
    "T4": Item("RFC 3261 18.2.1", "a phone behind another address is not reached"),
    "T5": Item("RFC 3581 4", "the phone asked for the port it was heard from, and cannot tell it"),
    "T6": Item("RFC 3261 18.2.2, RFC 3581 4", "the response does not reach the phone"),
    "T9": Item("RFC 3581 4", "phones and firewalls drop what comes from where they did not send"),
    "T13": Item("RFC 3261 18.1.1", "a datagram this long may be cut or lost on its way"),
    "T14": Item("RFC 3261 18.1.1", "the phone's answer goes astray"),
    "T16": Item("RFC 2543 10.2.2", "it ends the search although another server may know the phone"),
    "M14": Item("RFC 3261 18.3", "a phone may drop it or cut the URL"),
    "M18": Item("RFC 3261 7.3.1", "which of the two a phone believes is luck"),
    "M21": Item("RFC 3261 7", "a strict phone drops it"),
    "R1": Item("RFC 3261 8.2.6.2", "the phone cannot tell what was answered"),
    "R2": Item("RFC 3261 8.2.6.2", "without a tag there is no dialog for the NOTIFY to belong to"),
    "R3": Item("RFC 3261 19.3", "two dialogs may be taken for one"),
    "R4": Item("RFC 3261 8.2.6.2", "the phone drops a response that it cannot match"),
    "R5": Item("RFC 3261 12.1.1", "the phone does not know whom it has subscribed with"),
    "R6": Item("RFC 6665 3.1.1", "the phone does not know how long it is subscribed"),
    "R7": Item("RFC 6665 8.2.1, 8.2.3", "a strict phone takes it for an error"),
    "R10": Item("RFC 3261 8.2.4", "a phone has to refuse what requires an unknown extension"),
    "S1": Item("RFC 6665 4.2.1.1, 8.3.1", "202 is no more; phones of today know 200"),
    "S5": Item("RFC 6665 4.2.1.1", "the first answer wins, and some phones wait five seconds in all"),
    "S6": Item("RFC 6665 3.1.1", "the phone keeps a subscription that it did not ask for"),
    "S10": Item("RFC 6665 4.2.1.2", "the phone waits in vain"),
    "S11": Item("RFC 6665 4.2.1", "the phone does not know what it belongs to"),
    "X2": Item("RFC 3261 17.2.2", "a lost 200 makes a second story of one phone"),
    "X7": Item("RFC 4320 4.1, 4.2", "the phone stops asking again, and a lost 200 is lost for good"),
    "N1": Item("RFC 3261 12.2.1.1", "a phone with several lines cannot tell which is meant"),
    "N2": Item("RFC 3261 12.2.1.1", "the NOTIFY is outside of the dialog: strict phones say 481"),
    "N3": Item("RFC 3261 12.2.1.1", "the NOTIFY is outside of the dialog: strict phones say 481"),
    "N4": Item("RFC 3261 12.2.1.1", "the NOTIFY belongs to no SUBSCRIBE"),
    "N5": Item("RFC 3261 12.2.1.1", "the NOTIFY seems to come by way of a proxy that is not there"),
    "N6": Item("RFC 3261 8.1.1.7", "the phone's answer goes astray or cannot be matched"),
    "N7": Item("RFC 3261 8.1.1.6", "a mandatory header is missing"),
    "N8": Item("RFC 6665 8.2.1, RFC 3265 7.1", "a mandatory header is missing"),
    "N9": Item("RFC 6665 3.2.1", "a phone answers 489 to an event that it did not ask for"),
    "N10": Item("RFC 6665 4.2.2, 4.4.3", "the phone cannot tell that no other NOTIFY will come"),
    "N11": Item("RFC 6665 3.2.1", "a phone answers 415 or fetches nothing"),
    "N13": Item("RFC 3261 20.15, 20.14", "a phone may not know what the body is, or where it ends"),
    "N14": Item("RFC 3265 7.1", "it has no meaning there"),
    "N15": Item("practice", "some phones drop a NOTIFY before the 200"),
    "C1": Item("RFC 3261 17.1.2.2", "one lost datagram, and the phone stays without a URL"),
    "C7": Item("RFC 3261 17.1.2.2", "a repeat with other octets is another NOTIFY"),
    "P9": Item("RFC 6080 6.9", "which of them a phone obeys is a race"),
    "P12": Item("RFC 6080 5.2.2", "everybody on the LAN can read the password"),
    "U1": Item("practice", "the phone fetches nothing"),
    "U2": Item("practice", "the phone ignores the URL without a word"),
    "U3": Item("practice", "the phone asks the server for a file that is not there"),
    "U4": Item("practice", "the phone may not know how to fetch it"),
    "U5": Item("practice", "some phones take the line end as part of the URL"),
    "U6": Item("practice", "the phone has a URL, and no configuration"),
    "U7": Item("practice", "a phone that looks for changes takes it for a new one each time"),
}


class Fault(NamedTuple):
    """What was seen and what was expected, under an item of the checklist. Text of strangers in `saw` is as
    it came: escape it. `urls` are what it is about, where that is more than one, with their passwords."""

    item: str
    saw: str
    expected: str
    urls: tuple[str, ...] = ()
