"""What the catalogue has of each phone: the shape of its SUBSCRIBE, and what it does with the answer."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Trust(StrEnum):
    """How far the shape of the SUBSCRIBE can be trusted. The value is a sentence."""

    SEEN = "as printed in a capture or by the vendor"
    PARTLY = "some of it is printed, the rest is composed"
    COMPOSED = "no request is printed anywhere; composed from what is told of these phones"


class Wire(NamedTuple):
    """A SUBSCRIBE as data. `text` has LF for line ends and the placeholders of `render`.

    `oui` are the first six digits of a MAC if none is given; `port` is the source port that these
    phones were seen to use. `vendor` is None where the phone names none.
    """

    vendor: str | None
    model: str
    version: str
    oui: str
    port: int
    trust: Trust
    evidence: str
    text: str


class Macro(NamedTuple):
    """A text that the phone replaces in a URL. `value` is what for: a placeholder of `target`, or
    None where the phone asks its user."""

    written: str
    value: str | None


class Habits(NamedTuple):
    """What a phone does with the answer; `evidence` says who tells.

    `attempts` and `patience` (seconds): how often it asks, how long it waits for the NOTIFY. `files`
    are the names that it appends to a URL that ends in `/` or names no path, in their order;
    `only_folders`: it ignores a URL that does not end so. `schemes` are those that the vendor names,
    None where nobody tells; the first ones of `guesses` are tried for a URL without a scheme.
    `outside_dialog` is who tells that the phone takes a NOTIFY with a Call-ID and tags of nobody's; ""
    where nobody does, and the phone answers 481 (RFC 3261 12.2.2).
    """

    evidence: str
    attempts: int = 11
    patience: float = 32.0
    macros: tuple[Macro, ...] = ()
    files: tuple[str, ...] = ()
    only_folders: bool = False
    schemes: tuple[str, ...] | None = None
    guesses: tuple[str, ...] = ()
    outside_dialog: str = ""


class Shape(NamedTuple):
    """A phone that can be played: `--like name`."""

    name: str
    wire: Wire
    habits: Habits
