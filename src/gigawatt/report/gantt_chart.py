"""The Gantt of campaigns: one lane each, pretraining and what follows it, with the range of its finish."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .calendar_strip import LEAST_WIDTH, LETTER
from .palette import Shade
from .table import Column
from .traces import Chart, Drawing, Trace, layout, marks, plain
from .view import View
from .wording import compact, percent

__all__ = ["gantt"]

LANE = 36
"""Height of a lane [px]."""
ABOVE = 0.42
"""How far the label of a lane stands above its bar [lane]."""
BAR, WHISKER = 13, 1.4
"""Width of a bar and of the line of its range [px]."""
ABOVE_EDGES = 36
LONGEST = 60
_LIGHTER = 0.45


def gantt(view: View) -> Chart:
    """Campaigns over the months."""
    rows = view.sources.summary["training"]
    drawing = Drawing()
    names: dict[str, list[Any]] = {"x": [], "y": [], "text": [], "side": []}
    for lane, row in enumerate(rows):
        shade = view.palette.campaigns[row["name"]]
        times = _Times(view, row["name"])
        traces = [*_bars(view, row, times, lane, shade), *_range(view, times, lane)]
        drawing.add(row["name"], "area", shade.hex, *traces)
        _name(view, row, times, lane, names)
    drawing.add("finish, low to high, central ◆", "thin", "@ink", _labels(names))
    frame = layout(view.days, ABOVE_EDGES + LANE * len(rows))
    frame["yaxis"] |= {
        "range": [len(rows) - 0.6, -0.8], "rangemode": "normal", "showticklabels": False,
        "showgrid": False, "zeroline": False,
    }  # fmt: skip
    post = any(row["post_training_flop"] for row in rows)
    figures = ("training.packages", "training.start_month", "training.finish_month",
               "training.goodput", *(("training.pretrained_month",) if post else ()))  # fmt: skip
    ended = [row for row in rows if row["finish"]["central"]]
    said = "; ".join(
        f"{row['name']} {row['start']['central']} to {row['finish']['central']}" for row in ended
    )
    notes = tuple(
        f"{row['name']}: {row['outcome']}" for row in rows if row["outcome"] != "finished"
    )
    return Chart(
        "gantt", "Models in training",
        "One lane a campaign, from its start to its end in the central case; the thin line is the range of "
        "its finish; dashes are months in which nothing works on it."
        + (" The lighter part is post-training." if post else ""),
        "",
        f"A lane for each of {len(rows)} training campaigns; {len(ended)} are finished within the horizon"
        f"{': ' + said if said else ''}.",
        drawing.data, frame, tuple(drawing.legend), _by_year(view), figures, notes=notes,
        assumed=view.sources.assumed_in(*figures),
    )  # fmt: skip


class _Times:
    """Times of a campaign, in months from the start of the horizon."""

    def __init__(self, view: View, name: str) -> None:
        group = view.plan.training.sel(campaign=name)
        end = float(view.plan.horizon.months)
        low, central, high = (float(v) for v in group["finish_month"].values)
        self.start = float(group["start_month"].sel(case="central"))
        self.pretrained = float(group["pretrained_month"].sel(case="central"))
        self.finish = central
        self.stop = end if math.isnan(central) else central
        if math.isnan(self.pretrained):
            self.pretrained = self.stop
        ends = [end if math.isnan(v) else v for v in (low, central, high)]
        self.first, self.last = min(ends), max(ends)
        self.begins = not math.isnan(self.start)
        self._cluster = group["packages"].sel(case="central").values.sum(axis=-1)
        self._done = group["progress"].sel(case="central").values
        self._works = group["days"].sel(case="central").values > 0.0

    def spans(self, start: float, stop: float, *, works: bool) -> list[tuple[float, float]]:
        """Parts of a time in which something works, or nothing, in whole months inside of it."""
        found: list[tuple[float, float]] = []
        for month in range(math.floor(start), math.ceil(stop)):
            if bool(self._works[month]) is not works:
                continue
            begin, end = max(float(month), start), min(month + 1.0, stop)
            if found and found[-1][1] == begin:
                found[-1] = (found[-1][0], end)
            else:
                found.append((begin, end))
        return found

    def at(self, time: float) -> str:
        """What a campaign is at in a month."""
        month = min(int(time), len(self._done) - 1)
        cluster, done = round(float(self._cluster[month])), float(self._done[month])
        return f"{compact(cluster)} GPUs, {percent(done)} done at the end of the month"


def _bars(
    view: View, row: Mapping[str, Any], times: _Times, lane: int, shade: Shade
) -> list[Trace]:
    """Pretraining in full colour, what follows it lighter; dashes where nothing works."""
    if not times.begins:
        return []
    parts = [(times.start, times.pretrained, 1.0, "")]
    if times.pretrained < times.stop:
        parts.append((times.pretrained, times.stop, _LIGHTER, "post-training, "))
    bars = [
        {
            "type": "scatter", "mode": "lines", "name": plain(row["name"]),
            "x": [view.day(t) for t in _instants(start, stop)],
            "y": [lane] * len(_instants(start, stop)),
            "line": {"width": BAR, "color": shade.rgba(opacity)},
            "customdata": [
                plain(words + times.at(t)) for t in _instants(start, stop)
            ],
            "hovertemplate": "%{customdata}",
        }
        for begin, end, opacity, words in parts
        for start, stop in times.spans(begin, end, works=True)
    ]  # fmt: skip
    waits = [
        {
            "type": "scatter", "mode": "lines", "name": plain(row["name"]),
            "x": [view.day(start), view.day(stop)], "y": [lane, lane],
            "line": {"width": WHISKER, "color": shade.rgba(1.0), "dash": "dash"},
            "hovertemplate": "nothing works on it",
        }
        for start, stop in times.spans(times.start, times.stop, works=False)
    ]  # fmt: skip
    return [*bars, *waits]


def _instants(start: float, stop: float) -> list[float]:
    """Both ends, and the months between them."""
    between = [float(t) for t in range(math.floor(start) + 1, math.ceil(stop))]
    return [start, *between, stop]


def _range(view: View, times: _Times, lane: int) -> list[Trace]:
    """The range of the finish, and a diamond at the central one."""
    if not times.begins:
        return []
    found: list[Trace] = []
    if times.first < times.last:
        found.append({
            "type": "scatter", "mode": "lines", "name": "range", "hoverinfo": "skip",
            "x": [view.day(times.first), view.day(times.last)], "y": [lane, lane],
            "line": {"width": WHISKER, "color": "@ink"},
        })  # fmt: skip
    if not math.isnan(times.finish):
        found.append(marks("finish", [view.day(times.finish)], [lane], [], "@ink",
                           symbol="diamond", size=7))  # fmt: skip
    return found


def _name(
    view: View, row: Mapping[str, Any], times: _Times, lane: int, names: dict[str, list[Any]]
) -> None:
    """The label of a lane, above its bar: from its start on, or up to its end near the end of the horizon."""
    end = float(max(view.plan.horizon.months - 1, 1))
    text = row["name"]
    if times.begins:
        text += f" · {compact(row['accelerators'])} GPUs"
        text += "" if row["finish"]["central"] else f", {row['progress']:.0%} done"
    else:
        text += ": never starts"
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    start, stop = (times.start, times.stop) if times.begins else (0.0, 0.0)
    right = start + len(text) * LETTER * end / LEAST_WIDTH <= end
    names["x"].append(view.day(start if right else stop))
    names["y"].append(lane - ABOVE)
    names["text"].append(plain(text))
    names["side"].append("middle right" if right else "middle left")


def _labels(names: Mapping[str, list[Any]]) -> Trace:
    return {
        "type": "scatter", "mode": "text", "name": "campaigns", "hoverinfo": "skip",
        "cliponaxis": False, "x": names["x"], "y": names["y"], "text": names["text"],
        "textposition": names["side"], "textfont": {"color": "@ink", "size": 11.5},
    }  # fmt: skip


def _by_year(view: View) -> Any:
    """Accelerators that each campaign holds, as the mean of the year."""
    rows = view.sources.summary["training"]
    held = view.plan.training["accelerators"].sel(case="central").values
    heads = [
        Column(row["name"], "packages", shade=view.palette.campaigns[row["name"]]) for row in rows
    ]
    hours = view.plan.horizon.hours()
    series = [
        [float(np.average(held[part, at], weights=hours[part])) for _, part in view.years]
        for at in range(len(rows))
    ]
    return view.yearly("gantt-years", "Accelerators in training, mean of the year", heads, series,
                       [0] * len(rows))  # fmt: skip
