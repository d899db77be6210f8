"""A URL template whose rule is known: it renders URLs while phones wait."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from pnp_responder.datagram import new
from pnp_responder.enrollment import Enrollment, Offer
from pnp_responder.masking import MASK, mask_url, may_hold_secrets
from pnp_responder.rules.secret import Secret, clear
from pnp_responder.rules.url_template import RULE, Part, Placeholder, Template

# Supplementary private use area: 65,534 of them, and no URL can be that long.
_FIRST_SIGN, _LAST_SIGN = 0xF0000, 0xFFFFD

_PLAIN_MAC = Placeholder("mac", ())

_MOST_REMEMBERED = 64
"""Characters of a device's text that is remembered as it is written in URLs."""

Reader = Callable[[Enrollment], str]


class _Form(NamedTuple):
    """Texts; what the readers give goes into the gaps, which are the second, the fourth, and so on."""

    texts: list[str]
    readers: tuple[Reader, ...]

    def filled(self, enrollment: Enrollment) -> str:
        texts = self.texts.copy()
        gap = 1
        for read in self.readers:
            texts[gap] = read(enrollment)
            gap += 2
        return "".join(texts)


class BoundTemplate:
    """The template of the rule `rule`; renders URLs for enrollments.

    `needs` names the values that the device must give; `constant` is the offer if all get the same.
    """

    __slots__ = ("_form", "_masked", "_rule", "constant", "needs", "parts")

    def __init__(self, template: Template, rule: str) -> None:
        self.parts = tuple(_named(part, rule) for part in template.parts)
        self.needs = template.needs
        self._rule = rule
        # What people see is made beforehand: no event is to wait for a mask.
        secret = any(isinstance(part, Secret) for part in self.parts)
        self._form, self._masked = (_forms if secret else _remembered_forms)(self.parts)
        self.constant: Offer | None = None
        if not self._form.readers:
            shown = None if self._masked is None else "".join(self._masked.texts)
            self.constant = Offer("".join(self._form.texts), rule, shown)

    def around_mac(self) -> tuple[str, str] | None:
        """Every URL is the device's MAC between these two texts, and holds no secret; None if it is more."""
        placeholders = [part for part in self.parts if isinstance(part, Placeholder)]
        if placeholders != [_PLAIN_MAC] or self._masked is not None:
            return None
        before, _, after = self._form.texts
        return before, after

    def offer(self, enrollment: Enrollment) -> Offer:
        """The offer of the URL. A value that nobody knows shows as its placeholder."""
        if self.constant is not None:
            return self.constant
        shown = None if self._masked is None else self._masked.filled(enrollment)
        return new(Offer, (self._form.filled(enrollment), self._rule, shown))

    def unknown(self, enrollment: Enrollment) -> tuple[str, ...]:
        """The placeholders whose value nobody knows, such as `local_ip`, each once."""
        found = (p for p in self.parts if isinstance(p, Placeholder) and p.is_unknown(enrollment))
        return tuple(dict.fromkeys(placeholder.name for placeholder in found))


def _named(part: Part, rule: str) -> Part:
    return part.render(rule) if isinstance(part, Placeholder) and part.name == RULE else part


def _forms(parts: tuple[Part, ...]) -> tuple[_Form, _Form | None]:
    return _form(parts), _masked(parts)


# Thousands of rules may have one URL. None with a secret, which is to go with its rules.
_remembered_forms = lru_cache(maxsize=64)(_forms)


def _form(parts: Iterable[Part]) -> _Form:
    texts = [""]
    readers = []
    for part in parts:
        if isinstance(part, Placeholder):
            texts += "", ""
            readers.append(_reader(part))
        else:
            texts[-1] += clear(part) or ""
    return _Form(texts, tuple(readers))


@lru_cache(maxsize=64)
def _reader(placeholder: Placeholder) -> Reader:
    """What gives the text in its place: the placeholder itself if nobody knows the value."""
    read, encoded = placeholder.kind.read, placeholder.kind.encoded
    unknown, render = str(placeholder), placeholder.render
    # Quoting is dear, and thousands of phones say the same.
    remembered = lru_cache(maxsize=256)(render)

    def plain(enrollment: Enrollment) -> str:
        value = read(enrollment)
        return unknown if value is None else value

    def written(enrollment: Enrollment) -> str:
        value = read(enrollment)
        if value is None:
            return unknown
        return remembered(value) if encoded and len(value) <= _MOST_REMEMBERED else render(value)

    return written if encoded or placeholder.filters else plain


def _masked(parts: tuple[Part, ...]) -> _Form | None:
    """As `_form`, without secrets; None where mask_url sees at a glance that there are none.

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
    return _form(pieces)
