"""New branches and tags, from an injected source of randomness."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2s

from pnp_responder.sip.via import MAGIC_COOKIE

_TAG_OCTETS = 6
_TAG_DIGITS = 2 * _TAG_OCTETS
_BRANCH_OCTETS = 10
BRANCH_LENGTH = len(MAGIC_COOKIE) + 2 * _BRANCH_OCTETS
_BOTH_DIGITS = 2 * (_TAG_OCTETS + _BRANCH_OCTETS)
_BLOCK = 256 * (_TAG_OCTETS + _BRANCH_OCTETS)


class Identifiers:
    """`random_bytes(n)` gives n octets that nobody can guess; it is asked for a block at a time."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._secret = random_bytes(16)
        self._digits = ""
        self._at = 0

    def branch(self) -> str:
        """A branch of 80 random bits (RFC 3261 8.1.1.7)."""
        return MAGIC_COOKIE + self._take(_BRANCH_OCTETS)

    def tag(self) -> str:
        """A tag of 48 random bits; 32 is the least allowed (RFC 3261 19.3)."""
        return self._take(_TAG_OCTETS)

    def tag_and_branch(self) -> tuple[str, str]:
        """A new tag and a new branch."""
        start = self._at
        digits = self._digits[start : start + _BOTH_DIGITS]
        if len(digits) < _BOTH_DIGITS:
            digits = self._take(_TAG_OCTETS + _BRANCH_OCTETS)
        else:
            self._at = start + _BOTH_DIGITS
        return digits[:_TAG_DIGITS], MAGIC_COOKIE + digits[_TAG_DIGITS:]

    def stateless_tag(self, material: bytes) -> str:
        """The same tag for the same `material`, for who answers without state (RFC 3261 8.2.7)."""
        return blake2s(material, digest_size=_TAG_OCTETS, key=self._secret).hexdigest()

    def _take(self, octets: int) -> str:
        start = self._at
        self._at = end = start + 2 * octets
        if end > len(self._digits):
            self._digits = self._random_bytes(_BLOCK).hex()
            start, self._at = 0, 2 * octets
            end = self._at
        return self._digits[start:end]
