"""Being another user, where the kernel lets us."""

from __future__ import annotations

import os
from pathlib import Path


def can_be(user: int) -> bool:
    """Are we root where this user exists? In a user namespace only few may be mapped."""
    if os.geteuid() != 0:
        return False
    rows = [tuple(map(int, row.split())) for row in Path("/proc/self/uid_map").read_text().split("\n") if row]
    return any(first <= user < first + count for first, _, count in rows)
