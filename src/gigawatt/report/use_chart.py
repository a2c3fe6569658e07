"""The chart of use: accelerators that train, serve or stand idle."""

from __future__ import annotations

import numpy as np

from .palette import USES, Shade
from .table import Column
from .traces import Chart, Drawing, floats, layout
from .view import View
from .wording import percent

__all__ = ["use"]


def use(view: View) -> Chart:
    """Packages by use, own and partners', mean of the month."""
    group = view.plan.use
    packages = group["packages"].sel(case="central").values
    names = [str(name) for name in group["use"].values]
    form = "%{y:,.0f}"
    drawing = Drawing()
    for at, name in enumerate(names):
        drawing.layer(name, floats(packages[:, at], digits=10), Shade(USES[name]), form)
    frame = layout(view.days, 240)
    frame["yaxis"]["tickformat"] = "~s"
    hours = view.plan.horizon.hours()
    flop = group["effective_flop"].sel(case="central").values
    heads = [Column(name, "%", shade=Shade(USES[name])) for name in names]
    heads += [Column(f"done in {name}", "10²⁷ FLOP") for name in names[:2]]
    series = []
    for at in range(len(names)):
        sums = [(float(packages[p, at] @ hours[p]), float(packages[p].sum(axis=1) @ hours[p]))
                for _, p in view.years]  # fmt: skip
        series.append([100.0 * part / whole if whole else np.nan for part, whole in sums])
    series += [view.in_year(flop[:, at] / 1e27) for at in range(2)]
    shares = view.sources.summary["use"]
    figures = ("use.packages", "use.effective_flop")
    return Chart(
        "use", "What accelerators do",
        "Packages that train, serve or stand idle, those of partners included, in the central case.",
        "packages",
        "Stacked areas of accelerators by use. Of all package-hours "
        f"{', '.join(f'{percent(share)} are for {name}' for name, share in shares.items())}.",
        drawing.data, frame, tuple(drawing.legend),
        view.yearly("use-years", "Package-hours by use, and operations done for models", heads, series,
                    [1] * len(names) + [2] * 2),
        figures, assumed=view.sources.assumed_in(*figures),
    )  # fmt: skip
