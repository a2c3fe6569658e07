"""Campaigns and streams on the fleet: the figures of `training`, `serving` and `use`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gigawatt.catalog import PRECISIONS
from gigawatt.core.arrays import Array
from gigawatt.scenario import Scenario
from gigawatt.workload.claims import Campaign, Stream
from gigawatt.workload.placement import CASES, Placement, place
from gigawatt.workload.training import Track

from .buildout import Figures
from .claims import campaigns_of, streams_of
from .inputs import Inputs
from .machines import Machines
from .rates import Rates
from .serving_rates import ServingRates
from .trained import model_named

__all__ = ["USES", "Placed", "place_workloads"]

USES = ("training", "serving", "idle")
_C = len(CASES)
_CENTRAL = 1
_YARDSTICK = PRECISIONS.index("bf16")


@dataclass(frozen=True, slots=True)
class Placed:
    """Workloads after placement.

    Attributes
    ----------
    figures : dict of str to array
        Of the groups training, serving and use, months first.
    campaigns, streams : list of Campaign, of Stream
        What was asked for.
    placement : Placement
        What became of it.
    """

    figures: Figures
    campaigns: list[Campaign]
    streams: list[Stream]
    placement: Placement


def place_workloads(
    scenario: Scenario,
    inputs: Inputs,
    machines: Machines,
    rates: Rates,
    serving_rates: ServingRates,
) -> Placed:
    """Place the workloads of a scenario, and say by month what became of them.

    Parameters
    ----------
    scenario, inputs : Scenario, Inputs
        Workloads; horizon, demand.
    machines : Machines
        What they may use.
    rates, serving_rates : Rates, ServingRates
        How fast each machine works on each of them.
    """
    campaigns = campaigns_of(scenario, inputs, machines, rates)
    streams = streams_of(scenario, inputs, machines, serving_rates)
    seconds = inputs.horizon.hours() * 3600.0
    placement = place(machines.capacity, seconds, campaigns, streams)
    training = _training(campaigns, placement, machines, rates, seconds)
    serving = _serving(scenario, inputs, streams, placement, machines, seconds)
    figures = training | serving | _use(scenario, placement, machines, training, serving, seconds)
    return Placed(figures, campaigns, streams, placement)


def _by_run(tracks: Sequence[Sequence[Track]], what: str) -> Array:
    """A number of every track, shape (runs, cases)."""
    each = [[getattr(track, what) for track in cases] for cases in tracks]
    return np.array(each, dtype=float).reshape(len(tracks), _C)


def _training(
    campaigns: list[Campaign],
    placement: Placement,
    machines: Machines,
    rates: Rates,
    seconds: Array,
) -> Figures:
    months, count = len(seconds), len(campaigns)
    by_case = (months, count, _C)
    tracks = [placement.campaigns[campaign.name] for campaign in campaigns]
    names = ("accelerators", "days", "tokens_per_s", "mfu", "goodput", "model_flop", "progress",
             "energy_mwh", "cost_usd")  # fmt: skip
    of = {name: np.zeros(by_case) for name in names}
    packages = np.zeros((months, count, len(machines.labels), _C))
    used = np.zeros((months, count, len(machines.places), len(machines.labels)))
    attention = np.zeros(len(machines.labels))
    for r, (campaign, cases) in enumerate(zip(campaigns, tracks, strict=True)):
        known = [rates[campaign.name].get(label) for label in machines.labels]
        attention[:] = [0.0 if rate is None else rate.attention for rate in known]
        peak = np.array([0.0 if rate is None else rate.peak_flops for rate in known])
        per_token = max((rate.flop_per_token for rate in known if rate), default=0.0)
        for c, track in enumerate(cases):
            at_work_s = track.working * seconds
            raw = track.raw_flop.sum(axis=0)
            held = track.used.sum(axis=1)
            packages[:, r, :, c] = track.packages.T
            of["accelerators"][:, r, c] = held.sum(axis=0)
            of["days"][:, r, c] = at_work_s / 86400.0
            of["mfu"][:, r, c] = _over(attention @ track.raw_flop, peak @ held * seconds)
            of["goodput"][:, r, c] = _over(track.kept_flop, raw)
            if per_token:
                of["tokens_per_s"][:, r, c] = _over(raw, at_work_s) / per_token
            of["model_flop"][:, r, c] = track.kept_flop
            of["progress"][:, r, c] = np.cumsum(track.kept_flop) / campaign.budget_flop
            of["energy_mwh"][:, r, c] = np.einsum("mpt,mpt->t", track.used, machines.energy_mwh)
            of["cost_usd"][:, r, c] = np.einsum("mpt,mpt->t", track.used, machines.cost_usd)
        used[:, r] = np.transpose(cases[_CENTRAL].used, (2, 1, 0))
    return {
        "training.compute_flop": np.array([c.pretraining_flop for c in campaigns]),
        "training.post_training_flop": np.array([c.post_training_flop for c in campaigns]),
        "training.campus": _by_run(tracks, "place"),
        "training.start_month": _by_run(tracks, "start"),
        "training.pretrained_month": _by_run(tracks, "pretrained"),
        "training.finish_month": _by_run(tracks, "finish"),
        "training.packages": packages,
        "training.used": used,
        **{f"training.{name}": values for name, values in of.items()},
    }


def _serving(
    scenario: Scenario,
    inputs: Inputs,
    streams: list[Stream],
    placement: Placement,
    machines: Machines,
    seconds: Array,
) -> Figures:
    months, count = len(seconds), len(streams)
    by_case = (months, count, _C)
    names = ("accelerators", "met_tokens_per_s", "unmet_tokens_per_s", "energy_mwh", "cost_usd",
             "revenue_usd", "model_flop")  # fmt: skip
    of = {name: np.zeros(by_case) for name in names}
    used = np.zeros((months, count, len(machines.places), len(machines.labels)))
    rate = np.zeros((count, len(machines.labels), _C))
    demand = np.zeros((months, count))
    for r, stream in enumerate(streams):
        flop = _serving_flop(scenario, stream.name)
        price = inputs["serving_price_usd"][r]
        demand[:, r], rate[r] = stream.demand_tokens_per_s, stream.tokens_per_s
        for c, served in enumerate(placement.streams[stream.name]):
            met = served.met_tokens_per_s
            of["accelerators"][:, r, c] = served.used.sum(axis=(0, 1))
            of["met_tokens_per_s"][:, r, c] = met
            of["unmet_tokens_per_s"][:, r, c] = np.maximum(demand[:, r] - met, 0.0)
            of["energy_mwh"][:, r, c] = np.einsum("mpt,mpt->t", served.used, machines.energy_mwh)
            of["cost_usd"][:, r, c] = np.einsum("mpt,mpt->t", served.used, machines.cost_usd)
            of["revenue_usd"][:, r, c] = met * seconds * price
            of["model_flop"][:, r, c] = met * seconds * flop
        used[:, r] = np.transpose(placement.streams[stream.name][_CENTRAL].used, (2, 1, 0))
    return {
        "serving.demand_tokens_per_s": demand,
        "serving.package_tokens_per_s": rate,
        "serving.used": used,
        **{f"serving.{name}": values for name, values in of.items()},
    }


def _serving_flop(scenario: Scenario, name: str) -> float:
    """Model FLOP for an output token and the part of the prompt that goes with it [FLOP/token]."""
    stream = scenario.spec.workloads.serving[name]
    model, _ = model_named(scenario, stream.model)
    active = model.parameters_active.value
    assert isinstance(active, float)
    mix = stream.mix
    return 2.0 * active * (1.0 + mix.input * (1.0 - mix.reused) / mix.output)


def _use(
    scenario: Scenario,
    placement: Placement,
    machines: Machines,
    training: Figures,
    serving: Figures,
    seconds: Array,
) -> Figures:
    """Who uses the accelerators, in all."""
    capacity = machines.capacity
    taken = np.zeros((2, _C, *capacity.shape))
    for tracks in placement.campaigns.values():
        for c, track in enumerate(tracks):
            taken[0, c] += track.used
    for cases in placement.streams.values():
        for c, served in enumerate(cases):
            taken[1, c] += served.used
    idle = np.maximum(capacity - taken.sum(axis=0), 0.0)
    by_use = np.concatenate([taken, idle[None]])
    peak = machines.peak_flops[_YARDSTICK]
    packages = by_use.sum(axis=(2, 3))
    effective = np.stack(
        [
            training["training.model_flop"].sum(axis=1),
            serving["serving.model_flop"].sum(axis=1),
            np.zeros((len(seconds), _C)),
        ]
    )
    return {
        "use.capacity": np.transpose(capacity, (2, 1, 0)),
        "use.training": np.transpose(taken[0], (3, 2, 1, 0)),
        "use.serving": np.transpose(taken[1], (3, 2, 1, 0)),
        "use.packages": np.transpose(packages, (2, 0, 1)),
        "use.peak_flop": np.transpose(np.einsum("ucmpt,m->uct", by_use, peak) * seconds, (2, 0, 1)),
        "use.effective_flop": np.transpose(effective, (1, 0, 2)),
    }


def _over(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0.0)
