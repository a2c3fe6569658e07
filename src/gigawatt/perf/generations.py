"""Two systems side by side: what a claim says, what datasheets say, and what training and serving get.

Every comparison is given for a package, a rack, a MW of IT power and a dollar of rack price, because a
ratio of one of them says little about the others. Predictions are those of `scaling` and of `serving`,
each system with the strategy or layout that suits it, and with their error bands.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gigawatt.catalog import Catalog, System
from gigawatt.catalog.claims import ClaimResult, recompute
from gigawatt.catalog.records import Claim
from gigawatt.core.errors import InputError, Problem

from .ask import model_named
from .bands import Band
from .scaling import throughput_curve
from .serving.rates import serving_rate

__all__ = ["PER", "Row", "ServingWork", "SideBySide", "TrainingWork", "side_by_side"]

PER = ("package", "rack", "mw", "usd")
"""What a ratio is taken for: one package, one rack, a MW of IT power, a dollar of rack price."""
_PACKAGES = 4096
_FIGURES = (
    ("dense bf16", "bf16"),
    ("dense fp8", "fp8"),
    ("dense fp4", "fp4"),
)


@dataclass(frozen=True, slots=True)
class TrainingWork:
    """Training a model on as many packages of either system.

    Attributes
    ----------
    model, precision : str
        Catalog id or path of a config.json; bf16, fp8 or fp4.
    sequence : int
        Tokens of a sequence [token].
    tokens : float
        Tokens of the run, which set the critical batch [token].
    """

    model: str
    precision: str = "fp8"
    sequence: int = 8192
    tokens: float = 15e12


@dataclass(frozen=True, slots=True)
class ServingWork:
    """Serving a model within limits of latency.

    Attributes
    ----------
    model : str
        Catalog id or path of a config.json.
    input_tokens, output_tokens : float
        Mean lengths [token].
    ttft_s, tpot_s : float
        Limits [s].
    """

    model: str
    input_tokens: float = 4096.0
    output_tokens: float = 1024.0
    ttft_s: float = 2.0
    tpot_s: float = 0.05


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison.

    Attributes
    ----------
    kind : str
        claim, datasheet, training or serving.
    what : str
        In words.
    ratio : dict of str to float
        New over old, by `PER`; what is not known is left out [1].
    band : Band or None
        Multipliers of the ratio between which it is expected, of predictions [1].
    new, old : float
        Figure of one package of either, in `unit`; 0 where there is none.
    unit : str
        Of both.
    note : str
        What stands behind it, or why there is none.
    """

    kind: str
    what: str
    ratio: dict[str, float] = field(default_factory=dict)
    band: Band | None = None
    new: float = 0.0
    old: float = 0.0
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A claim, or two systems, with all comparisons.

    Attributes
    ----------
    new, old : str
        Catalog ids.
    rows : tuple of Row
        Claims first, then datasheets, training, serving.
    """

    new: str
    old: str
    rows: tuple[Row, ...]

    def record(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "new": self.new,
            "old": self.old,
            "rows": [
                {
                    "kind": row.kind,
                    "what": row.what,
                    "ratio": row.ratio,
                    "band": None
                    if row.band is None
                    else {"low": row.band.low, "high": row.band.high},
                    "new": row.new or None,
                    "old": row.old or None,
                    "unit": row.unit,
                    "note": row.note,
                }
                for row in self.rows
            ],
        }


def side_by_side(
    catalog: Catalog,
    subject: str,
    training: Sequence[TrainingWork],
    serving: Sequence[ServingWork],
) -> SideBySide:
    """Compare two systems.

    Parameters
    ----------
    catalog : Catalog
        Claims, systems, models.
    subject : str
        Id of a claim, or two systems as `NEW/OLD`.
    training, serving : sequences
        Workloads to predict.

    Raises
    ------
    CatalogError
        E402 for a claim, system or model that the catalog does not have.
    InputError
        E203 for a pair that is none.
    """
    new, old = _pair(catalog, subject)
    rows: list[Row] = []
    for claim_id in catalog.ids("claims"):
        claim = catalog.claim(claim_id)
        if subject == claim_id or (
            (claim.numerator.system, claim.denominator.system) == (new, old) and "/" in subject
        ):
            rows.append(_claimed(catalog, claim_id))
    rows += _datasheet(catalog, new, old)
    rows += [_trained(catalog, new, old, work) for work in training]
    rows += [_served(catalog, new, old, work) for work in serving]
    return SideBySide(new, old, tuple(rows))


def _pair(catalog: Catalog, subject: str) -> tuple[str, str]:
    if "/" not in subject:
        claim = catalog.claim(subject)
        return claim.numerator.system, claim.denominator.system
    new, _, old = (part.strip() for part in subject.partition("/"))
    if not new or not old or "/" in old:
        raise InputError(
            Problem(
                "E203",
                f"'{subject}' names no two systems.",
                "Name a claim, or NEW/OLD such as vr-nvl72/gb300-nvl72.",
                "CLAIM",
            )
        )
    for name in (new, old):
        catalog.system(name)  # refuses what is not there
    return new, old


def _claimed(catalog: Catalog, claim_id: str) -> Row:
    found = recompute(catalog, claim_id)
    claim = catalog.claim(claim_id)
    per = {"package": "package", "rack": "rack", "rack_kw": "mw", "rack_usd": "usd"}
    value = claim.claimed.value
    ends = [float(end) for end in (value if isinstance(value, tuple) else (value,)) if end]
    said = sum(ends) / len(ends)
    not_this = f"; not {', not '.join(found.not_this)}" if found.not_this else ""
    called = f"{said:g}x ({claim.scope})" if claim.scope else claim_id
    return Row(
        kind="claim",
        what=f"{called}: {found.claimed}",
        ratio={per[claim.numerator.per]: said},
        note=f"recomputes to {found.ratio:.3g}{_sum(claim, found)}{not_this}",
    )


def _sum(claim: Claim, found: ClaimResult) -> str:
    """The division behind a recomputed claim, where it is not the number that was published."""
    if found.exact:
        return ""
    size, prefix = (1e18, "E") if found.denominator >= 1e15 else (1.0, "")
    above, below = (f"{value / size:.3g}" for value in (found.numerator, found.denominator))
    extra = f" (with {claim.numerator.extra_note})" if claim.numerator.extra_note else ""
    return (
        f", since the catalog's figures are {above}{extra} over {below} {prefix}{found.unit}: the "
        "published number holds only roughly"
    )


def _scales(catalog: Catalog, system: System) -> dict[str, float | None]:
    """What a figure of one package is multiplied by for a rack, a MW and a dollar."""
    packages = system.packages_per_rack.value
    power = system.rack_power
    factor = (system.it_power_factor or catalog.defaults.it_power_factor).value
    mw = None if power is None else power.value * factor / packages
    usd = None if system.price is None else system.price.value / packages
    return {
        "package": 1.0,
        "rack": packages,
        "mw": None if mw is None else 1.0 / mw,
        "usd": None if usd is None else 1.0 / usd,
    }


def _ratios(catalog: Catalog, new: str, old: str, figure: float) -> dict[str, float]:
    above, below = (_scales(catalog, catalog.system(name)) for name in (new, old))
    found = {}
    for per in PER:
        a, b = above[per], below[per]
        if a is not None and b is not None:
            found[per] = figure * a / b
    return found


def _datasheet(catalog: Catalog, new: str, old: str) -> Iterator[Row]:
    one, other = catalog.system(new), catalog.system(old)
    for what, name in _FIGURES:
        a, b = one.peak.get(name), other.peak.get(name)  # type: ignore[call-overload]
        if a is not None and b is not None:
            yield Row(
                "datasheet", f"{what} FLOP/s", _ratios(catalog, new, old, a.value / b.value),
                new=a.value, old=b.value, unit="FLOP/s",
            )  # fmt: skip
    for what, field_name, unit in (
        ("memory", "hbm", "B"),
        ("memory bandwidth", "hbm_bandwidth", "B/s"),
        ("scale-up bandwidth", "scaleup_bandwidth", "B/s"),
    ):
        a, b = getattr(one, field_name), getattr(other, field_name)
        if a is not None and b is not None:
            yield Row(
                "datasheet", what, _ratios(catalog, new, old, a.value / b.value),
                new=a.value, old=b.value, unit=unit,
            )  # fmt: skip


def _trained(catalog: Catalog, new: str, old: str, work: TrainingWork) -> Row:
    architecture = model_named(catalog, work.model).architecture
    what = f"{work.model}, {work.precision}"
    rates, bands, notes = [], [], []
    for system_id in (new, old):
        try:
            curve = throughput_curve(
                catalog, architecture, system_id, work.precision,
                sequence=work.sequence, tokens=work.tokens, counts=(_PACKAGES,),
            )  # fmt: skip
        except InputError as error:
            return Row("training", what, note=error.problems[0].message)
        point = curve.points[0]
        if not point.tokens_per_s:
            return Row("training", what, note=f"does not fit {_PACKAGES:,} packages of {system_id}")
        rates.append(point.tokens_per_s / point.count)
        bands.append(Band(point.low / point.tokens_per_s, point.high / point.tokens_per_s))
        notes.append(f"{system_id}: {point.strategy}")
    return Row(
        "training", what,
        _ratios(catalog, new, old, rates[0] / rates[1]),
        band=_both(*bands), new=rates[0], old=rates[1], unit="token/s",
        note=f"{_PACKAGES:,} packages of each; {'; '.join(notes)}",
    )  # fmt: skip


def _served(catalog: Catalog, new: str, old: str, work: ServingWork) -> Row:
    found = model_named(catalog, work.model)
    what = f"{work.model}, {work.tpot_s * 1e3:g} ms a token"
    rates = [
        serving_rate(
            catalog, found.architecture, system_id, None,
            input_tokens=work.input_tokens, output_tokens=work.output_tokens,
            ttft_s=work.ttft_s, tpot_s=work.tpot_s, model=found.name,
        )
        for system_id in (new, old)
    ]  # fmt: skip
    for rate in rates:
        if rate.why:
            return Row("serving", what, note=f"{rate.system_id}: {rate.why}")
    above, below = (rate.tokens_per_s[1] for rate in rates)
    bands = [
        Band(
            rate.tokens_per_s[0] / rate.tokens_per_s[1], rate.tokens_per_s[2] / rate.tokens_per_s[1]
        )
        for rate in rates
    ]
    return Row(
        "serving", what,
        _ratios(catalog, new, old, above / below),
        band=_both(*bands), new=above, old=below, unit="output token/s",
        note="; ".join(f"{r.system_id}: {r.precision}, {r.layout}" for r in rates),
    )  # fmt: skip


def _both(new: Band, old: Band) -> Band:
    """Band of a ratio of two predictions whose errors are independent, in logarithms."""
    high = math.hypot(math.log(new.high), math.log(old.low))
    low = math.hypot(math.log(new.low), math.log(old.high))
    return Band(math.exp(-low), math.exp(high))
