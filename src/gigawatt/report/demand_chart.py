"""The chart of served models: demand that is met, and demand that is not, by model."""

from __future__ import annotations

import numpy as np

from .palette import Shade
from .table import Column
from .traces import Chart, Drawing, floats, layout
from .view import View
from .wording import TOKENS, number, percent, scale

__all__ = ["demand"]


def demand(view: View) -> Chart:
    """Met and unmet output tokens a day, stacked to the demand."""
    group = view.plan.serving
    keys = [str(key) for key in group["stream"].values]
    per_day = 86400.0
    asked = group["demand_tokens_per_s"].values * per_day
    met = group["met_tokens_per_s"].sel(case="central").values * per_day
    unmet = group["unmet_tokens_per_s"].sel(case="central").values * per_day
    divisor, unit = scale(float(asked.sum(axis=1).max(initial=0.0)), TOKENS)
    unit = f"{unit}/day"
    form = f"%{{y:,.3~r}} {unit}"
    drawing = Drawing()
    for at, key in enumerate(keys):
        shade = view.palette.streams[key]
        drawing.layer(key, floats(met[:, at], divisor), shade, form)
    for at, key in enumerate(keys):
        if unmet[:, at].any():
            shade = Shade(view.palette.streams[key].hex, "x")
            drawing.layer(f"{key}, not met", floats(unmet[:, at], divisor), shade, form)
    heads, series = [], []
    for at, key in enumerate(keys):
        hours = view.plan.horizon.hours()
        sums = [
            (float(asked[p, at] @ hours[p]), float(met[p, at] @ hours[p])) for _, p in view.years
        ]
        days = [float(hours[p].sum()) for _, p in view.years]
        means = [a / h for (a, _), h in zip(sums, days, strict=True)]
        own, own_unit = scale(max(means, default=0.0), TOKENS)
        shade = view.palette.streams[key]
        heads += [Column(key, f"{own_unit}/day", shade=shade), Column("met", "%")]
        series.append([mean / own for mean in means])
        series.append([100.0 * m / a if a else np.nan for a, m in sums])
    rows = view.sources.summary["serving"]
    figures = (
        "serving.demand_tokens_per_s",
        "serving.met_tokens_per_s",
        "serving.unmet_tokens_per_s",
    )
    shares = ", ".join(f"{row['name']} {percent(row['met']['central'])}" for row in rows)
    return Chart(
        "demand", "Tokens served",
        "Output tokens by model, in the central case: met in full colour, not met hatched; together the "
        "demand.",
        unit,
        f"Stacked areas of the demand for {len(keys)} models, met over the horizon: {shares}. At the end "
        f"{number(float(asked[-1].sum()) / divisor, 2)} {unit} are asked for.",
        drawing.data, layout(view.days, 260), tuple(drawing.legend),
        view.yearly("demand-years", "Demand, mean of the year, and what is met of it", heads, series,
                    [2, 1] * len(keys)),
        figures,
        notes=tuple(f"{row['name']}: {row['outcome']}" for row in rows if row["outcome"] != "met"),
        assumed=view.sources.assumed_in(*figures),
    )  # fmt: skip
