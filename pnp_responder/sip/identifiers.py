"""New branches and tags, from an injected source of randomness."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2s

from pnp_responder.sip.via import MAGIC_COOKIE

_TAG_OCTETS, _BRANCH_OCTETS = 6, 10
_BLOCK = 256
"""So many are made at a time."""

BRANCH_LENGTH = len(MAGIC_COOKIE) + 2 * _BRANCH_OCTETS


class Identifiers:
    """`random_bytes(n)` gives n octets that nobody can guess; it is asked for a block at a time."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._secret = random_bytes(16)
        self._ready: list[tuple[str, str]] = []

    def tag(self) -> str:
        """A tag of 48 random bits; 32 is the least allowed (RFC 3261 19.3)."""
        return self.tag_and_branch()[0]

    def branch(self) -> str:
        """A branch of 80 random bits (RFC 3261 8.1.1.7)."""
        return self.tag_and_branch()[1]

    def tag_and_branch(self) -> tuple[str, str]:
        """A new one of each."""
        if not self._ready:
            branches = [MAGIC_COOKIE + digits for digits in self._digits(_BRANCH_OCTETS)]
            self._ready = [*zip(self._digits(_TAG_OCTETS), branches, strict=True)]
        return self._ready.pop()

    def _digits(self, octets: int) -> list[str]:
        """Of so many octets each, a block of them."""
        return self._random_bytes(_BLOCK * octets).hex("\n", octets).split("\n")[::-1]

    def stateless_tag(self, material: bytes) -> str:
        """The same tag for the same `material`, for who answers without state (RFC 3261 8.2.7)."""
        return blake2s(material, digest_size=_TAG_OCTETS, key=self._secret).hexdigest()
