"""What a package of a system serves of a stream, and how that is known.

Modelled where the serving model knows the system; a system whose record lacks figures is carried over
from the one of the same plan that `serving_donors` names, by the smallest of the ratios of peak, of memory
bandwidth and of memory, with a wider band, and says so. A system that is known to miss the latency, or
that cannot multiply in the precision that a stream demands, serves nothing, and says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from gigawatt.catalog import Catalog, Model
from gigawatt.catalog.records import Architecture
from gigawatt.perf import scaling_cache
from gigawatt.perf.serving.rates import ServingRate, serving_rate
from gigawatt.scenario import Scenario
from gigawatt.scenario.demands import ServingStream

from .machines import Machines
from .rates import Progress
from .serving_donors import donor_of
from .trained import model_named

__all__ = ["ServingRates", "StreamRate", "serving_rates_of"]

_CARRIED_OVER = 2.0
"""How far a band is stretched, in logarithms, by ratios of datasheets alone; judgement [1]."""


class RateFunction(Protocol):
    """What `perf.serving.rates.serving_rate` is."""

    def __call__(
        self,
        catalog: Catalog,
        architecture: Architecture,
        system_id: str,
        precision: str | None,
        *,
        input_tokens: float,
        output_tokens: float,
        ttft_s: float,
        tpot_s: float,
        reused: float = ...,
        model: str = ...,
    ) -> ServingRate:
        """One rate."""
        ...


@dataclass(frozen=True, slots=True)
class StreamRate:
    """What a package of one machine serves of one stream.

    Attributes
    ----------
    kind : str
        modelled, carried over, or none where it cannot serve.
    rate : ServingRate
        The system's own; of what is carried over, the other system's.
    factor : float
        Served per what the rate says [1]; 1 of what is modelled.
    wider : float
        How far the logarithms of the rate's band are stretched [1]; 1 of what is modelled.
    why : str
        Why it is carried over or serves nothing.
    model : str
        Catalog id of the model, or words for another.
    """

    kind: Literal["modelled", "carried over", "none"]
    rate: ServingRate
    factor: float = 1.0
    wider: float = 1.0
    why: str = ""
    model: str = ""

    @property
    def tokens_per_s(self) -> tuple[float, float, float]:
        """Output tokens of a package, low, central and high [token/s]."""
        low, central, high = self.rate.tokens_per_s
        if central <= 0.0:
            return 0.0, 0.0, 0.0
        here = central * self.factor
        return here * (low / central) ** self.wider, here, here * (high / central) ** self.wider

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `from_dict` is its inverse."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**plain, "rate": self.rate.as_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> StreamRate:
        """Inverse of `as_dict`."""
        return cls(**{**data, "rate": ServingRate.from_dict(data["rate"])})


ServingRates = Mapping[str, Mapping[str, StreamRate]]
"""Stream → machine → rate; machines that never serve are left out."""

_made: dict[tuple[Any, ...], ServingRate] = {}


def serving_rates_of(
    scenario: Scenario,
    machines: Machines,
    progress: Progress | None = None,
    *,
    ask: RateFunction = serving_rate,
) -> ServingRates:
    """Rates of all streams on all machines that ever serve.

    Parameters
    ----------
    scenario : Scenario
        Streams and models.
    machines : Machines
        What they may use.
    progress : callable, optional
        Told in words when a rate has to be searched.
    ask : callable
        The serving model.
    """
    streams = scenario.spec.workloads.serving
    found: dict[str, dict[str, StreamRate]] = {}
    number, of = 0, len(streams) * len(machines.present)
    for name, stream in streams.items():
        model, called = model_named(scenario, stream.model)
        known: dict[str, ServingRate] = {}
        for m in machines.present:
            number += 1
            words = f"searching how to serve {number}/{of}: {called} on {machines.labels[m]}"
            known[machines.labels[m]] = _asked(
                scenario.catalog, model, called, machines.systems[m], stream, ask,
                words if progress else "", progress,
            )  # fmt: skip
        systems = {machines.labels[m]: machines.systems[m] for m in machines.present}
        found[name] = {
            key: replace(
                _stream_rate(scenario.catalog, key, stream.precision, known, systems), model=called
            )
            for key in known
        }
    return found


def _asked(
    catalog: Catalog,
    model: Model,
    called: str,
    system_id: str,
    stream: ServingStream,
    ask: RateFunction,
    words: str,
    progress: Progress | None,
) -> ServingRate:
    """One rate, kept in this process and on disk by everything that it depends on."""
    wanted = {
        "input_tokens": stream.mix.input,
        "output_tokens": stream.mix.output,
        "ttft_s": stream.slo.ttft,
        "tpot_s": stream.slo.tpot,
        "reused": stream.mix.reused,
    }
    name = (
        catalog.hash,
        model.architecture,
        called,
        system_id,
        stream.precision,
        ask,
        *wanted.values(),
    )
    if name not in _made:
        key = scaling_cache.key_of(_identity(catalog, model, called, system_id, stream, wanted))
        rate = scaling_cache.load(key, ServingRate.from_dict) if ask is serving_rate else None
        if rate is None:
            if progress is not None:
                progress(words)
            rate = ask(
                catalog, model.architecture, system_id, stream.precision, model=called, **wanted
            )
            if ask is serving_rate:
                scaling_cache.store(key, rate.as_dict())
        _made[name] = rate
    return _made[name]


def _identity(
    catalog: Catalog,
    model: Model,
    called: str,
    system_id: str,
    stream: ServingStream,
    wanted: Mapping[str, float],
) -> dict[str, Any]:
    """Plain data that two equal rates share and two different ones do not."""
    return {
        "what": "serving rate",
        "catalog": catalog.hash,
        "system": system_id,
        "architecture": model.architecture.model_dump(mode="json"),
        "model": called,
        "precision": stream.precision,
        **wanted,
    }


def _stream_rate(
    catalog: Catalog,
    key: str,
    precision: str | None,
    known: Mapping[str, ServingRate],
    systems: Mapping[str, str],
) -> StreamRate:
    rate = known[key]
    if max(rate.tokens_per_s) > 0.0:
        return StreamRate("modelled", rate)
    none = StreamRate("none", rate, 0.0, why=rate.why)
    if rate.code != "E701":  # the model knows the system: it misses the latency, or lacks a format
        return none
    own = catalog.system(systems[key])
    wanted = {"bf16": "bf16", "fp8": "fp8", "fp8_block": "fp8"}.get(precision or "")
    if wanted is not None and wanted not in own.peak:
        why = f"{rate.why} Nor does it say that it multiplies in {precision}, which is demanded."
        return replace(none, why=why)
    donors = {
        other: catalog.system(systems[other])
        for other, theirs in known.items()
        if max(theirs.tokens_per_s) > 0.0
    }
    found = donor_of(own, donors)
    if found is None:
        return none
    donor, ratio = found
    why = (
        f"{rate.why} Taken as {ratio:.3g} × what a package of {donor} serves, by the smallest of the "
        "ratios of peak, memory bandwidth and memory, with a band twice as wide."
    )
    return StreamRate("carried over", known[donor], ratio, _CARRIED_OVER, why)
