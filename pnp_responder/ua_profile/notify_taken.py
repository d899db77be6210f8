"""How devices of one kind take our NOTIFY: the response that they send."""

from __future__ import annotations

import re

from pnp_responder.datagram import Datagram, PlainAddress
from pnp_responder.mac import Mac
from pnp_responder.ua_profile.spans import known_spans, template_of
from pnp_responder.ua_profile.values import known_values

_TO_TAG = re.compile(r";tag=[A-Za-z0-9\-.!%*_+`'~]+")


class NotifyTaken:
    """A final response with that `status` in a form that repeats the NOTIFY's rows from From to CSeq as they
    are; the device may add a tag of its own to To."""

    __slots__ = ("_after", "_before", "_between", "_has_tag", "_text_after", "status")

    def __init__(self, heard: Datagram, status: int, branch: str, dialog: str, mac: str) -> None:
        """`heard` was the response of the device with that MAC ("" for none) to the NOTIFY with these rows
        and that branch. Raises ValueError if it has not that form."""
        self.status = status
        first, second = _parts(dialog)
        self._before, named, rest = heard.payload.decode("latin-1").partition(branch)
        self._between, said, rest = rest.partition(first)
        tag, repeated, after = rest.partition(second)
        if not (named and said and repeated) or (tag and _TO_TAG.fullmatch(tag) is None):
            raise ValueError("not a response that repeats what it answers")
        self._has_tag = bool(tag)
        spans = known_spans(after, heard.remote, Mac(mac) if mac else None, mac)
        self._after = template_of(after, spans)
        # None where it differs from device to device.
        self._text_after = None if spans else after

    def says(self, text: str, branch: str, dialog: str, remote: PlainAddress, mac: str) -> bool:
        """Is `text` that response to the NOTIFY with these rows and that branch, which went to `remote`?"""
        after = self._text_after
        if after is None:
            after = self._after.fill(known_values(mac, remote))
        if not self._has_tag:
            return text == f"{self._before}{branch}{self._between}{dialog}{after}"
        first, second = _parts(dialog)
        before, after = f"{self._before}{branch}{self._between}{first}", f"{second}{after}"
        if not (text.startswith(before) and text.endswith(after)):
            return False
        return _TO_TAG.fullmatch(text, len(before), len(text) - len(after)) is not None


def _parts(dialog: str) -> tuple[str, str]:
    """The rows up to the end of To, and the others."""
    to_ends = dialog.index("\r\nCall-ID: ")
    return dialog[:to_ends], dialog[to_ends:]
