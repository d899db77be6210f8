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
