"""A password may hold `{{` itself: what stands between the braces then is no name to be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pnp_responder.masking import Span, secret_spans
from pnp_responder.rules.secret import Variable, clear

PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAMES = re.compile(r"\{\{\s*[A-Za-z_][\w.-]*\s*(?:\|\s*\w+\s*)*\}\}", re.ASCII)
MAX_URL = 65_535
"""Characters of a template, and of what is inserted into one: no datagram is longer."""
_STAND_IN = "~"
"""Where a placeholder stands that nobody knows: a character that may stand anywhere in a URL."""


def hidden_placeholders(text: str, variables: Mapping[str, Variable]) -> frozenset[int]:
    """Where those placeholders of the template `text` begin that stand where passwords do."""
    whole, places = _inserted(text, variables)
    inserted_in, written_in = secret_spans(whole), secret_spans(text)
    return frozenset(
        written
        for (written, end), span in places
        if (_meets(inserted_in, span) and not _is_value(text, written, end))
        or _meets(written_in, (written, written + 1))
    )


def _is_value(text: str, start: int, end: int) -> bool:
    """Is it all that a parameter says? Then it is rather a misspelled name than a secret."""
    return (
        text[start - 1 : start] == "="
        and text[end : end + 1] in ("", "&", ";", "#")
        and _NAMES.fullmatch(text, start, end) is not None
    )


def secret_by_variables(text: str, variables: Mapping[str, Variable]) -> bool:
    """Has the template `text` a part of a password that only shows as one once `variables` are inserted?"""
    before, at, _ = text.partition("@")
    if not at or "://" in before or "{{" not in before:
        return False
    whole, places = _inserted(text, variables)
    if len(whole) > 2 * MAX_URL:  # no URL, and refused
        return True
    written_in, inserted_in = secret_spans(text), secret_spans(whole)
    moved = position = 0
    for (first, last), (begin, end) in [*places, ((len(text), len(text)), (len(whole), len(whole)))]:
        for place in range(position, first):
            shown_alone = not _meets(written_in, (place, place + 1))
            if shown_alone and _meets(inserted_in, (place + moved, place + moved + 1)):
                return True
        position, moved = last, end - last
        if begin + last - first == end and _meets(inserted_in, (begin, end)):
            return True  # what nobody knows stands as it is written
    return False


def _inserted(text: str, variables: Mapping[str, Variable]) -> tuple[str, list[tuple[Span, Span]]]:
    """`text` with variables put in, and for each placeholder where it stands in the text and in that."""
    whole = ""
    places: list[tuple[Span, Span]] = []
    position = 0
    for match in PLACEHOLDER.finditer(text):
        whole += text[position : match.start()]
        position = match.end()
        value = clear(variables.get(match[1].strip()))
        inserted = _STAND_IN * len(match[0]) if value is None else value
        places.append((match.span(), (len(whole), len(whole) + len(inserted))))
        whole += inserted
        if len(whole) > 2 * MAX_URL:
            break
    return whole + text[position:], places


def _meets(spans: list[Span], place: Span) -> bool:
    return any(start < place[1] and place[0] < end for start, end in spans)
