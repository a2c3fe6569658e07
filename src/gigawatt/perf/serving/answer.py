"""What a system serves within its limits: the answer, and its record for JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gigawatt.perf.bands import Band
from gigawatt.perf.costs import Prices
from gigawatt.perf.energy import Power

from .request import ServingRequest
from .search import ServingFound, ServingPoint

__all__ = ["ServingAnswer", "ServingOption"]

_GIB = 2.0**30


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingOption:
    """One way of serving, with what it takes.

    Attributes
    ----------
    point : ServingPoint
        Layout, load, rate and latencies.
    band : Band
        Rates between which four of five measured ones are expected, over the predicted [1].
    ttft_band : Band
        The same of the time to the first token [1].
    outside : tuple of str
        What of it no measured point covers.
    units : int
        Whole units on the accelerators at hand [1].
    tokens_per_s_per_mw : float or None
        Output tokens a second per MW of IT power [token/s/MW].
    mwh_per_mtoken, usd_per_mtoken : float or None
        Facility energy [MWh] and cost [USD] of a million output tokens.
    """

    point: ServingPoint
    band: Band
    ttft_band: Band
    outside: tuple[str, ...]
    units: int
    tokens_per_s_per_mw: float | None
    mwh_per_mtoken: float | None
    usd_per_mtoken: float | None

    def record(self) -> dict[str, Any]:
        """Plain data for JSON."""
        p = self.point
        return {
            "layout": p.layout,
            "prefill_layout": p.prefill or None,
            "mode": "disaggregated" if p.prefill else "aggregated",
            "accelerators_per_unit": p.accelerators,
            "prefill_share": p.prefill_share,
            "units": self.units,
            "concurrency": p.sequences,
            "tokens_per_s_per_gpu": p.tokens_per_s,
            "tokens_per_s": p.tokens_per_s * p.accelerators * self.units,
            "tokens_per_s_per_mw": self.tokens_per_s_per_mw,
            "tpot_s": p.tpot_s,
            "ttft_s": p.ttft_s,
            "tokens_per_s_per_user": 1.0 / p.tpot_s,
            "mwh_per_mtoken": self.mwh_per_mtoken,
            "usd_per_mtoken": self.usd_per_mtoken,
            "error_band": {
                "low": p.tokens_per_s * self.band.low,
                "high": p.tokens_per_s * self.band.high,
            },
            "ttft_band_s": {
                "low": p.ttft_s * self.ttft_band.low,
                "high": p.ttft_s * self.ttft_band.high,
            },
            "outside_validated": list(self.outside),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingAnswer:
    """The best ways of serving a model on a system.

    Attributes
    ----------
    model : str
        Its name.
    request : ServingRequest
        What was asked, with the precision that was chosen.
    best : tuple of ServingOption
        Best first; empty where nothing keeps the limits.
    front : tuple of ServingPoint
        Throughput against interactivity, the most interactive first.
    found : ServingFound
        Counts of the search.
    verdict : str
        Where `best` is empty: which limit binds, and by how much it is missed.
    ground : str
        What the times rest on.
    prices, power : Prices, Power or None
        Where known.
    seconds : float
        Time of the search [s].
    """

    model: str
    request: ServingRequest
    best: tuple[ServingOption, ...]
    front: tuple[ServingPoint, ...]
    found: ServingFound
    verdict: str
    ground: str
    prices: Prices | None
    power: Power | None
    seconds: float

    def record(self) -> dict[str, Any]:
        """Plain data for JSON."""
        r = self.request
        return {
            "model": self.model,
            "system": r.system_id,
            "count": r.count,
            "request": {name: getattr(r, name) for name in r.__dataclass_fields__},
            "best": [option.record() for option in self.best],
            "front": [
                {
                    "layout": p.layout,
                    "prefill_layout": p.prefill or None,
                    "concurrency": p.sequences,
                    "tokens_per_s_per_gpu": p.tokens_per_s,
                    "tokens_per_s_per_user": 1.0 / p.tpot_s,
                    "tpot_s": p.tpot_s,
                    "ttft_s": p.ttft_s,
                }
                for p in self.front
            ],
            "search": {
                "layouts": self.found.layouts,
                "fitting": self.found.fitting,
                "evaluated": self.found.points,
                "seconds": self.seconds,
            },
            "verdict": self.verdict,
            "ground": self.ground,
        }
