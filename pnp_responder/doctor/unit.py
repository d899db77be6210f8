"""What systemd says of the service, in words. Pure."""

from __future__ import annotations

PROPERTIES = ("LoadState", "ActiveState", "Result", "ExecMainStatus", "NRestarts")

_CODES = {
    "64": "wrong use of the command line",
    "69": "no interface can be served",
    "78": "the rules file is missing or has errors",
}


def unit_words(shown: str) -> str:
    """Of `systemctl show` with PROPERTIES: why nothing runs. "" where it does not say."""
    values = dict(line.split("=", 1) for line in shown.split("\n") if "=" in line)
    if values.get("LoadState") == "not-found":
        return "systemd knows no unit pnp-responder"
    state = values.get("ActiveState", "")
    if state not in ("failed", "inactive", "activating"):
        return ""
    words = f"systemd says {state}"
    code = values.get("ExecMainStatus", "0")
    if values.get("Result", "success") != "success":
        words += f" ({values['Result']})"
    if code != "0":
        words += f", it ended with {code}" + (f": {_CODES[code]}" if code in _CODES else "")
    restarts = values.get("NRestarts", "0")
    return words + (f", after {restarts} restarts" if restarts not in ("", "0") else "")
