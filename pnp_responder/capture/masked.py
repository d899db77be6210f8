"""SIP messages without the passwords of the URLs in them, still whole: Content-Length fits the new body."""

from __future__ import annotations

import re
from collections.abc import Collection

from pnp_responder.masking import mask_url, mask_values

_LENGTH = re.compile(rb"(?im)^(content-length|l)([ \t]*:[ \t]*)[0-9]{1,10}(?=[ \t]*\r?$)")


def mask_payload(payload: bytes, secrets: Collection[str] = ()) -> bytes:
    """`payload` with `***` for what is secret by its form in a URL in it, and for `secrets` in its body."""
    if b"://" not in payload and not secrets:
        return payload
    head, end, body = payload.partition(b"\r\n\r\n")
    head = _mask(head)
    body = _mask(body, secrets)
    if head + end + body == payload:
        return payload
    head = _LENGTH.sub(lambda match: match[1] + match[2] + str(len(body)).encode(), head, count=1)
    return head + end + body


def _mask(octets: bytes, secrets: Collection[str] = ()) -> bytes:
    return mask_url(mask_values(octets.decode("latin-1"), secrets)).encode("latin-1")
