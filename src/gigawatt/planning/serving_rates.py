"""What a package of a system serves of a stream, and how that is known.

Modelled where the serving model knows the system; a system whose record lacks figures is carried over
from one of the same plan, by the smaller of the ratios of peak and of memory bandwidth, and says so. A
system that is known to miss the latency serves nothing, and says by how much it misses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol

from gigawatt.catalog import Catalog, Model
from gigawatt.catalog.records import Architecture, System
from gigawatt.core.errors import InputError
from gigawatt.perf import scaling_cache
from gigawatt.perf.chip import chip_of
from gigawatt.perf.serving.rates import ServingRate, serving_rate
from gigawatt.perf.shape import shape_of
from gigawatt.scenario import Scenario
from gigawatt.scenario.demands import ServingStream

from .machines import Machines
from .rates import Progress
from .trained import model_named

__all__ = ["ServingRates", "StreamRate", "serving_rates_of"]


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
    why : str
        Why it is carried over or serves nothing.
    model : str
        Catalog id of the model, or words for another.
    """

    kind: Literal["modelled", "carried over", "none"]
    rate: ServingRate
    factor: float = 1.0
    why: str = ""
    model: str = ""

    @property
    def tokens_per_s(self) -> tuple[float, float, float]:
        """Output tokens of a package, low, central and high [token/s]."""
        low, central, high = self.rate.tokens_per_s
        return low * self.factor, central * self.factor, high * self.factor

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
            key: replace(_stream_rate(scenario.catalog, key, rate, known, systems), model=called)
            for key, rate in known.items()
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
    try:
        chip: Any = asdict(chip_of(catalog, system_id))
    except InputError as error:
        chip = error.problems[0].message
    return {
        "what": "serving rate",
        "system": catalog.system(system_id).model_dump(mode="json"),
        "chip": chip,
        "shape": shape_of(model.architecture)._asdict(),
        "model": called,
        "constants": catalog.serving_calibration.values(),
        "precision": stream.precision,
        **wanted,
    }


def _stream_rate(
    catalog: Catalog,
    key: str,
    rate: ServingRate,
    known: Mapping[str, ServingRate],
    systems: Mapping[str, str],
) -> StreamRate:
    if max(rate.tokens_per_s) > 0.0:
        return StreamRate("modelled", rate)
    if rate.ground:  # the model knows the system: it misses the latency
        return StreamRate("none", rate, 0.0, rate.why)
    own = catalog.system(systems[key])
    for other, theirs in known.items():
        ratio = _ratio(own, catalog.system(systems[other]))
        if max(theirs.tokens_per_s) > 0.0 and ratio > 0.0:
            why = (
                f"{rate.why} Taken as {ratio:.3g} × what a package of {other} serves, by the smaller "
                "of the ratios of peak and memory bandwidth."
            )
            return StreamRate("carried over", theirs, ratio, why)
    return StreamRate("none", rate, 0.0, rate.why)


def _ratio(own: System, other: System) -> float:
    """The smaller of the ratios of peak, in the narrowest format that both have, and of bandwidth."""
    if own.hbm_bandwidth is None or other.hbm_bandwidth is None:
        return 0.0
    memory = own.hbm_bandwidth.value / other.hbm_bandwidth.value
    for precision in ("fp4", "fp8", "bf16"):
        ours, theirs = own.peak.get(precision), other.peak.get(precision)
        if ours is not None and theirs is not None:
            return min(memory, ours.value / theirs.value)
    return 0.0
