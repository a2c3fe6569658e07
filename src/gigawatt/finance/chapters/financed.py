"""What is financed already, so that no two lenders lend against the same cost."""

from __future__ import annotations

from dataclasses import dataclass

from gigawatt.finance.books import Books
from gigawatt.finance.formula import Expr, Number, Row, ratio

from .halls import payments_for_halls
from .racks import cost_of_racks

__all__ = ["Financed", "cost_against"]


@dataclass(frozen=True, slots=True)
class Financed:
    """Money that somebody gives against a cost.

    Attributes
    ----------
    paid : Row
        What is given by month.
    systems : tuple of str or None
        Racks that it is given against; of all systems if none.
    halls : bool
        Whether it is given against halls too.
    """

    paid: Row
    systems: tuple[str, ...] | None
    halls: bool = False

    def part_of(self, books: Books, systems: tuple[str, ...] | None, halls: bool) -> Expr:
        """What of it is given against some systems and halls: its share by cost in the month."""
        if self.systems is None or systems is None:
            both = systems if self.systems is None else self.systems
        else:
            both = tuple(system for system in self.systems if system in systems)
        shared = cost_against(books, both, self.halls and halls)
        return self.paid * ratio(shared, cost_against(books, self.systems, self.halls))


def cost_against(books: Books, systems: tuple[str, ...] | None, halls: bool) -> Expr:
    """Cost of racks at delivery, and of halls as they are paid, in a month."""
    racks: Expr = Number(0.0) if systems == () else cost_of_racks(books, systems)
    return racks + payments_for_halls(books) if halls else racks
