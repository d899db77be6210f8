"""TABLE OF DATA about phones: what may keep one from asking, or from listening to the answer.

A vendor stands here only where its own documents, or traffic seen, are sure.
"""

from __future__ import annotations

OPTIONS_OF = {
    43: "Yealink",
    66: "Fanvil, Yealink, AudioCodes",
    114: "Gigaset",
    120: "",
    125: "",
    150: "",
    160: "AudioCodes",
}
"""Who is known to read a DHCP option."""

HINTS = (
    "Another server may answer first: `pnp-responder probe` lists all that answer.",
    "A phone asks when it starts: start it anew and watch the log for a minute.",
    "Phones are often in a voice VLAN of their own: this host needs an interface in it.",
    "Fanvil: a DHCP option wins over PnP; PnP must be on in its page (Auto Provision), and is asked again "
    "hourly.",
    "Yealink: by default PnP comes before DHCP; it asks once at each start, and the first answer wins.",
    "AudioCodes: asks only if DHCP options 66, 67 and 160 gave nothing, and for 5 s.",
    "snom: PnP is on by default; the redirection service of its maker may be asked first.",
    "Gigaset: reads DHCP option 114, not 66.",
    "Grandstream: asks up to 5 times at start; ignores a URL that does not end in '/'.",
)
