"""A URL template whose rule is known: it renders URLs while phones wait."""

from __future__ import annotations

from collections.abc import Callable

from pnp_responder.enrollment import Enrollment, Offer
from pnp_responder.masking import MASK, mask_url
from pnp_responder.rules.secret import Secret, clear
from pnp_responder.rules.url_template import RULE, Part, Placeholder, Template

Reader = Callable[[Enrollment], str | None]


class BoundTemplate:
    """The template of the rule `rule`; renders URLs for enrollments.

    `needs` names the values that the device must give; `constant` is the offer if all get the same.
    """

    __slots__ = ("_pieces", "_rule", "_secret", "constant", "needs", "parts")

    def __init__(self, template: Template, rule: str) -> None:
        self.parts = tuple(_named(part, rule) for part in template.parts)
        self.needs = template.needs
        self._rule = rule
        self._pieces = _joined(self.parts, False)
        self._secret = _joined(self.parts, True) if template.secrets else None
        fixed = all(read is None for _, read in self._pieces)
        self.constant = self._fixed() if fixed else None

    def offer(self, enrollment: Enrollment) -> Offer:
        """The offer of the URL. A value that nobody knows shows as its placeholder."""
        if self.constant is not None:
            return self.constant
        url = _rendered(self._pieces, enrollment)
        if self._secret is None:
            return Offer(url, self._rule)
        return Offer(url, self._rule, mask_url(_rendered(self._secret, enrollment)))

    def unknown(self, enrollment: Enrollment) -> tuple[str, ...]:
        """The placeholders whose value nobody knows, such as `local_ip`, each once."""
        found = (p for p in self.parts if isinstance(p, Placeholder) and p.is_unknown(enrollment))
        return tuple(dict.fromkeys(placeholder.name for placeholder in found))

    def _fixed(self) -> Offer:
        url = "".join(text for text, _ in self._pieces)
        shown = mask_url(url if self._secret is None else "".join(text for text, _ in self._secret))
        return Offer(url, self._rule, None if shown == url else shown)


def _named(part: Part, rule: str) -> Part:
    return part.render(rule) if isinstance(part, Placeholder) and part.name == RULE else part


def _joined(parts: tuple[Part, ...], masked: bool) -> tuple[tuple[str, Reader | None], ...]:
    """The parts as texts, each with what reads the value in its place; neighbours without are one."""
    pieces: list[tuple[str, Reader | None]] = []
    for part in parts:
        if isinstance(part, Placeholder):
            pieces.append((str(part), part.reader()))
            continue
        text = MASK if masked and isinstance(part, Secret) else clear(part) or ""
        if pieces and pieces[-1][1] is None:
            text = pieces.pop()[0] + text
        pieces.append((text, None))
    return tuple(pieces)


def _rendered(pieces: tuple[tuple[str, Reader | None], ...], enrollment: Enrollment) -> str:
    texts = []
    for text, read in pieces:
        texts.append(text if read is None or (value := read(enrollment)) is None else value)
    return "".join(texts)
