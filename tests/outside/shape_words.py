"""The words that `shapes` puts SUBSCRIBEs together from: what phones have been seen to say, and worse."""

from __future__ import annotations

PORTS = (5060, 5059, 5062, 5080, 1053)
COMPACT = {
    **{"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Event": "o"},
    **{"Content-Length": "l", "Supported": "k"},
}
VENDORS = (
    "Fanvil",
    "yealink",
    "Yealink",
    "snom",
    "Snom",
    "OEM",
    "Grandstream",
    "PLANET",
    "Akuvox",
    "Htek",
    "ATCOM",
)
MODELS = (
    "VOIP PHONE",
    "T21D",
    "W52P",
    "snom370",
    "GRP2612W",
    "420HD",
    "R20K",
    "KX-HDV230",
    "SIP-T32G",
    "X4U",
)
VERSIONS = (
    "V2.0.114.51",
    "34.72.14.6",
    "8.7.5.48",
    "03.23.0005",
    "1.2.1_build_6",
    "32.70.0.228",
    "1.10",
    "7",
)
# What may stand in a quoted string and must come out of the URL as it went in.
AWKWARD = (
    *(
        "Ac;me",
        "a, b",
        "<x>",
        'say "hi"',
        "back\\slash",
        "a=b",
        "100%",
        "%41",
        "é",
        "電話",
        "it's",
        "a/b?c#d",
    ),
    *("$mac", "{mac}", "{{ mac }}", "&amp;", "a+b", "~tilde", "x:y@z", "[0]", "`", "|"),
)
# Where a User-Agent holds the MAC.
AGENTS_WITH_MAC = (
    "snomM700/03.23.0005 (MAC={upper}; SER= 00000; HW=255)",
    "Gigaset N870 IP PRO/83.V2.43.0+build.5f0a106;{upper}",
    "Fanvil X4U 2.12.1.3 {mac}",
    "Yealink SIP-T53W 96.87.0.16 {colons}",
    "Fanvil X4U 2.12.1.3 {hyphens}",
)
