"""SIP messages without the passwords of the URLs in them, still whole: Content-Length fits the new body."""

from __future__ import annotations

import re

from pnp_responder.masking import mask_url

_LENGTH = re.compile(rb"(?im)^(content-length|l)([ \t]*:[ \t]*)[0-9]{1,10}(?=[ \t]*\r?$)")


def mask_payload(payload: bytes) -> bytes:
    """`payload` with `***` for each password of a URL in it."""
    if b"://" not in payload:
        return payload
    masked = mask_url(payload.decode("latin-1")).encode("latin-1")
    if masked == payload:
        return payload
    head, end, body = masked.partition(b"\r\n\r\n")
    head = _LENGTH.sub(lambda match: match[1] + match[2] + str(len(body)).encode(), head, count=1)
    return head + end + body
