"""The chart of accelerators: packages or dies by system, and what partners run above them."""

from __future__ import annotations

import numpy as np

from .palette import Shade
from .table import Column
from .traces import Chart, Drawing, Switch, floats, layout
from .view import View
from .wording import number

__all__ = ["accelerators"]


def accelerators(view: View) -> Chart:
    """Packages in service by system, those of partners above them; dies as another reading."""
    fleet, partners = view.plan.fleet, view.plan.partners
    packages, dies = (fleet[name].values.sum(axis=1) for name in ("packages", "dies"))
    systems = [str(system) for system in fleet["system"].values]
    rented = (
        partners["packages"].values if partners["packages"].size else np.zeros((len(view.days), 0))
    )
    keys = [str(key) for key in partners["partner"].values]
    shown = [at for at in range(len(keys)) if rented[:, at].any()]
    silent = [view.party_name(keys[at]) for at in range(len(keys)) if at not in shown]
    form = "%{y:,.0f}"
    drawing = Drawing()
    order = list(range(len(systems)))[::-1]
    for at in order:
        shade = view.palette.systems[systems[at]]
        drawing.layer(systems[at], floats(packages[:, at], digits=10), shade, form)
    for at in shown:
        shade = Shade(view.palette.parties[keys[at]].hex, "/")
        name = f"{view.party_name(keys[at])} (partner)"
        drawing.layer(name, floats(rented[:, at], digits=10), shade, form)
    nothing: list[float | None] = [None] * len(view.days)
    switches = (
        Switch("packages", "packages", [trace["y"] for trace in drawing.data]),
        Switch("dies", "dies of the own build",
               [floats(dies[:, at], digits=10) for at in order] + [nothing] * len(shown)),
    )  # fmt: skip
    notes = []
    if shown:
        notes.append("Hatched: packages that partners run. Their dies are not planned.")
    if silent:
        notes.append(f"Power without a stated system, so without packages: {', '.join(silent)}.")
    frame = layout(view.days, 300)
    frame["yaxis"]["tickformat"] = "~s"
    heads = [
        *(Column(systems[at], "packages", shade=view.palette.systems[systems[at]]) for at in order),
        *(Column(view.party_name(keys[at]), "packages", shade=view.palette.parties[keys[at]])
          for at in shown),
        Column("own packages", ""), Column("own dies", ""),
    ]  # fmt: skip
    own, all_dies = packages.sum(axis=1), dies.sum(axis=1)
    series = [view.at_year_end(v) for v in (
        *(packages[:, at] for at in order), *(rented[:, at] for at in shown), own, all_dies)]  # fmt: skip
    figures = ("fleet.packages", "fleet.dies", *(("partners.packages",) if keys else ()))
    return Chart(
        "accelerators", "Accelerators by generation",
        "Accelerators in service by system; a package is one GPU as it is mounted, dies are counted "
        "beside it.",
        "packages",
        f"Stacked areas of accelerator packages in service by system. At the end of {view.labels[-1]} "
        f"the own build runs {number(float(own[-1]))} packages with {number(float(all_dies[-1]))} dies.",
        drawing.data, frame, tuple(drawing.legend),
        view.yearly("accelerators-years", "In service in December, or in the last month planned", heads,
                    series, [0] * len(series)),
        figures, switches, tuple(notes), view.sources.assumed_in(*figures),
    )  # fmt: skip
