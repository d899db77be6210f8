"""TABLE OF DATA: what the SUBSCRIBEs of desk phones look like, octet for octet but for the placeholders."""

from __future__ import annotations

from pnp_responder.phone.shape import Trust, Wire

SEEN, PARTLY, COMPOSED = Trust.SEEN, Trust.PARTLY, Trust.COMPOSED

_FANVIL = """\
SUBSCRIBE sip:MAC={mac}@{group} SIP/2.0
Via: SIP/2.0/{transport} {address};branch=z9hG4bK{digits1}{digits2}
From: <sip:MAC={mac}@{group}>
To: <sip:MAC={mac}@{group}>
Call-ID: {digits2}-{digits3}@{host}
CSeq: 1 SUBSCRIBE
Contact: <sip:{address}>
Max-Forwards: 70
User-Agent: {agent}
Expires: 0
Event:ua-profile;profile-type="device";vendor="{vendor}";model="{model}";version="{version}"
Accept: application/url
Content-Length: 0
"""
_SNOM = """\
SUBSCRIBE sip:MAC%3a{MAC}@{domain} SIP/2.0
Via: SIP/2.0/{transport} {address};rport
From: <sip:MAC%3a{MAC}@{domain}>;tag={digits1}
To: <sip:MAC%3a{MAC}@{domain}>
Call-ID: {digits2}@{host}
CSeq: 1 SUBSCRIBE
Event: ua-profile;profile-type="device";vendor="{vendor}";model="{model}";version="{version}"
Expires: 0
Accept: application/url
Contact: <sip:{address}>
User-Agent: {model}/{version}
Content-Length: 0
"""
_SNOM_OEM = _SNOM.replace("User-Agent: {model}/{version}\n", "")
_YEALINK = """\
SUBSCRIBE sip:MAC{mac}@{group} SIP/2.0
Via: SIP/2.0/{transport} {address};branch=z9hG4bK{digits1}
From: <sip:MAC{mac}@{group}>;tag={digits2}
To: <sip:MAC{mac}@{group}>
Call-ID: {digits2}@{host}
CSeq: 1 SUBSCRIBE
Contact: <sip:MAC{mac}@{address}>
Max-Forwards: 70
User-Agent: {agent}
Expires: 0
Event: ua-profile;profile-type="device";vendor="{vendor}";model="{model}";version="{version}"
Accept: application/url
Content-Length: 0
"""
_GRANDSTREAM = """\
SUBSCRIBE sip:MAC%3A{MAC}@{group} SIP/2.0
Via: SIP/2.0/{transport} {address};branch=z9hG4bK{digits1};rport
From: <sip:MAC%3A{MAC}@{group}>;tag={digits2}
To: <sip:MAC%3A{MAC}@{group}>
Call-ID: {digits3}-{port}-1@{host_in_letters}
CSeq: 20000 SUBSCRIBE
Contact: <sip:{address}>
Max-Forwards: 70
User-Agent: {vendor} {model} {version}
Expires: 0
Supported: replaces, path
Event: ua-profile;profile-type="device";vendor="{vendor}";model="{model}";version="{version}"
Accept: application/url
Allow: INVITE, ACK, OPTIONS, CANCEL, BYE, SUBSCRIBE, NOTIFY, INFO, REFER, UPDATE, MESSAGE
Content-Length: 0
"""
_AUDIOCODES = """\
SUBSCRIBE sip:{group}:5060 SIP/2.0
From: <sip:00000001@{address}>;tag=87a5a8-25020d0a-13c4-50029-{hex1}-66dc40c-{hex1}
To: <sip:{group}:5060>
Call-ID: 8884c8-25020d0a-13c4-50029-{hex1}-3e2bcb8e-{hex1}
CSeq: 1 SUBSCRIBE
Via: SIP/2.0/{transport} {address};rport;branch=z9hG4bK-{hex1}-6ad00ca2-7ca3606e
Expires: 0
Event: ua-profile;profile-type="application";model="{model}";version="{version}"
Max-Forwards: 70
Supported: replaces,100rel
Accept: application/url
Contact: <sip:00000001@{address}>
User-Agent: AUDC-IPPhone/{version}
Content-Length: 0
"""
_AKUVOX = """\
SUBSCRIBE sip:MAC{MAC}@{group} SIP/2.0
Via: SIP/2.0/{transport} {address};rport;branch=z9hG4bK{digits1}
From: <sip:MAC{MAC}@{group}>;tag={digits2}
To: <sip:MAC{MAC}@{group}>
Call-ID: {digits1}
CSeq: 20 SUBSCRIBE
Contact: <sip:MAC{MAC}@{address}>
Max-Forwards: 70
Event: ua-profile;profile-type="device";vendor="{vendor}";model="{model}";version="{version}"
Accept: application/url
Expires: 0
Content-Length: 0
"""
_SNOM_DECT = """\
SUBSCRIBE sip:MAC%3a{MAC}@{group} SIP/2.0
Via: SIP/2.0/{transport} {address};branch=z9hG4bK{letters1};rport
Max-Forwards: 70
From: <sip:512@{host}>;tag={letters2}
To: <sip:MAC%3a{MAC}@{group}>
Call-ID: {letters3}@{host}
CSeq: 20264 SUBSCRIBE
Contact: <sip:512@{address}>
Event: ua-profile;profile-type="device";vendor="{vendor}";model="{model}";version="{version}"
Expires: 0
Accept: application/url
User-Agent: {model}/{version} (MAC={MAC}; SER= 00000; HW=255)
Content-Length: 0
"""
_COMPOSED = """\
SUBSCRIBE sip:{user}@{domain} SIP/2.0
Via: SIP/2.0/{transport} {address};branch=z9hG4bK-{hex1};rport
Max-Forwards: 70
From: <sip:{user}@{domain}>;tag={hex2}
To: <sip:{user}@{domain}>
Call-ID: {hex3}@{host}
CSeq: 1 SUBSCRIBE
Contact: <sip:{address}>
Event: {event}
Accept: application/url
Expires: 0
User-Agent: {agent}
Content-Length: 0
"""
_EVENT = 'ua-profile;profile-type="device";vendor="{vendor}";model="{model}";version="{version}"'
_VENDER = _EVENT.replace("vendor=", "vender=")
_NO_VERSION = _EVENT.replace(';version="{version}"', "")
_GXP = (
    _GRANDSTREAM.replace("{MAC}", "{mac}")
    .replace(";rport", "")
    .replace("20000", "10")
    .replace("replaces, path", "replaces, path, timer, eventlist")
)


