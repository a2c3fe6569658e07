"""Who has which colour: one assignment for sites, systems and parties, used by every chart and table.

The hues are safe for colour-blind eyes (Okabe and Ito; Tol's muted and vibrant sets) and stand out on
light and on dark paper. Each kind has a set of its own, so that a site is not taken for a system. Names
beyond the length of a set take its hues again with a hatch. This file does not know what is drawn.

References
----------
.. [1] M. Okabe and K. Ito, "Color Universal Design", 2008.
.. [2] P. Tol, "Colour schemes", SRON/EPS/TN/09-002, issue 3.2, 2021.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gigawatt.finance.chapters.parties import BUYER
from gigawatt.planning import Plan

__all__ = ["CASH", "HALLS", "OWNERS", "USES", "Palette", "Shade", "palette_of"]

SITES = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442")
SYSTEMS = ("#44AA99", "#AA4499", "#DDCC77", "#CC6677", "#88CCEE", "#999933", "#7565C4")
PARTIES = ("#EE7733", "#0077BB", "#EE3377", "#33BBEE", "#009988", "#CC3311", "#8C6BB1", "#A6761D")
WORKLOADS = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#B07AA1", "#6B8E23")
USES = {"training": "#332288", "serving": "#C28E0E", "idle": "#9A9A9A"}
HATCHES = ("", "/", "x", "-")
HALLS = "#9A9A9A"
"""Colour of land, shell, power and cooling, which belong to no system."""
OWNERS = "#7A8794"
"""Colour of the buyer's owners, who pay whatever nobody else does."""
CASH = {
    "Receipts from customers": "#009E73",
    "Paid in by the owners": OWNERS,
    "Retired racks sold": "#DDCC77",
    "Racks": "#4477AA",
    "Network and storage": "#66CCEE",
    "Halls": HALLS,
    "Contracted capacity": "#AA3377",
    "Electricity": "#CCBB44",
    "Maintenance": "#228833",
    "Staff": "#EE6677",
    "Insurance": "#B07AA1",
    "Land and shell": "#999933",
    "Tax": "#44AA99",
}
"""Colours of what cash comes from and goes to, by what the books call it."""


@dataclass(frozen=True, slots=True)
class Shade:
    """How one name is painted.

    Attributes
    ----------
    hex : str
        `#RRGGBB`.
    hatch : str
        Pattern over the area, empty for none.
    """

    hex: str
    hatch: str = ""

    def rgba(self, opacity: float) -> str:
        """The same hue, lighter."""
        red, green, blue = (int(self.hex[at : at + 2], 16) for at in (1, 3, 5))
        return f"rgba({red},{green},{blue},{opacity:g})"


@dataclass(frozen=True, slots=True)
class Palette:
    """Shades by id.

    Attributes
    ----------
    sites, systems, parties : mapping of str to Shade
        Parties are investors, guarantors, partners and everybody else whose books are kept: one id is
        one party.
    campaigns, streams : mapping of str to Shade
        Models that are trained, and served.
    """

    sites: Mapping[str, Shade]
    systems: Mapping[str, Shade]
    parties: Mapping[str, Shade]
    campaigns: Mapping[str, Shade]
    streams: Mapping[str, Shade]


def palette_of(plan: Plan) -> Palette:
    """Give every name of a plan its shade, in the order of the scenario.

    Parameters
    ----------
    plan : Plan
        Whose sites, systems, investments, partners and workloads are painted.
    """
    spec = plan.scenario.spec
    return Palette(
        _assign(spec.sites, SITES),
        _assign(spec.hardware, SYSTEMS),
        _assign([*spec.investment, *spec.partners, *_others(plan)], PARTIES),
        _assign(spec.workloads.training, WORKLOADS),
        _assign(spec.workloads.serving, WORKLOADS[::-1]),
    )


def _others(plan: Plan) -> list[str]:
    return [key for key in plan.books.books.parties if key != BUYER]


def _assign(names: Iterable[str], hues: Sequence[str]) -> dict[str, Shade]:
    return {
        name: Shade(hues[index % len(hues)], HATCHES[index // len(hues) % len(HATCHES)])
        for index, name in enumerate(dict.fromkeys(names))
    }
