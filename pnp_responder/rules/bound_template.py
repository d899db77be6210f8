"""A URL template whose rule is known: it renders URLs while phones wait."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from pnp_responder.datagram import new
from pnp_responder.enrollment import Enrollment, Offer
from pnp_responder.masking import MASK, mask_url, may_hold_secrets
from pnp_responder.rules.secret import Secret, clear
from pnp_responder.rules.url_template import RULE, Part, Placeholder, Template

# Supplementary private use area: 65,534 of them, and no URL can be that long.
_FIRST_SIGN, _LAST_SIGN = 0xF0000, 0xFFFFD

_PLAIN_MAC = Placeholder("mac", ())

Reader = Callable[[Enrollment], str | None]


Piece = tuple[str, Reader | None]


class BoundTemplate:
    """The template of the rule `rule`; renders URLs for enrollments.

    `needs` names the values that the device must give; `constant` is the offer if all get the same.
    """

    __slots__ = ("_masked", "_pieces", "_rule", "constant", "needs", "parts")

    def __init__(self, template: Template, rule: str) -> None:
        self.parts = tuple(_named(part, rule) for part in template.parts)
        self.needs = template.needs
        self._rule = rule
        self._pieces = _joined(self.parts)
        # What people see is made beforehand: no event is to wait for a mask.
        self._masked = _masked(self.parts)
        self.constant: Offer | None = None
        if all(read is None for _, read in self._pieces):
            self.constant = self._offer(None)

    def around_mac(self) -> tuple[str, str] | None:
        """Every URL is the device's MAC between these two texts, and holds no secret; None if it is more."""
        placeholders = [part for part in self.parts if isinstance(part, Placeholder)]
        if placeholders != [_PLAIN_MAC] or self._masked is not None:
            return None
        at = next(i for i, (_, read) in enumerate(self._pieces) if read is not None)
        texts = [text for text, _ in self._pieces]
        return "".join(texts[:at]), "".join(texts[at + 1 :])

    def offer(self, enrollment: Enrollment) -> Offer:
        """The offer of the URL. A value that nobody knows shows as its placeholder."""
        return self.constant or self._offer(enrollment)

    def unknown(self, enrollment: Enrollment) -> tuple[str, ...]:
        """The placeholders whose value nobody knows, such as `local_ip`, each once."""
        found = (p for p in self.parts if isinstance(p, Placeholder) and p.is_unknown(enrollment))
        return tuple(dict.fromkeys(placeholder.name for placeholder in found))

    def _offer(self, enrollment: Enrollment | None) -> Offer:
        url = _rendered(self._pieces, enrollment)
        if self._masked is None:
            return new(Offer, (url, self._rule, None))
        return Offer(url, self._rule, _rendered(self._masked, enrollment))


def _named(part: Part, rule: str) -> Part:
    return part.render(rule) if isinstance(part, Placeholder) and part.name == RULE else part


def _joined(parts: Iterable[Part]) -> tuple[Piece, ...]:
    """The parts as texts, each with what reads the value in its place; neighbours without are one."""
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, Placeholder):
            pieces.append((str(part), part.reader()))
            continue
        text = clear(part) or ""
        if pieces and pieces[-1][1] is None:
            text = pieces.pop()[0] + text
        pieces.append((text, None))
    return tuple(pieces)


def _masked(parts: tuple[Part, ...]) -> tuple[Piece, ...] | None:
    """As `_joined`, without secrets; None where mask_url sees at a glance that there are none.

    Each placeholder is masked as one character that no URL has: what a device says is encoded, so it
    can be part of a secret, but neither begin nor end one.
    """
    placeholders = [part for part in parts if isinstance(part, Placeholder)]
    signs = iter(range(_FIRST_SIGN, _FIRST_SIGN + len(placeholders)))
    secret = any(isinstance(part, Secret) for part in parts)
    texts = [
        chr(next(signs)) if isinstance(part, Placeholder) else MASK if isinstance(part, Secret) else part
        for part in parts
    ]
    whole = "".join(texts)
    if not secret and not may_hold_secrets(whole):
        return None
    pieces: list[Part] = []
    for piece in re.split(f"([{chr(_FIRST_SIGN)}-{chr(_LAST_SIGN)}])", mask_url(whole)):
        sign = ord(piece) - _FIRST_SIGN if len(piece) == 1 else -1
        pieces.append(placeholders[sign] if 0 <= sign < len(placeholders) else piece)
    return _joined(pieces)


def _rendered(pieces: tuple[Piece, ...], enrollment: Enrollment | None) -> str:
    texts = []
    for text, read in pieces:
        if read is None or enrollment is None or (value := read(enrollment)) is None:
            texts.append(text)
        else:
            texts.append(value)
    return "".join(texts)
