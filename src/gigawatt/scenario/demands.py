"""What a fleet is for, as a user writes it: training campaigns and served models.

Shapes and units only; what contradicts itself is found by `rules.workloads` and `rules.serving`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from gigawatt.catalog import Precision
from gigawatt.core import units as u
from gigawatt.core.months import Month

from .base import Id, Text, _Spec

__all__ = [
    "ComputeOptimal",
    "LatencyLimits",
    "PostTraining",
    "RequestMix",
    "ServingStream",
    "TrainingCampaign",
    "Workloads",
]

Priority = Annotated[int, Field(strict=True, ge=0, le=1000)]


def _form(value: Any) -> str:
    return "list" if isinstance(value, (list, tuple)) else "word"


Campus = Annotated[
    Annotated[Literal["any", "one"], Tag("word")]
    | Annotated[tuple[Id, ...], Field(min_length=1), Tag("list")],
    Discriminator(_form),
]


class ComputeOptimal(_Spec):
    """The model and the tokens that a scaling law gives to a budget."""

    compute: Annotated[float, u.Door("FLOP", "4e26 FLOP", ge=1e18, le=1e40)]
    """Compute of pretraining, 6 × active parameters × tokens; laws were measured from 1e18 FLOP on."""
    law: Id
    """Catalog law, such as `chinchilla` or `chinchilla-replication`."""
    like: Text
    """Catalog model, or the path of a config.json, that is scaled in width and depth."""


class PostTraining(_Spec):
    """Compute after pretraining, on the same cluster."""

    share: u.Share
    """Compute per compute of pretraining."""


class TrainingCampaign(_Spec):
    """One model that is trained, on a cluster of its own."""

    compute: u.Compute | None = None
    """Training compute alone; or give model and tokens, or compute_optimal."""
    model: Text | None = None
    """Catalog model, or the path of a Hugging Face config.json."""
    tokens: u.Tokens | None = None
    """Training tokens; compute is then 6 × active parameters × tokens."""
    compute_optimal: ComputeOptimal | None = None
    """Instead of model and tokens: what a scaling law makes of a budget."""
    sequence: u.Tokens | None = None
    """Tokens of a sequence, with a model."""
    batch: u.Tokens | None = None
    """Tokens of a step, with a model; left out, what the critical batch size allows."""
    precision: Precision = "bf16"
    """Number format of the matrix products."""
    earliest: Month | None = None
    """First month of training; the start of the horizon if left out."""
    after: tuple[Id, ...] = ()
    """Campaigns that must be finished before this one starts."""
    campus: Campus = "any"
    """any: all sites and partners together; one: the single place that finishes it first; or a list of
    sites and partners."""
    share: u.Share | None = None
    """Most of each place and system that the cluster takes; all if neither share nor count is given."""
    count: u.ClusterSize | None = None
    """Instead of a share: most accelerators of the cluster."""
    priority: Priority = 100
    """The lowest number takes accelerators first, then the order of the file; training before serving."""
    grow: Annotated[bool, Field(strict=True)] = True
    """Whether the cluster grows as accelerators become free; if not, it waits for its count and keeps it."""
    post_training: PostTraining | None = None
    """What follows pretraining."""
    mfu: u.Share | None = None
    """Model FLOP utilisation for all systems, instead of the modelled or assumed one."""


class RequestMix(_Spec):
    """An average request."""

    input: u.Tokens
    """Tokens of the prompt."""
    output: u.Tokens
    """Tokens of the answer."""
    reused: Annotated[float, u.Door("", "50 %", le=0.999, bare=True)] = 0.0
    """Share of the prompt that a prefix cache holds."""


class LatencyLimits(_Spec):
    """Latencies that are promised, as means."""

    ttft: u.Latency
    """Time to the first token."""
    tpot: u.Latency
    """Time of an output token."""


class ServingStream(_Spec):
    """Demand for the output tokens of one model."""

    model: Text
    """Catalog model, or the path of a Hugging Face config.json."""
    demand: Annotated[dict[Month, u.TokenRate], Field(min_length=1)]
    """Output tokens by month; each step holds until the next, nothing is asked for before the first."""
    growth: u.GrowthPerMonth = 0.0
    """Growth after the last step, compounded by month."""
    mix: RequestMix
    """Average request."""
    slo: LatencyLimits
    """Latency that every system must keep to serve it."""
    precision: Precision | None = None
    """Format of the weights; left out, the narrowest that a system multiplies in."""
    price: u.UsdPerToken | None = None
    """Price of output tokens; no revenue if left out."""
    priority: Priority = 100
    """The lowest number takes accelerators first, then the order of the file; training before serving."""


class Workloads(_Spec):
    """What the fleet is for."""

    training: dict[Id, TrainingCampaign] = Field(default_factory=dict)
    """Training campaigns."""
    serving: dict[Id, ServingStream] = Field(default_factory=dict)
    """Models that are served."""
