"""Who else on this host hears what phones ask."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pnp_responder.datagram import SocketAddress
from pnp_responder.net.multicast import Listen, OpenInterface
from pnp_responder.net.packet_mark import mark_holder
from pnp_responder.net.ports import port_holders
from pnp_responder.net.refusals import ASIDE, nft_rewrite
from pnp_responder.service.daemon_thread import in_daemon_thread
from pnp_responder.service.journal import Journal


async def tell_neighbours(listen: Listen, served: Sequence[OpenInterface], journal: Journal) -> None:
    """A second responder, and a PBX that may refuse what it does not understand."""
    group = SocketAddress(listen.group, listen.port)
    holders = await in_daemon_thread(lambda: port_holders(group.port))
    indexes = [opened.interface.index for opened in served]
    by_packet = await in_daemon_thread(lambda: {mark_holder(group, index) for index in indexes})
    rivals = [f"{owner} by a packet socket" for owner in sorted(by_packet - {""})]
    rivals += [str(holder) for holder in holders if holder.address == group.host]
    for rival in rivals:
        reason = f"phones may get two answers: {rival} listens as well"
        journal.note("second_responder", logging.WARNING, reason=reason)
    for holder in holders:
        if holder.address in ("0.0.0.0", "::"):  # noqa: S104
            # The kernel gives such a socket every group that anybody on the host has joined.
            reason = f"{holder} hears what phones ask as well, and may refuse it before we answer"
            remedy = (
                f"if it does: `port: {ASIDE}`, `reply_port: {ASIDE}` and nft '{nft_rewrite(group, ASIDE)}'"
            )
            journal.note("port_shared", logging.WARNING, reason=reason, remedy=remedy)
