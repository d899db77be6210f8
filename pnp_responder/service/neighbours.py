"""Who else on this host hears what phones ask."""

from __future__ import annotations

import logging

from pnp_responder.datagram import SocketAddress
from pnp_responder.net.multicast import Listen
from pnp_responder.net.ports import port_holders
from pnp_responder.net.refusals import nft_rewrite
from pnp_responder.service.daemon_thread import in_daemon_thread
from pnp_responder.service.journal import Journal


async def tell_neighbours(listen: Listen, journal: Journal) -> None:
    """A second responder, and a PBX that may refuse what it does not understand."""
    group = SocketAddress(listen.group, listen.port)
    for holder in await in_daemon_thread(lambda: port_holders(group.port)):
        if holder.address == group.host:
            reason = f"phones may get two answers: {holder} listens as well"
            journal.note("second_responder", logging.WARNING, reason=reason)
        elif holder.address in ("0.0.0.0", "::"):  # noqa: S104
            # The kernel gives such a socket every group that anybody on the host has joined.
            reason = f"{holder} hears what phones ask as well, and may refuse it before we answer"
            remedy = f"if it does: `port: 5062` and nft '{nft_rewrite(group, 5062)}'"
            journal.note("port_shared", logging.WARNING, reason=reason, remedy=remedy)
