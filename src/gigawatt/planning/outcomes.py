"""What became of every campaign and stream, in words, with what binds and by how much it misses.

Nothing that a scenario asks for is dropped silently: what does not start, does not end or is not served
says why, here once for warnings, headline, report and explain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gigawatt.core.errors import Problem
from gigawatt.scenario import Scenario
from gigawatt.workload.claims import Campaign, Stream
from gigawatt.workload.cluster import WHOLE
from gigawatt.workload.training import Track

from .build import Built
from .inputs import Inputs
from .never_starts import why_never
from .rates import Rate
from .serving_rates import StreamRate
from .unmet import why_unmet

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
    for found in outcomes_of(scenario, inputs, built):
        if found.code:
            yield Problem(found.code, found.text, "", found.path, scenario.tree.origin(found.path))


def outcomes_of(scenario: Scenario, inputs: Inputs, built: Built) -> Iterator[Outcome]:
    """Outcomes of all campaigns, then of all streams."""
    for campaign in built.placed.campaigns:
        yield _campaign(scenario, inputs, built, campaign)
    for at, stream in enumerate(built.placed.streams):
        yield _stream(inputs, built, stream, at)


def _campaign(scenario: Scenario, inputs: Inputs, built: Built, campaign: Campaign) -> Outcome:
    """What became of a campaign."""
    track = built.placed.placement.campaigns[campaign.name][_CENTRAL]
    path = f"workloads.training.{campaign.name}"
    small = _smaller_than_its_count(campaign, track)
    if not np.isnan(track.finish):
        return Outcome(path, "", f"finished{'; its' + small if small else ''}")
    if np.isnan(track.start):
        why = why_never(scenario, inputs, built, campaign, track)
        return Outcome(path, "W114", f"Never starts: {why}.")
    done = float(track.kept_flop.sum()) / campaign.budget_flop
    last = float(track.kept_flop[-1]) / campaign.budget_flop
    more = (
        f"at the pace of its last month {(1.0 - done) / last:,.1f} more months are needed"
        if last > 0.0
        else "nothing works on it at the end"
    )
    return Outcome(
        path,
        "W113",
        f"Not finished by {inputs.horizon.last}: {done:.1%} is done; {more}."
        + (f" Its{small}." if small else ""),
    )


def _smaller_than_its_count(campaign: Campaign, track: Track) -> str:
    """That a cluster never reaches its count, and by how much; empty where it does or has none."""
    most = float(track.packages.sum(axis=0).max(initial=0.0))
    if not np.isfinite(campaign.count) or most >= campaign.count * WHOLE:
        return ""
    return (
        f" count of {campaign.count:,.0f} is never reached: at most {most:,.0f}, "
        f"{campaign.count - most:,.0f} too few"
    )


def _stream(inputs: Inputs, built: Built, stream: Stream, at: int) -> Outcome:
    """What became of a stream."""
    path = f"workloads.serving.{stream.name}"
    rates = built.serving_rates[stream.name]
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
        f"{demand[worst] * 86400.0 / 1e12:,.3g} Ttoken/day: {why_unmet(built, stream, worst)}.",
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
