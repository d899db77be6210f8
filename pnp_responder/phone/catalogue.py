"""The phones that can be played, by name."""

from __future__ import annotations

from pnp_responder.phone.catalogue_habits import DEFAULT, HABITS, UNKNOWN
from pnp_responder.phone.catalogue_wires import WIRES
from pnp_responder.phone.shape import Habits, Shape

__all__ = ["CATALOGUE", "DEFAULT", "UNKNOWN", "habits_of_vendor"]

CATALOGUE: dict[str, Shape] = {name: Shape(name, wire, HABITS[name]) for name, wire in WIRES.items()}


def habits_of_vendor(vendor: str) -> Habits:
    """The habits of the first phone in the catalogue whose vendor has that name, whatever its case."""
    for shape in CATALOGUE.values():
        if vendor and shape.wire.vendor is not None and shape.wire.vendor.casefold() == vendor.casefold():
            return shape.habits
    return UNKNOWN