def _fill(text: str, **values: str) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _composed(user: str, agent: str, event: str = _EVENT, domain: str = "{group}") -> str:
    text = _fill(_COMPOSED, user=user, agent=agent, event=event, domain=domain)
    return text if agent else text.replace("User-Agent: \n", "")


_AUTO_PROVISION = "Fanvil Auto Provision Directions v1.2, 4.2"
_SNOM_PAGES = "Snom's pages on SIP PnP; public responders' captures"
_NOTES = "public notes on these phones"

WIRES: dict[str, Wire] = {
    "fanvil": Wire(
        *("Fanvil", "VOIP PHONE", "V2.0.114.51", "000810", 5060, SEEN),
        f"C62: {_AUTO_PROVISION}; the start line is composed",
        _fill(_FANVIL, agent="voip phone"),
    ),
    "fanvil-x": Wire(
        *("Fanvil", "X4U", "2.12.1.3", "0c383e", 5060, PARTLY),
        f"X series: User-Agent from {_NOTES}; else as the C62",
        _fill(_FANVIL, agent="{vendor} {model} {version} {mac}"),
    ),
    "planet": Wire(
        *("PLANET", "VIP-2140PT", "2.0.3.2991", "00304f", 5060, SEEN),
        "PLANET VIP-1120PT/2140PT user's manual, 2.2.1",
        _fill(_FANVIL, agent="{vendor} {model}"),
    ),
    "snom": Wire(
        *("snom", "snom370", "8.7.5.48", "000413", 1053, SEEN),
        f"370: {_SNOM_PAGES}",
        _fill(_SNOM, domain="lan"),
    ),
    "snom-oem": Wire(
        *("OEM", "OEM", "7.1.19", "000413", 5060, SEEN),
        f"7.x firmware: {_SNOM_PAGES}",
        _fill(_SNOM_OEM, domain="intern.snom.de"),
    ),
    "snom-m700": Wire(
        *("snom", "snomM700", "03.23.0005", "00087b", 5060, SEEN),
        "Snom M700/M300 provisioning guide v1.04, p. 6; digits of the MAC masked there",
        _SNOM_DECT,
    ),
    "gigaset": Wire(
        *("OEM", "OEM", "7.1.19", "7c2f80", 5060, SEEN),
        "P8xx: Gigaset PRO wiki, page PnP",
        _fill(_SNOM_OEM, domain="gigaset.com"),
    ),
    "gigaset-n870": Wire(
        *(None, "N870 IP PRO", "83.V2.43.0+build.5f0a106", "7c2f80", 5060, PARTLY),
        "N870: start line and User-Agent from the Gigaset PRO wiki; the rest is composed",
        _composed("MAC%3A{MAC}", "Gigaset {model}/{version};{MAC}", "ua-profile", "local"),
    ),
    "yealink": Wire(
        *("Yealink", "T21D", "34.72.14.6", "001565", 5059, SEEN),
        "T21P: capture in a public responder (MikoServerPnP)",
        _fill(_YEALINK, agent="{vendor} SIP-T21P {version}"),
    ),
    "yealink-w52p": Wire(
        *("yealink", "W52P", "25.81.0.10", "001565", 5059, SEEN),
        "W52P: capture in a public repository",
        _fill(_YEALINK, agent="Yealink {model} {version}"),
    ),
    "tiptel": Wire(
        *("Yealink", "IP 286", "2.61.13.7", "001565", 5059, COMPOSED),
        "tiptel IP 286 manual: made by the vendor above, so in its shape",
        _fill(_YEALINK, agent="Tiptel {model} {version}"),
    ),
    "grandstream": Wire(
        *("Grandstream", "GRP2612W", "1.0.5.67", "c074ad", 5080, SEEN),
        "GRP2612W: capture in gs_tools",
        _GRANDSTREAM,
    ),
    "grandstream-gxp": Wire(
        *("Grandstream", "GXP2160", "0.7.24.2", "000b82", 5060, PARTLY),
        "GXP2160: a test client's capture",
        _GXP,
    ),
    "audiocodes": Wire(
        *(None, "440HD", "2.2.2", "00908f", 5060, SEEN),
        "400HD series: LTRT-11950 and LTRT-11973; the MAC is told nowhere",
        _AUDIOCODES,
    ),
    "akuvox": Wire(
        *("Akuvox", "R20K", "220.30.3.1", "0c1105", 5060, PARTLY),
        "R20K: read back from a NOTIFY to it in a public repository",
        _AKUVOX,
    ),
    "panasonic": Wire(
        *("Panasonic", "KX-HDV230", "02.100", "0080f0", 5060, COMPOSED),
        "KX-HDV: a public responder (sail) reads vender=",
        _composed("MAC%3a{MAC}", "Panasonic_{model}/{version} ({mac})", _VENDER),
    ),
    "panasonic-utg": Wire(
        *("Panasonic", "KX-UTG300", "01.131", "0080f0", 5060, COMPOSED),
        "KX-UTG guide, pp. 37-38, tells of SIP PnP; as the KX-HDV",
        _composed("MAC%3a{MAC}", "", _VENDER),
    ),
    "atcom": Wire(
        *("ATCOM", "ATCOM", "", "808287", 5060, COMPOSED),
        f"{_NOTES} quote the vendor's guide: no version",
        _composed("MAC%3a{mac}", "", _NO_VERSION),
    ),
    "htek": Wire(
        *("Htek", "UC924E", "2.42.6.5.16", "001fc1", 5060, COMPOSED),
        _NOTES,
        _composed("MAC={mac}", "{vendor} {model} V{version} {mac_with_colons}"),
    ),
    "flyingvoice": Wire(
        *("Flyingvoice", "FIP11C", "V0.7.27", "0021f2", 5060, COMPOSED),
        _NOTES,
        _composed("MAC%3A{mac_with_colons}", "FLYINGVOICE {model} {version}"),
    ),
    "escene": Wire(
        *("Escene", "ES330", "1.0.2.3", "00268b", 5060, COMPOSED),
        "listed by a public responder (FusionPBX); nothing printed",
        _composed("MAC%3a{mac}", ""),
    ),
    "vtech": Wire(
        *("OEM", "OEM", "7.1.30", "0012a9", 5060, COMPOSED),
        f"ET6xx: Snom firmware, say {_NOTES}",
        _fill(_SNOM_OEM, domain="lan"),
    ),
}
"""By the name that `--like` takes."""
