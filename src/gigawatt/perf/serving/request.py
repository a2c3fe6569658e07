"""What is asked of a serving system, and the checks that need no search."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gigawatt.core.errors import InputError, Problem

from .formats import FORMATS
from .runtimes import CURRENT, RUNTIMES

__all__ = ["ServingRequest", "checked"]

_MOST_TOKENS = 10_000_000
_MOST_ACCELERATORS = 100_000_000
_ROUNDING = 1e-9
"""What converting units may have added to a number: 10us is 1e-05 s but for its last digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingRequest:
    """A model's requests, and the latency that they must have.

    Attributes
    ----------
    system_id : str
        Catalog system.
    count : int
        Accelerators at hand.
    input_tokens, output_tokens : int
        Mean lengths of a prompt and of an answer [token].
    ttft_s, tpot_s : float
        Limits of the time to the first token and of the time of an output token [s].
    reused : float
        Share of a prompt whose keys and values are cached [1].
    accepted : float
        Tokens that a pass yields for a sequence, drafts accepted [token].
    precision : str or None
        Format of the weights; left out, the narrowest that the chip multiplies in and the model is
        published in.
    cache : str
        bf16 or fp8; what is usual with the precision if left out.
    runtime : str
        Serving runtime.
    percentile : str
        mean or p99: what of the latencies the limits hold for.
    apart : bool
        Whether prefill and decoding may be apart.
    usd_per_gpu_hour, usd_per_mwh : float or None
        Stated prices [USD/h, USD/MWh].
    top : int
        Layouts to keep.
    """

    system_id: str
    count: int
    input_tokens: int = 4096
    output_tokens: int = 1024
    ttft_s: float = 2.0
    tpot_s: float = 0.05
    reused: float = 0.0
    accepted: float = 1.0
    precision: str | None = None
    cache: str = ""
    runtime: str = CURRENT.name
    percentile: str = "mean"
    apart: bool = True
    usd_per_gpu_hour: float | None = None
    usd_per_mwh: float | None = None
    top: int = 5


def checked(r: ServingRequest) -> ServingRequest:
    """The request, if every part of it can be meant.

    Raises
    ------
    InputError
        E213 for numbers out of range, E203 for words that are none of the allowed.
    """
    problems = list(_problems(r))
    if problems:
        raise InputError(problems)
    return r


def _problems(r: ServingRequest) -> Iterator[Problem]:
    for name, option, value, low, high in (
        ("accelerators", "--on", r.count, 1, _MOST_ACCELERATORS),
        ("tokens of a prompt", "--isl", r.input_tokens, 1, _MOST_TOKENS),
        ("tokens of an answer", "--osl", r.output_tokens, 1, _MOST_TOKENS),
        ("seconds to the first token", "--ttft", r.ttft_s, 1e-5, 1e5),
        ("seconds of an output token", "--tpot", r.tpot_s, 1e-5, 3600.0),
        ("cached share of a prompt", "--reused", r.reused, 0.0, 0.999),
        ("tokens that a pass yields", "--accepted", r.accepted, 1.0, 16.0),
        ("layouts to show", "--top", r.top, 1, 1000),
        ("USD of an accelerator hour", "--price", r.usd_per_gpu_hour, 1e-6, 1e6),
        ("USD of a MWh", "--energy-price", r.usd_per_mwh, 0.0, 1e6),
    ):
        if value is None:
            continue
        if not (math.isfinite(value) and low * (1 - _ROUNDING) <= value <= high * (1 + _ROUNDING)):
            shown = f"{value:,}" if isinstance(value, int) else f"{value:g}"
            yield Problem(
                "E213",
                f"{option} is {shown}; {name} may be {_number(low)} to {_number(high)}.",
                "",
                option,
            )
    for option, word, allowed in (
        ("--precision", r.precision, (None, *FORMATS)),
        ("--cache", r.cache, ("", "bf16", "fp8")),
        ("--runtime", r.runtime, tuple(runtime.name for runtime in RUNTIMES)),
        ("--percentile", r.percentile, ("mean", "p99")),
    ):
        if word not in allowed:
            words = ", ".join(w for w in allowed if w)
            yield Problem("E203", f"{option} is '{word}'; it may be {words}.", "", option)


def _number(limit: float) -> str:
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:,g}"
