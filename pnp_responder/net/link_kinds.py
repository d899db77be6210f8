"""What kind of thing an interface is: a network card, or something that the kernel makes up."""

from __future__ import annotations


def read_link_kinds() -> dict[int, str]:
    """By interface index: the kernel's word (`bridge`, `vlan`, `macvlan`, `veth`, ...), "" for a real device.

    Needs no privilege. OSError without netlink. Not from inside a running loop, as `read_interfaces`.
    """
    from pyroute2 import IPRoute, NetlinkError  # type: ignore[import-untyped]  # takes 0.1 s to import

    kinds = {}
    try:
        with IPRoute() as route:
            for link in route.get_links():
                information = link.get_attr("IFLA_LINKINFO")
                kinds[link["index"]] = (information and information.get_attr("IFLA_INFO_KIND")) or ""
    except NetlinkError as error:
        raise OSError(error.code, str(error)) from None
    return kinds
