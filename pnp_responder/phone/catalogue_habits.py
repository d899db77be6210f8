"""TABLE OF DATA: what desk phones do with the answer, as far as anybody tells. No claim without a source."""

from __future__ import annotations

from pnp_responder.phone.shape import Habits, Macro

# Sendings within five seconds: at 0, 0.5, 1.5 and 3.5.
_FIVE_SECONDS = 4

_ALL_FOUR = ("tftp", "http", "https", "ftp")

_FANVIL = Habits(
    "Auto Provision Directions v1.2, 4.2",
    macros=(Macro("$mac", "mac"), Macro("$input", None)),
    files=("{mac}.cfg",),
    schemes=("ftp", "tftp", "http", "https"),
)
_SNOM = Habits(
    "the vendor's page on SIP PnP",
    outside_dialog="a public script for these phones, made for FreeSWITCH, sends a random Call-ID",
    macros=(Macro("{mac}", "MAC"), Macro("{model}", "model")),
    files=("{model}.htm", "{model}-{MAC}.htm"),
)
_FANVIL_X = _FANVIL._replace(
    outside_dialog="a public provisioning tool, tried on an X6U by its author, sends NOTIFYs unasked",
)
_GIGASET = Habits("Gigaset PRO wiki: the body is a plain http URL", schemes=("http",))
_YEALINK = Habits(
    "public responders; the spelling of the macros was not seen on the wire",
    macros=(Macro("$MAC", "mac"), Macro("$mac", "mac"), Macro("$PN", "model"), Macro("$pn", "model")),
    files=("{mac}.boot", "y000000000000.boot", "y000000000000.cfg", "{mac}.cfg"),
)
_GRANDSTREAM = Habits(
    "documentation.grandstream.com, plug & play mechanism; gs_tools",
    attempts=5,
    files=("cfg{mac}.xml", "cfg{model_lower}.xml", "cfg.xml", "dev{mac}.cfg", "cfg{mac}"),
    only_folders=True,
)
_GRANDSTREAM_GRP = _GRANDSTREAM._replace(
    outside_dialog="a public provisioning tool, tried on a GRP2602P by its author, sends NOTIFYs unasked",
)
_AUDIOCODES = Habits("LTRT-09910, p. 52: asks for five seconds", attempts=_FIVE_SECONDS, patience=5.0)
_AKUVOX = Habits(
    "a NOTIFY in a public repository",
    outside_dialog="the vendor's own test tool, in a public repository, sends nothing but a canned NOTIFY "
    "with one Call-ID and one tag for all phones",
)
_PANASONIC = Habits(
    "KX-HDV230 guide, p. 37: minds the case of the macros; {mac} from public responders",
    macros=(Macro("{MODEL}", "model"), Macro("{fwver}", "version"), Macro("{mac}", "MAC")),
)
_PANASONIC_UTG = Habits(
    "KX-UTG guide, pp. 37-38: waits five seconds; tries four schemes if none is given",
    attempts=_FIVE_SECONDS,
    patience=5.0,
    macros=(Macro("{MODEL}", "model"),),
    files=("{model}.cfg",),
    schemes=_ALL_FOUR,
    guesses=_ALL_FOUR,
)
_ATCOM = Habits("public notes that quote the vendor's guide", files=("{mac}.cfg", "{MAC}.cfg"))
_HTEK = Habits("public notes: asks up to five times", attempts=5, files=("cfg{MAC}.xml",))
_FLYINGVOICE = Habits("public notes", files=("{mac}.boot", "y000000000000.cfg"))
_ESCENE = Habits("a public responder, which gives it a folder")
_VTECH = Habits("Snom firmware, by public notes", macros=_SNOM.macros)

UNKNOWN = Habits("no phone in particular: nothing is replaced, nothing appended")

HABITS: dict[str, Habits] = {
    "fanvil": _FANVIL,
    "fanvil-x": _FANVIL_X,
    "planet": _FANVIL,
    "snom": _SNOM,
    "snom-oem": _SNOM,
    "snom-m700": _SNOM._replace(outside_dialog=""),
    "gigaset": _GIGASET,
    "gigaset-n870": _GIGASET,
    "yealink": _YEALINK,
    "yealink-w52p": _YEALINK,
    "tiptel": _YEALINK,
    "grandstream": _GRANDSTREAM_GRP,
    "grandstream-gxp": _GRANDSTREAM,
    "audiocodes": _AUDIOCODES,
    "akuvox": _AKUVOX,
    "panasonic": _PANASONIC,
    "panasonic-utg": _PANASONIC_UTG,
    "atcom": _ATCOM,
    "htek": _HTEK,
    "flyingvoice": _FLYINGVOICE,
    "escene": _ESCENE,
    "vtech": _VTECH,
}
"""By the name that `--like` takes."""

DEFAULT = "fanvil"
"""What is played if nobody says."""
