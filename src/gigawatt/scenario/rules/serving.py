"""Demand for tokens: known models, requests that can be meant."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.core.errors import Problem

from .case import Case
from .workloads import model_is_known

__all__ = ["streams_can_be_answered"]

_MOST_TOKENS = 10_000_000


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
        for name in ("input", "output"):
            tokens = getattr(stream.mix, name)
            if not 1.0 <= tokens <= _MOST_TOKENS:
                yield case.problem(
                    "E213",
                    f"{path}.mix.{name}",
                    f"A request with {tokens:g} tokens of {name} cannot be meant.",
                    f"Allowed are 1 to {_MOST_TOKENS:,} tokens.",
                )
