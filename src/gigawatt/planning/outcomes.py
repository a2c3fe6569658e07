"""What became of every campaign and stream, in words, with what binds and by how much it misses.

Nothing that a scenario asks for is dropped silently: what does not start, does not end or is not served
says why, here once for warnings, headline, report and explain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.core.errors import Problem
from gigawatt.scenario import Scenario
from gigawatt.workload.claims import Campaign
from gigawatt.workload.training import Track

from .build import Built
from .inputs import Inputs
from .rates import Rate
from .serving_rates import StreamRate

__all__ = ["Outcome", "outcomes", "outcomes_of", "silent_machines"]

_CENTRAL = 1
_SERVED = 0.9995


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one workload in the central case.

    Attributes
    ----------
    path : str
        Where it stands in the scenario.
    code : str
        Code of the warning; empty where all is well.
    text : str
        One sentence, or a word where all is well.
    """

    path: str
    code: str
    text: str


def outcomes(scenario: Scenario, inputs: Inputs, built: Built) -> Iterator[Problem]:
    """Warnings for whatever does not come out as it was asked for."""
    for found in outcomes_of(inputs, built):
        if found.code:
            yield Problem(found.code, found.text, "", found.path, scenario.tree.origin(found.path))


def outcomes_of(inputs: Inputs, built: Built) -> Iterator[Outcome]:
    """Outcomes of all campaigns, then of all streams."""
    for campaign in built.placed.campaigns:
        yield _campaign(inputs, built, campaign)
    for at, stream in enumerate(built.placed.streams):
        yield _stream(inputs, built, stream.name, at)


def _campaign(inputs: Inputs, built: Built, campaign: Campaign) -> Outcome:
    """What became of a campaign."""
    track = built.placed.placement.campaigns[campaign.name][_CENTRAL]
    path = f"workloads.training.{campaign.name}"
    if not np.isnan(track.finish):
        return Outcome(path, "", "finished")
    if np.isnan(track.start):
        return Outcome(path, "W114", f"Never starts: {_why_not(inputs, built, campaign, track)}.")
    done = float(track.kept_flop.sum()) / campaign.budget_flop
    last = float(track.kept_flop[-1]) / campaign.budget_flop
    more = (
        f"at the pace of its last month {(1.0 - done) / last:,.1f} more months are needed"
        if last > 0.0
        else "nothing works on it at the end"
    )
    return Outcome(
        path, "W113", f"Not finished by {inputs.horizon.last}: {done:.1%} is done; {more}."
    )


def _why_not(inputs: Inputs, built: Built, campaign: Campaign, track: Track) -> str:
    """What keeps a campaign from ever starting."""
    rates = built.rates[campaign.name]
    if track.waits:
        late = [
            other
            for other in campaign.after
            if not built.placed.placement.campaigns[other][_CENTRAL].finish < inputs.horizon.months
        ]
        return f"it waits for {', '.join(late) or 'its first month'}, which is not finished in time"
    if not any(rate.works for rate in rates.values()):
        words = "; ".join(f"{key}: {rate.why or 'no peak'}" for key, rate in rates.items())
        return f"no system of the fleet can train it ({words or 'the fleet is empty'})"
    able = [m for m, speed in enumerate(campaign.speeds) if speed is not None]
    where = "one place" if campaign.one else "all its places"
    free = np.zeros(len(campaign.speeds)) if track.most is None else track.most
    if all(_least(campaign, m) > free[m] for m in able):
        return _no_room(inputs, built, campaign, free, able, where)
    least = min((_least(campaign, m) for m in able), default=float("inf"))
    if campaign.count < least:
        return (
            f"its cluster is too small: the memory of the model needs at least {least:,.0f} packages, "
            f"and its count is {campaign.count:,.0f}, {least - campaign.count:,.0f} too few"
        )
    if np.isfinite(campaign.count) and track.most_at_once < campaign.count:
        return (
            f"its cluster of {campaign.count:,.0f} packages must be there at once; at most "
            f"{track.most_at_once:,.0f} are ever free to it on {where}, "
            f"{campaign.count - track.most_at_once:,.0f} too few"
        )
    return f"nothing that is free to it on {where} trains it"


def _no_room(
    inputs: Inputs, built: Built, campaign: Campaign, free: Array, able: list[int], where: str
) -> str:
    """No machine has as many packages free as hold the model: what misses least, and who holds them."""
    m = min(able, key=lambda at: _least(campaign, at) - free[at])
    label, least = built.machines.labels[m], _least(campaign, m)
    there = built.machines.capacity[m, campaign.places, int(campaign.earliest) :] * campaign.share
    most = float((there if campaign.one else there.sum(axis=0)).max(initial=0.0))
    if most >= least:
        return (
            f"claims before it hold all but {free[m]:,.0f} of {most:,.0f} packages of {label} on {where}; its "
            f"memory needs {least:,.0f}"
        )
    return (
        f"its memory needs at least {least:,.0f} packages of {label} in one cluster; at most "
        f"{free[m]:,.0f} are ever free to it on {where}, {least - free[m]:,.0f} too few"
    )


def _least(campaign: Campaign, machine: int) -> float:
    speed = campaign.speeds[machine]
    return float("inf") if speed is None else max(speed.least, 1.0)


def _stream(inputs: Inputs, built: Built, name: str, at: int) -> Outcome:
    """What became of a stream."""
    path = f"workloads.serving.{name}"
    rates = built.serving_rates[name]
    if not any(max(rate.tokens_per_s) > 0.0 for rate in rates.values()):
        return Outcome(path, "W115", f"Nothing is served: {_why_unserved(rates)}.")
    demand = built.figures["serving.demand_tokens_per_s"][:, at]
    met = built.figures["serving.met_tokens_per_s"][:, at, _CENTRAL]
    hours = inputs.horizon.hours()
    short = np.flatnonzero(met < demand * _SERVED)
    share = float(met @ hours) / max(float(demand @ hours), 1e-300)
    if not len(short):
        return Outcome(path, "", "met")
    worst = int(short[np.argmin(met[short] / demand[short])])
    first = inputs.horizon.start + int(short[0])
    months = f"{len(short)} month{'' if len(short) == 1 else 's'}"
    return Outcome(
        path,
        "W116",
        f"{_short_of_all(share)} of the demand is met; unmet in {months} from {first} on, worst in "
        f"{inputs.horizon.start + worst} with {met[worst] / demand[worst]:.0%} of "
        f"{demand[worst] * 86400.0 / 1e12:,.3g} Ttoken/day: accelerators that other workloads leave are "
        "too few.",
    )


def _short_of_all(share: float) -> str:
    """A share that is not quite all of it, and not rounded to all either."""
    return f"{share:.1%}" if share < 0.9995 else "almost all"


def _why_unserved(rates: Mapping[str, StreamRate]) -> str:
    words = [f"{key}: {rate.why.rstrip('.')}" for key, rate in rates.items()]
    return "; ".join(words) or "the fleet is empty"


def silent_machines(rates: Mapping[str, Rate]) -> list[str]:
    """Machines that add nothing to a campaign for want of a peak or a utilisation."""
    return [key for key, rate in rates.items() if not rate.works and rate.fits]
