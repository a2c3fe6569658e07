"""Where a number comes from: the vocabulary shared by catalog, scenarios and plans.

`Evidence` says who published a figure, when, and how sure it is. It does not hold the figure:
a catalog `Fact` does, and a plan keeps one `Evidence` beside each input it used.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from .errors import Origin

__all__ = ["Confidence", "Evidence"]

Confidence = Literal["official", "reported", "estimate", "assumed", "stated"]
"""official: the party's own filing, release or datasheet; reported: press or a named third party;
estimate: an analyst's or derived figure; assumed: an assumption of ours, open to change;
stated: the user's scenario says so and gives no source."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a number is what it is.

    Attributes
    ----------
    confidence : Confidence
        How sure the figure is.
    source : str
        Title and publisher, or what the figure was derived from.
    url : str
        Address of the source, where it has one.
    as_of : str
        Date of the source, `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    note : str
        Range, conflict or derivation in words.
    where : str
        File and line that set it, and the path there: `deal.yaml:9 sites.abilene.power.2027-02` or
        `catalog/systems/vr-nvl72.yaml:12 vr-nvl72 rack_power`.
    by : str
        Who set it: `scenario`, `catalog`, or `default` where neither says anything.
    """

    confidence: Confidence
    source: str = ""
    url: str = ""
    as_of: str = ""
    note: str = ""
    where: str = ""
    by: Literal["scenario", "catalog", "default"] = "scenario"

    @property
    def is_assumption(self) -> bool:
        """Whether this is an assumption of ours rather than somebody's published figure."""
        return self.confidence == "assumed"

    def at(self, origin: Origin, path: str) -> Evidence:
        """The same evidence, set by a line of a scenario."""
        where = " ".join(part for part in (str(origin), path) if part)
        return replace(self, where=where)

    def as_dict(self) -> dict[str, Any]:
        """Plain mapping for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Evidence:
        """Inverse of `as_dict`."""
        return cls(**data)
