"""Served tokens a second per accelerator, as a fleet plan needs them: one number with its band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gigawatt.catalog import Catalog
from gigawatt.catalog.records import Architecture
from gigawatt.core.errors import InputError

from .ask import serve
from .request import ServingRequest

__all__ = ["ServingRate", "serving_rate"]

MOST_ACCELERATORS = 1024
"""Accelerators of the largest unit that a plan considers [1]."""


@dataclass(frozen=True, slots=True)
class ServingRate:
    """What one accelerator of a system serves of a model within its limits.

    Attributes
    ----------
    system_id, precision : str
        Catalog system; format of the weights.
    layout : str
        Of a unit; empty where nothing keeps the limits.
    accelerators : int
        Of the smallest unit [1].
    tokens_per_s : tuple of float
        Output tokens per accelerator, low, central and high [token/s]; zeros where impossible.
    ttft_s, tpot_s : float
        Mean latencies [s].
    power_w : float
        IT power of an accelerator with its share of the rack [W]; 0 where no source gives it.
    why : str
        Which limit binds and by how much it is missed; empty where it can be served.
    ground : str
        What the rate rests on.
    outside : tuple of str
        What no measured point covers.
    code : str
        Error code where the model refused, E701 where the record of the system lacks figures.
    """

    system_id: str
    precision: str
    layout: str
    accelerators: int
    tokens_per_s: tuple[float, float, float]
    ttft_s: float
    tpot_s: float
    power_w: float
    why: str
    ground: str
    outside: tuple[str, ...]
    code: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `from_dict` is its inverse."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**plain, "tokens_per_s": list(self.tokens_per_s), "outside": list(self.outside)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ServingRate:
        """Inverse of `as_dict`."""
        low, central, high = (float(value) for value in data["tokens_per_s"])
        return cls(
            **{**data, "tokens_per_s": (low, central, high), "outside": tuple(data["outside"])}
        )


def serving_rate(
    catalog: Catalog,
    architecture: Architecture,
    system_id: str,
    precision: str | None,
    *,
    input_tokens: float,
    output_tokens: float,
    ttft_s: float,
    tpot_s: float,
    reused: float = 0.0,
    model: str = "",
) -> ServingRate:
    """What one accelerator of a system serves of a model.

    Parameters
    ----------
    catalog : Catalog
        Systems, kernel tables, constants.
    architecture : Architecture
        The model.
    system_id : str
        Catalog system.
    precision : str or None
        Format of the weights; the narrowest usual one if left out.
    input_tokens, output_tokens : float
        Mean lengths of a prompt and of an answer [token].
    ttft_s, tpot_s : float
        Limits, of the means [s].
    reused : float
        Share of a prompt that is cached [1].
    model : str
        Its name, which may say in which format it is published.

    Returns
    -------
    ServingRate
        Also where the system cannot be modelled or nothing keeps the limits: zero, with the reason.
    """
    request = ServingRequest(
        system_id=system_id,
        count=MOST_ACCELERATORS,
        input_tokens=max(round(input_tokens), 1),
        output_tokens=max(round(output_tokens), 1),
        ttft_s=ttft_s,
        tpot_s=tpot_s,
        reused=reused,
        precision=precision,
        top=1,
    )
    try:
        answer = serve(catalog, architecture, request, model=model)
    except InputError as error:
        (problem, *_), nothing = error.problems, (0.0, 0.0, 0.0)
        return ServingRate(
            system_id, precision or "", "", 0, nothing, 0.0, 0.0, 0.0, problem.message, "", (),
            problem.code,
        )  # fmt: skip
    power = answer.power.busy_w if answer.power is not None else 0.0
    chosen = answer.request.precision or ""
    if not answer.best:
        nothing = (0.0, 0.0, 0.0)
        return ServingRate(
            system_id, chosen, "", 0, nothing, 0.0, 0.0, power, answer.verdict, answer.ground, ()
        )
    option = answer.best[0]
    p = option.point
    layout = f"{p.layout} behind {p.prefill}" if p.prefill else p.layout
    return ServingRate(
        system_id=system_id,
        precision=chosen,
        layout=layout,
        accelerators=p.accelerators,
        tokens_per_s=(
            p.tokens_per_s * option.band.low,
            p.tokens_per_s,
            p.tokens_per_s * option.band.high,
        ),
        ttft_s=p.ttft_s,
        tpot_s=p.tpot_s,
        power_w=power,
        why="",
        ground=answer.ground,
        outside=option.outside,
    )
