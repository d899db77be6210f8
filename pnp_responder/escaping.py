"""Text from strangers, made fit for a person's terminal and for a log of one line per event."""

from __future__ import annotations


def escape(text: str) -> str:
    r"""`text` with every character that is not printable, and the backslash, as a backslash escape.

    What goes: C0 and C1 controls, DEL, bidirectional and other format characters, line and
    paragraph separators, lone surrogates, unassigned code points, blanks other than the space.
    The result is printable in the sense of `str.isprintable` and tells two different texts apart:
    a backslash becomes `\\`, ESC becomes `\x1b`, U+202E becomes `\u202e`.
    """
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_escape_character, text))


def escape_controls(text: str) -> str:
    """As `escape`, but backslashes stay: for our own words with an administrator's text in them."""
    return text if text.isprintable() else "".join(map(_escape_control, text))


def _escape_control(character: str) -> str:
    return character if character.isprintable() else _escape_character(character)


def _escape_character(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def escape_octets(octets: bytes, limit: int) -> str:
    """The first `limit` octets as printable ASCII with backslash escapes; `...` if there are more."""
    shown = "".join(chr(o) if 0x20 <= o < 0x7F and o != 0x5C else f"\\x{o:02x}" for o in octets[:limit])
    return shown + ("..." if len(octets) > limit else "")
