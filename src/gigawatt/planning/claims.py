"""A scenario's workloads as plain claims on machines at places."""

from __future__ import annotations

import numpy as np

from gigawatt.scenario import Scenario
from gigawatt.workload.claims import Campaign, Stream
from gigawatt.workload.order import queue
from gigawatt.workload.serving import grown

from .inputs import Inputs
from .machines import Machines
from .rates import Rates
from .serving_rates import ServingRates
from .trained import trained

__all__ = ["campaigns_of", "names_in_order", "streams_of"]


def campaigns_of(
    scenario: Scenario, inputs: Inputs, machines: Machines, rates: Rates
) -> list[Campaign]:
    """Training campaigns, in the order of the file."""
    found = []
    for name, run in scenario.spec.workloads.training.items():
        by_machine = [rates[name].get(label) for label in machines.labels]
        compute = trained(scenario, run).compute_flop
        after = run.post_training.share * compute if run.post_training else 0.0
        named = run.campus if isinstance(run.campus, tuple) else None
        found.append(
            Campaign(
                name=name,
                pretraining_flop=compute,
                post_training_flop=after,
                speeds=tuple(rate if rate and rate.works else None for rate in by_machine),
                places=machines.place_mask(named),
                one=run.campus == "one",
                share=1.0 if run.share is None else run.share,
                count=np.inf if run.count is None else run.count,
                grow=run.grow,
                earliest=float(inputs.horizon.offset(run.earliest) if run.earliest else 0),
                after=run.after,
                priority=run.priority,
            )
        )
    return found


def streams_of(
    scenario: Scenario, inputs: Inputs, machines: Machines, rates: ServingRates
) -> list[Stream]:
    """Served models, in the order of the file; each prefers the machines that serve most per megawatt."""
    found = []
    for at, (name, stream) in enumerate(scenario.spec.workloads.serving.items()):
        last = inputs.horizon.offset(max(stream.demand))
        each = np.zeros((len(machines.labels), 3))
        unit = np.ones(len(machines.labels))
        for m, label in enumerate(machines.labels):
            rate = rates[name].get(label)
            if rate is not None:
                each[m], unit[m] = rate.tokens_per_s, max(rate.rate.accelerators, 1)
        per_mw = np.divide(
            each[:, 1], machines.it_mw, out=np.zeros(len(each)), where=machines.it_mw > 0.0
        )
        order = [int(m) for m in np.argsort(-per_mw, kind="stable") if per_mw[m] > 0.0]
        found.append(
            Stream(
                name=name,
                demand_tokens_per_s=grown(inputs["serving_demand"][at], last, stream.growth),
                tokens_per_s=each,
                unit=unit,
                order=tuple(order),
                priority=stream.priority,
            )
        )
    return found


def names_in_order(scenario: Scenario) -> list[tuple[str, str, str]]:
    """All claims in the order in which they are placed: group and axis of their figures, and name.

    Examples
    --------
    >>> import gigawatt as gw
    >>> names_in_order(gw.load("one-campus"))[0]
    ('training', 'campaign', 'first-model')
    """
    spec = scenario.spec.workloads
    none = np.zeros(0)
    campaigns = [
        Campaign(name=name, pretraining_flop=1.0, speeds=(), places=none > 0.0, after=run.after,
                 priority=run.priority)
        for name, run in spec.training.items()
    ]  # fmt: skip
    streams = [
        Stream(name=name, demand_tokens_per_s=none, tokens_per_s=none, unit=none, order=(),
               priority=stream.priority)
        for name, stream in spec.serving.items()
    ]  # fmt: skip
    return [
        ("training", "campaign", claim.name)
        if isinstance(claim, Campaign)
        else ("serving", "stream", claim.name)
        for claim in queue(campaigns, streams)
    ]
