"""TABLES OF DATA about phones: the only place in `rules` where vendors have names.

Names are in lower case, as they compare. A vendor stands here only where its own documents, or
traffic seen, are sure.
"""

from __future__ import annotations

KNOWN_MACROS: dict[str, frozenset[str]] = {
    # What a vendor's phones replace in a URL by themselves, spelled as they want it.
    "fanvil": frozenset({"$mac", "$input"}),  # Auto Provision Directions v1.2, 4.2
    "planet": frozenset({"$mac", "$input"}),  # made by the vendor above
    "snom": frozenset({"{mac}", "{model}"}),  # "Auto provisioning: SIP PnP"
    "grandstream": frozenset(),  # takes a folder, adds the file's name
    "panasonic": frozenset({"{mac}", "{MODEL}", "{fwver}"}),  # KX-HDV230 guide, p. 37; minds the case
    "yealink": frozenset({"$PN", "$MAC", "$pn", "$mac"}),  # spelling not seen on the wire
}

FOLDER_URL_VENDORS = frozenset({"grandstream"})
"""They take the URL as a folder and silently ignore one that does not end in '/'."""

OUI_VENDORS: dict[str, str] = {
    # The first three octets of a MAC -> who alone sells phones under them (IEEE registry).
    "000413": "snom",
    "00a859": "fanvil",
    "0c383e": "fanvil",
    "001565": "yealink",
    "805e0c": "yealink",
    "805ec0": "yealink",
    "249ad8": "yealink",
    "000b82": "grandstream",
    "c074ad": "grandstream",
    "ec74d7": "grandstream",
    "00908f": "audiocodes",
    "7c2f80": "gigaset",
}

SURE_VENDORS = frozenset(OUI_VENDORS.values())
"""A MAC of another of these under one of these names is a slip; any other name may be a re-label."""
