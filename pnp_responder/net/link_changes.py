"""From what is served and what is to be served to the steps between them. Values only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from pnp_responder.net.interfaces import Choice, Interface


class Leave(NamedTuple):
    """Serve it no longer. `reason` in words."""

    interface: Interface
    reason: str


class Change(NamedTuple):
    """The same link with another name or other addresses: the group stays joined."""

    old: Interface
    new: Interface


class Join(NamedTuple):
    """Begin to serve it."""

    interface: Interface


Step = Leave | Change | Join


def steps_between(
    served: Iterable[Interface], choice: Choice, lost: Collection[int] = ()
) -> tuple[Step, ...]:
    """The steps in the order to take them: what goes first gives its name, address and port to what comes.

    An interface is the same as long as its index is: the kernel keeps a membership through a new name,
    other addresses, down and up, and drops it without a word with the interface. `lost` are the indexes
    whose membership is gone, whatever stands there now.
    """
    chosen = {interface.index: interface for interface in choice.chosen}
    reasons = {interface.index: reason for interface, reason in choice.passed_over}
    served = list(served)
    index_of = {interface.name: interface.index for interface in served}
    leaves: list[Step] = []
    changes: list[Step] = []
    staying: set[int] = set()
    for old in served:
        new = chosen.get(old.index)
        if new is None:
            leaves.append(Leave(old, _reason(old, choice, reasons.get(old.index, ""))))
        elif old.index in lost:
            leaves.append(Leave(old, "was deleted; one like it has come"))
        elif index_of.get(new.name, new.index) != new.index:
            leaves.append(Leave(old, f"is called {new.name} now, and {new.name} something else"))
        else:
            staying.add(old.index)
            if _differs(old, new):
                changes.append(Change(old, new))
    joins = [Join(interface) for interface in choice.chosen if interface.index not in staying]
    return *leaves, *changes, *joins


def _differs(old: Interface, new: Interface) -> bool:
    return (old.name, old.addresses) != (new.name, new.addresses)


def _reason(old: Interface, choice: Choice, reason: str) -> str:
    if reason:
        return reason
    if any(interface.name == old.name for interface in choice.chosen):
        return "was deleted; another of this name has come"
    return "is gone"
