"""Passwords out of what people see. The clear text of a URL belongs in the NOTIFY alone."""

from __future__ import annotations

import re

MASK = "***"

_PASSWORD = re.compile(r"(://[^\s/?#:@]*:)[^\s/?#@]*(?=@)")
# In a line with mistakes, user and password may hold what a URL may not (`p#w`, `p w`, `{{ user }}`):
# then everything up to the last @ of the line.
_DOUBTFUL_PASSWORD = re.compile(r"(://[^:@]*:).*(?=@)")


def mask_url(url: str) -> str:
    """`url`, a valid one, with `***` for the password of its user-info, if it has one."""
    return _PASSWORD.sub(rf"\g<1>{MASK}", url)


def mask_text(text: str) -> str:
    """Any text with `***` for what may be a password in a URL in it, valid or not.

    For lines of an administrator's file: it rather masks too much (a path with an `@`) than too little.
    """
    return _DOUBTFUL_PASSWORD.sub(rf"\g<1>{MASK}", text)
