"""Demand for tokens: known models, requests that can be meant."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gigawatt.core.errors import Problem
from gigawatt.scenario.demands import ServingStream

from .case import Case
from .workloads import model_is_known

__all__ = ["streams_can_be_answered"]

_MOST_TOKENS = 10_000_000
_MOST_DEMAND = 1e18
"""More than all the accelerators of this world could serve by far [token/s]."""


def streams_can_be_answered(case: Case) -> Iterator[Problem]:
    """A stream names a known model, asks for something, and has requests of whole tokens."""
    for key, stream in case.spec.workloads.serving.items():
        path = f"workloads.serving.{key}"
        yield from model_is_known(case, f"{path}.model", stream.model)
        if not any(stream.demand.values()):
            yield case.problem(
                "E213",
                f"{path}.demand",
                "Nothing is ever asked for.",
                "Give at least one step above 0 token/day, or remove the stream.",
            )
        yield from _demand_can_be_meant(case, path, stream)
        for name in ("input", "output"):
            tokens = getattr(stream.mix, name)
            if not 1.0 <= tokens <= _MOST_TOKENS:
                yield case.problem(
                    "E213",
                    f"{path}.mix.{name}",
                    f"A request with {tokens:g} tokens of {name} cannot be meant.",
                    f"Allowed are 1 to {_MOST_TOKENS:,} tokens.",
                )


def _demand_can_be_meant(case: Case, path: str, stream: ServingStream) -> Iterator[Problem]:
    """Demand, grown to the end of the horizon, stays within what each of its steps may be."""
    last = max(stream.demand)
    months = case.spec.horizon.range.last - last
    if months <= 0 or stream.growth <= 0.0 or stream.demand[last] <= 0.0:
        return
    room = math.log(_MOST_DEMAND / stream.demand[last])
    if months * math.log1p(stream.growth) > room:
        end = last + math.floor(room / math.log1p(stream.growth))
        percent, most = 100.0 * stream.growth, 100.0 * math.expm1(room / months)
        yield case.problem(
            "E213",
            f"{path}.growth",
            f"At {percent:.4g} %/month the demand passes {_MOST_DEMAND:g} token/s after {end}, within the "
            "horizon.",
            f"Allowed is at most {most:.4g} %/month up to {case.spec.horizon.range.last}; or let it grow in "
            "steps of 'demand'.",
        )
