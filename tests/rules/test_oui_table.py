from __future__ import annotations

import re

from pnp_responder.rules.oui_table import OUI_ROWS, OUI_VENDORS


def test_each_oui_stands_once_and_says_who_says_so() -> None:
    assert len(OUI_VENDORS) == len(OUI_ROWS) > 30
    for row in OUI_ROWS:
        assert re.fullmatch("[0-9a-f]{6}", row.oui)
        assert row.vendor == row.vendor.casefold().strip()
        assert row.source
        # The registry gives out neither multicast nor locally administered ones.
        assert int(row.oui[:2], 16) & 3 == 0
