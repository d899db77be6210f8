"""What the kernel dropped before we could read it."""

from __future__ import annotations

import os
import socket
import struct
from typing import Protocol

# asm-generic/socket.h and linux/sock_diag.h; Python names neither.
SO_MEMINFO = 55
_FIELDS = struct.Struct("=9I")
_DROPS = 8


class _Open(Protocol):
    def fileno(self) -> int: ...


def kernel_drops(source: _Open) -> int:
    """Datagrams lost at this socket since it was opened, nearly always for want of room. Raises OSError."""
    with socket.socket(fileno=os.dup(source.fileno())) as twin:
        octets = twin.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, _FIELDS.size)
    return int(_FIELDS.unpack(octets)[_DROPS])
