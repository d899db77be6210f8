"""`pnp-responder probe`: which servers answer phones here, and which of them comes first."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pnp_responder.cli.console import UNAVAILABLE, json_text, say
from pnp_responder.escaping import escape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pnp_responder.datagram import SocketAddress
    from pnp_responder.net.interfaces import Interface
    from pnp_responder.phone.shape import Shape
    from pnp_responder.service.probing import Probed

RIVALS = 1


def probe(
    interface: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="a name or a glob; may be repeated [default: all that multicast]"),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, max=60.0, metavar="S", help="how long to listen, in seconds")
    ] = 4.0,
    like: Annotated[
        str | None,
        typer.Option(metavar="PHONE", help="play this phone, for servers that answer one make only"),
    ] = None,
    port: Annotated[
        int, typer.Option(min=1, max=65535, metavar="N", help="where phones ask, by multicast")
    ] = 5060,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="do not mask passwords")] = False,
) -> None:
    """Ask as a phone would, and list every server that answers, the first one first.

    The service of this host stays silent to it. Exit codes: 0 no other server answers, 1 at least one
    does, 64 usage, 69 no interface can be asked on.
    """
    import asyncio

    from pnp_responder.cli.probe_view import View
    from pnp_responder.datagram import SocketAddress
    from pnp_responder.net.interfaces import choose_interfaces, read_interfaces
    from pnp_responder.net.multicast import Listen
    from pnp_responder.net.ports import port_holders
    from pnp_responder.phone.catalogue import CATALOGUE

    shape = None if like is None else CATALOGUE.get(like.casefold())
    if like is not None and shape is None:
        known = ", ".join(CATALOGUE)
        raise typer.BadParameter(f"no phone of that name; there are: {known}", param_hint="--like")
    try:
        host = read_interfaces()
    except OSError as error:
        say(f"pnp-responder: cannot read the interfaces of this host: {error.strerror}")
        raise typer.Exit(UNAVAILABLE) from None
    choice = choose_interfaces(host, tuple(interface or ()))
    for name in choice.missing:
        say(f"pnp-responder: {escape(name)}: there is no such interface")
    if not choice.chosen:
        named = "".join(f" --interface {escape(name)}" for name in interface or ())
        say(f"pnp-responder: no interface to ask on; see `pnp-responder interfaces{named}`")
        raise typer.Exit(UNAVAILABLE)
    group = SocketAddress(Listen().group, port)
    if sys.stderr.isatty():
        names = ", ".join(i.name for i in choice.chosen)
        say(f"Asking {group} on {names} and listening for {timeout:g} s ...")
    found = asyncio.run(_probe_all(choice.chosen, group, timeout, shape))
    if not found:
        raise typer.Exit(UNAVAILABLE)
    view = View(
        group,
        own={str(address.ip) for i in host for address in i.addresses},
        listeners=[str(holder) for holder in port_holders(port) if holder.address == group.host],
        show_secrets=show_secrets,
    )
    if json:
        typer.echo(json_text(view.as_json(found)))
    else:
        for line in view.lines(found):
            typer.echo(line)
    raise typer.Exit(RIVALS if any(it.answers for it in found) else 0)


async def _probe_all(
    interfaces: Iterable[Interface], group: SocketAddress, seconds: float, like: Shape | None
) -> list[Probed]:
    """What was found on each interface that can be asked on; the others are told."""
    import asyncio

    from pnp_responder.errors import InterfaceUnusable
    from pnp_responder.service.probing import USUAL_PORT, new_mac, probe

    mac = new_mac()
    results = await asyncio.gather(
        *(probe(interface, group, seconds, mac, like, USUAL_PORT) for interface in interfaces),
        return_exceptions=True,
    )
    found = []
    for result in results:
        if isinstance(result, InterfaceUnusable):
            say(f"pnp-responder: {result}")
        elif isinstance(result, BaseException):
            raise result
        else:
            found.append(result)
    return found
