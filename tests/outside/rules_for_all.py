"""A rules file that gives every device its own values back, and what URL that is."""

from __future__ import annotations

from itertools import combinations
from urllib.parse import quote

NAMES = ("mac", "vendor", "model", "version")
SEED_MAC = "000810a99948"


NO_LIMITS = "{limits: {rate: 100000, burst: 100000}}"
"""For a test that plays many phones from one address."""


def rules_text(base: str = "http://{{ local_ip }}", service: str = NO_LIMITS) -> str:
    """The seed's phone gets `base`/$mac.cfg; any other the values that it gave, percent-encoded, in a query.

    A rule does not match a device that lacks a value of its template, so there is one for each set of values,
    the largest first.
    """
    rows = [f"service: {service}", "rules:"]
    rows += ["  - name: seed", f"    match: {{mac: '{SEED_MAC}'}}", f'    url: "{base}/$mac.cfg"']
    for size in range(len(NAMES), -1, -1):
        for names in combinations(NAMES, size):
            query = "&".join(f"{name}={{{{ {name} }}}}" for name in names)
            rows += [f"  - name: given-{'-'.join(names) or 'nothing'}", f'    url: "{base}/own?{query}"']
    return "\n".join(rows) + "\n"


def url_for(base: str, values: dict[str, str]) -> str:
    """The URL that `rules_text(base)` gives a device with these values; an empty value is none."""
    if values["mac"] == SEED_MAC:
        return f"{base}/$mac.cfg"
    query = "&".join(f"{name}={quote(values[name], safe='')}" for name in NAMES if values[name])
    return f"{base}/own?{query}"
