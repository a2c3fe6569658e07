"""Published figures on failures and goodput, each computed with the inputs that its source states.

Some of them are what the catalog's rates were derived from, and say so; the others are predictions. A deviation
is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gigawatt.catalog import Catalog
from gigawatt.catalog.reliability_rows import reliability_rows
from gigawatt.catalog.shapes import parameters

from .ask import goodput
from .figures import central
from .machine import ground_of
from .prepared import prepare
from .published import kokolis_ettr, kokolis_mttf_hours
from .settings import RecoverySettings

__all__ = ["EttrCase", "PublishedCase", "ettr_cases", "published_cases"]

_NODE_DAY = 1000.0
"""Node-days that Kokolis et al. count failures in [day]."""
_LLAMA_NODE_DAYS = 3.789
"""Failures in that time in Llama 3."""


@dataclass(frozen=True, slots=True)
class PublishedCase:
    """One published figure and ours.

    Attributes
    ----------
    row : str
        Row of the table of published figures; empty for arithmetic of ours on several.
    what : str
        What it is.
    inputs : str
        What was stated; everything else is the catalog's.
    published : float
        As printed.
    bound : str
        ``>`` or ``<`` where a bound was printed.
    computed : float
        Ours.
    unit : str
        Unit of both.
    derived : bool
        Whether a figure of the catalog was derived from this one.
    """

    row: str
    what: str
    inputs: str
    published: float
    bound: str
    computed: float
    unit: str
    derived: bool = False

    @property
    def deviation(self) -> float:
        """Ours over theirs, less 1 [1]."""
        return self.computed / self.published - 1.0

    @property
    def within_bound(self) -> bool:
        """Whether ours keeps a printed bound; true where none was printed."""
        return {"": True, ">": self.computed > self.published, "<": self.computed < self.published}[
            self.bound
        ]


@dataclass(frozen=True, slots=True)
class EttrCase:
    """The approximation of Kokolis et al. and the exact form, for one run.

    Attributes
    ----------
    count : int
        Accelerators [package].
    approximate, exact : float
        Ratio of effective training time [1].
    """

    count: int
    approximate: float
    exact: float


def published_cases(catalog: Catalog | None = None) -> tuple[PublishedCase, ...]:
    """All cases, in the order of their subject."""
    return tuple(_cases(catalog or Catalog()))


def ettr_cases(catalog: Catalog | None = None) -> tuple[EttrCase, ...]:
    """RSC-1: 6.5 failures in 1,000 node-days, a restart of 5 minutes, a stop of 5 minutes every hour.

    The exact form is that of a run with shared storage alone, and nothing else that takes time.
    """
    catalog = catalog or Catalog()
    stated = dict.fromkeys(
        ("restart_each_s", "detect_s", "reinit_s", "drained", "slow_per_hour", "planned_per_day",
         "growth"), 0.0,
    ) | {"fleet": 6.5 / _LLAMA_NODE_DAYS, "restart_s": 300.0, "pause_s": 300.0}  # fmt: skip
    fast = dict.fromkeys(("host_bytes_per_s", "shared_bytes_per_s"), 1e18)
    found = []
    for count in (512, 1024, 2048, 4096, 8192, 16384):
        exact = goodput(
            "llama31-8b", "h100-sxm", count, catalog=catalog, tiers=("shared",), interval_s=3600.0,
            spares=0.0, figures=stated | fast,
        )  # fmt: skip
        rough = float(kokolis_ettr(np.array(float(count)), 6.5 / _NODE_DAY, 300.0, 300.0, 3600.0))
        found.append(EttrCase(count, rough, exact.goodput))
    return tuple(found)


def _cases(catalog: Catalog) -> Iterator[PublishedCase]:
    yield from _interruptions(catalog)
    yield from _recovery(catalog)
    yield from _checkpoints(catalog)
    yield from _goodputs(catalog)


def _case(
    row: str, what: str, inputs: str, computed: float, unit: str, *, scale: float = 1.0,
    derived: bool = False,
) -> PublishedCase:  # fmt: skip
    printed = reliability_rows()[row]
    return PublishedCase(
        row, what, inputs, printed.number * scale, printed.bound, computed, unit, derived
    )


def _mtti_hours(catalog: Catalog, system: str, count: int, **figures: float) -> float:
    return goodput(
        "llama31-405b", system, count, catalog=catalog, spares=0.0, figures=figures
    ).mtti_hours


def _interruptions(catalog: Catalog) -> Iterator[PublishedCase]:
    llama = _mtti_hours(catalog, "h100-sxm", 16384)
    yield _case("rel-004", "unexpected interruptions, Llama 3, 16,384 H100", "count", 24.0 / llama,
                "1/day", derived=True)  # fmt: skip
    yield _case("rel-005", "mean time between them", "count", llama, "h", derived=True)
    for row, count in (("rel-037", 16384), ("rel-038", 131072)):
        yield _case(
            row, f"projected mean time to failure, RSC-1, {count:,} A100",
            "6.5 failures in 1,000 node-days, in proportion to nodes",
            float(kokolis_mttf_hours(np.array(float(count)), 6.5 / _NODE_DAY)), "h",
        )  # fmt: skip
    yield _case(
        "rel-035", "measured mean time to failure, RSC-1, jobs of 1,024 A100", "the same",
        float(kokolis_mttf_hours(np.array(1024.0), 6.5 / _NODE_DAY)), "h",
    )  # fmt: skip
    per_day = reliability_rows()["rel-060"].number / 1000.0 * 32768 / 8
    yield PublishedCase("rel-060", "mean time between interruptions, 32,768 H100", "count", 24.0 / per_day,
                        "", _mtti_hours(catalog, "h100-sxm", 32768), "h")  # fmt: skip
    yield _case("rel-061", "mean time between interruptions, 100,000 H100", "count",
                60.0 * _mtti_hours(catalog, "h100-sxm", 100_000), "min", derived=True)  # fmt: skip
    yield _case("rel-061", "the same, in proportion to the number", "count, growth 0",
                60.0 * _mtti_hours(catalog, "h100-sxm", 100_000, growth=0.0), "min")  # fmt: skip
    yield _case("rel-062", "projected, 131,072 H100", "count",
                60.0 * _mtti_hours(catalog, "h100-sxm", 131_072), "min")  # fmt: skip
    yield PublishedCase(
        "rel-166", "failures in 55 days, 504 B200", "count; rates carried over", 21.0, "",
        55.0 * 24.0 / _mtti_hours(catalog, "b200-hgx", 504), "1",
    )  # fmt: skip
    yield PublishedCase(
        "rel-185", "mean time to an interruption, 1,600 H200", "count; memory by stacks", 14.0, "",
        _mtti_hours(catalog, "h200-sxm", 1600), "h",
    )  # fmt: skip


def _recovery(catalog: Catalog) -> Iterator[PublishedCase]:
    settings = RecoverySettings(spares=0.0)
    shape = catalog.model("llama31-405b").architecture
    ground = ground_of(catalog, shape, "h100-sxm", settings)
    f = central(ground.recovery, {})
    for row, count in (
        ("rel-063", 16384),
        ("rel-064", 22528),
        ("rel-065", 65536),
        ("rel-066", 98304),
    ):
        p = prepare(ground.machine, np.array([float(count)]), np.zeros(1), f, settings, drop=False)
        restart = sum(float(np.ravel(phase)[0]) for phase in p.levels[-1].phases_s[1:3])
        yield _case(row, f"cold recovery, {count:,} H100", "count", restart, "s",
                    derived=row in ("rel-063", "rel-066"))  # fmt: skip


def _checkpoints(catalog: Catalog) -> Iterator[PublishedCase]:
    each = catalog.recovery.figures["state_bytes"].value
    for row, model, name, scale in (
        ("rel-176", "llama31-8b", "Llama 3.1 8B", 1e-3),
        ("rel-177", "llama31-70b", "Llama 3.1 70B", 1e-3),
        ("rel-178", "llama31-405b", "Llama 3.1 405B", 1.0),
        ("rel-173", "megatron-1t", "GPT of a trillion parameters", 1.0),
    ):
        size = parameters(catalog.model(model).architecture).total * each / 1e12
        yield _case(row, f"checkpoint of {name}", "parameters", size, "TB", scale=scale)
    bloom = reliability_rows()["rel-092"]
    yield PublishedCase(bloom.id, "checkpoint of BLOOM 176B", "parameters", bloom.number, "",
                        176.2e9 * each / 1e12, "TB")  # fmt: skip


def _goodputs(catalog: Catalog) -> Iterator[PublishedCase]:
    def kept(model: str, system: str, count: int, **wanted: Any) -> float:
        return 100.0 * goodput(model, system, count, catalog=catalog, **wanted).goodput

    yield _case("rel-007", "effective training time, Llama 3 405B, 16,384 H100", "model, count",
                kept("llama31-405b", "h100-sxm", 16384), "%")  # fmt: skip
    yield _case("rel-099", "effective training time, MegaScale, 12,288 A100", "175 B parameters, count",
                kept("gpt3-175b", "a100-80gb-sxm", 12288), "%")  # fmt: skip
    yield _case("rel-127", "ETTR, ByteRobust, dense, 9,600 Hopper", "70 B parameters, count",
                kept("llama31-70b", "h100-sxm", 9600), "%")  # fmt: skip
    yield _case(
        "rel-067", "effective training time, 98,304 H100, synchronous",
        "405 B parameters, count, 0.5 % spares",
        kept("llama31-405b", "h100-sxm", 98304, spares=0.005), "%",
    )  # fmt: skip
    yield _case(
        "rel-067", "the same, failures noticed at once", "as above, detection 0 s",
        kept("llama31-405b", "h100-sxm", 98304, spares=0.005, figures={"detect_s": 0.0}), "%",
    )  # fmt: skip
    yield _case("rel-068", "effective training time, 98,304 H100, FT-HSDP", "405 B parameters, count, elastic",
                kept("llama31-405b", "h100-sxm", 98304, elastic=True), "%")  # fmt: skip
