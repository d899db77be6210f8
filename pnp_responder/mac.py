"""A device's MAC address."""

from __future__ import annotations

import re
from collections.abc import Callable

_SPELLING = re.compile(
    r"(?:[0-9A-Fa-f]{12}|(?:[0-9A-Fa-f]{2}[:.-]){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}[.:-]){2}[0-9A-Fa-f]{4})",
    re.ASCII,
)
_SEPARATORS = str.maketrans("", "", ":.-")


class Mac(str):
    """Six octets as 12 lower-case hexadecimal digits; compares and hashes as that text.

    Made by `Mac.parse` and `Mac.of_digits` only, so that holding a `Mac` means holding 12 such digits.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Mac:
        """Read any usual spelling: `00a859112233`, `00:A8:..`, `00-A8-..`, `00a8.5911.2233`.

        Raises ValueError for everything else.
        """
        if _SPELLING.fullmatch(text) is None:
            raise ValueError("not a MAC address: expected 12 hexadecimal digits, such as 00:a8:59:11:22:33")
        return cls(digits_of(text))

    @classmethod
    def of_digits(cls, digits: str) -> Mac:
        """The MAC of 12 hexadecimal digits, known to be such; upper or lower case."""
        return cls(digits.lower())

    @property
    def oui(self) -> str:
        """The first three octets, 6 digits: who made the device."""
        return self[:6]

    def joined(self, separator: str) -> str:
        """The six octets with `separator` between them: `00:a8:59:11:22:33`."""
        return separator.join(self[i : i + 2] for i in range(0, 12, 2))


def digits_of(spelled: str) -> str:
    """Of a MAC with any separators, in lower case."""
    return spelled.translate(_SEPARATORS).lower()


SPELLINGS: tuple[Callable[[Mac], str], ...] = (
    str,
    str.upper,
    lambda mac: mac.joined(":"),
    lambda mac: mac.joined(":").upper(),
    lambda mac: mac.joined("-"),
    lambda mac: mac.joined("-").upper(),
    lambda mac: f"{mac[:4]}.{mac[4:8]}.{mac[8:]}",
    lambda mac: f"{mac[:4]}.{mac[4:8]}.{mac[8:]}".upper(),
)
"""The usual ways to write one."""
