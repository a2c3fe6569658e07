"""The page of catalog records: key values by kind, packages per gigawatt, recomputed claims."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from gigawatt.catalog import Catalog
from gigawatt.catalog.claims import recompute
from gigawatt.catalog.derived import packages_per_gigawatt
from gigawatt.catalog.facts import Fact, LooseFact
from gigawatt.catalog.kernels import Kernels
from gigawatt.catalog.records import Deal, Model, Site, System

from .markdown import cell, page, table

_SCALES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"))


def number(value: float, unit: str) -> str:
    """A figure of a fact in a unit that reads well."""
    if unit == "MW" and value < 1.0:
        return f"{value * 1000:g} kW"
    if unit in {"FLOP/s", "B/s", "B", "USD/rack", "USD/MW"}:
        for scale, prefix in _SCALES:
            if value >= scale:
                return f"{value / scale:.4g} {prefix}{unit}"
    return f"{value:,.6g}" if unit == "1" else f"{value:,.6g} {unit}"


def fact_value(fact: Fact | None, *, ends: bool = True) -> str:
    """A fact's value, with its range."""
    if fact is None:
        return "—"
    shown = number(fact.value, fact.unit)
    if ends and fact.low is not None and fact.high is not None and fact.low < fact.high:
        low, high = number(fact.low, fact.unit), number(fact.high, fact.unit)
        unit = shown.partition(" ")[2]
        if unit and low.endswith(unit) and high.endswith(unit):
            low = low.removesuffix(unit).strip()
            high = high.removesuffix(unit).strip()
        shown += f" ({low} to {high})"
    return shown


def catalog_page() -> str:
    """Records by kind with their key values."""
    catalog = Catalog()
    parts: list[str | Iterable[str]] = [
        "What the package knows. `gigawatt catalog show ID --sources` prints a record with the "
        "source, date and confidence of every value, and the values that contradict it. A range in "
        "brackets is the range of the sources; plans use the central value. A dash means "
        "that no source gives the figure; nothing is guessed.",
        "## Systems",
        "A *package* is what vendors sell as a GPU. A *rack* is the unit that is bought and powered, "
        "also where it is a server. Peaks are dense and per package.",
        table(
            "id | name | packages/rack | dies/package | rack power | IT factor | price | available",
            (_system_row(entry.id, entry.record) for entry in catalog.entries("systems")),
        ),
        table(
            "id | BF16 | FP8 | FP4 | HBM | HBM bandwidth | scale-up | MFU assumed (FP8)",
            (_peak_row(entry.id, entry.record) for entry in catalog.entries("systems")),
        ),
        "### Packages per gigawatt",
        "packages/rack ÷ (rack power × IT factor), over the range of rack power and factor. On the "
        f"facility basis at the default PUE of {catalog.defaults.pue.value:g}.",
        table(
            "id | per GW of IT power: low | central | high | per GW of facility power: low | central | high",
            _per_gigawatt(catalog),
        ),
        "## Kernel times",
        "Measured kernels and collectives, as surfaces fitted to the tables of `aiconfigurator-core`; "
        "[how](../how-to/calibrate.md). Rates are medians of large shapes: matrix products by "
        "precision without quantisation, causal attention forward in BF16 with heads of 128 and of MLA, "
        "experts in FP8 with block scales (BF16 on A100). Collectives: bandwidth of large messages on "
        "the largest group measured. `gigawatt catalog show kernels/ID` prints all constants and "
        "errors.",
        table(
            "id | BF16 | FP8 | FP8 block | NVFP4 | attention 128 | attention MLA | experts "
            "| all-reduce | all-to-all | memory",
            (_kernel_row(entry.id, entry.record) for entry in catalog.entries("kernels")),
        ),
        "## Claims",
        "Published ratios, recomputed from the records above. *Agrees* means within 5 % of the claim.",
        table("id | claimed | recomputed | agrees | what it is not", _claims(catalog)),
        "## Models",
        table(
            "id | name | developer | parameters | active | layers | hidden | context | training tokens",
            (_model_row(entry.id, entry.record) for entry in catalog.entries("models")),
        ),
        "## Scaling laws",
        "Fits of the loss of a model by its parameters N and tokens D, E + A / N^alpha + B / D^beta, which "
        "`compute_optimal` splits a budget by.",
        table("id | name | A | B | alpha | beta | E | about", _laws(catalog)),
        "## Failures and recovery",
        "Interruptions of a training run for each accelerator and hour, by component; a generation that is "
        "not here takes those of Hopper, memory in proportion to its stacks. "
        "`gigawatt catalog show recovery` prints each figure with its derivation.",
        table(
            "component | Hopper | Ampere | nearest checkpoint that survives | what fails",
            _failures(catalog),
        ),
        table("figure | value | low | high | confidence | meaning", _recovery(catalog)),
        "## Planning defaults",
        "What a plan uses where scenario and record are silent; each use is listed among its "
        "assumptions.",
        table(
            "name | value | confidence | meaning",
            _defaults(catalog),
        ),
    ]
    for kind, title in (
        ("sites", "Sites"),
        ("deals", "Deals"),
        ("prices", "Prices"),
        ("power", "Power"),
        ("finance", "Finance"),
    ):
        parts.append(f"## {title}")
        for entry in catalog.entries(kind):  # type: ignore[arg-type]
            parts += [
                f"### {entry.record.name}",
                _about(entry.id, entry.record),
                table("figure | value | date | confidence", _facts(entry.record)),
            ]
    return page("Catalog", *parts)


def _system_row(key: str, record: Any) -> tuple[str, ...]:
    assert isinstance(record, System)
    return (
        f"`{key}`",
        cell(record.name),
        fact_value(record.packages_per_rack),
        fact_value(record.dies_per_package),
        fact_value(record.rack_power),
        fact_value(record.it_power_factor, ends=False),
        fact_value(record.price),
        str(record.available.value) if record.available else "—",
    )


def _peak_row(key: str, record: Any) -> tuple[str, ...]:
    assert isinstance(record, System)
    return (
        f"`{key}`",
        *(fact_value(record.peak.get(precision)) for precision in ("bf16", "fp8", "fp4")),
        fact_value(record.hbm),
        fact_value(record.hbm_bandwidth, ends=False),
        fact_value(record.scaleup_bandwidth, ends=False),
        fact_value(record.mfu.get("fp8")),
    )


def _kernel_row(key: str, record: Any) -> tuple[str, ...]:
    assert isinstance(record, Kernels)
    attention = [record.attention[head].get("bf16") for head in ("128", "mla")]
    experts = record.grouped.get("fp8_block", record.grouped["bf16"])
    products = [record.gemm.get(p) for p in ("bf16", "fp8", "fp8_block", "nvfp4")]
    rates = [s.large_flops_per_s if s else None for s in (*products, *attention, experts)]
    groups = [record.collectives[name].bytes_per_s for name in ("all_reduce", "alltoall")]
    return (
        f"`{key}`",
        *(number(rate, "FLOP/s") if rate else "—" for rate in rates),
        *(f"{number(by_size[max(by_size)], 'B/s')} ({max(by_size)})" for by_size in groups),
        number(record.stream.bytes_per_s, "B/s") if record.stream else "—",
    )


def _per_gigawatt(catalog: Catalog) -> Iterator[tuple[str, ...]]:
    for entry in catalog.entries("systems"):
        assert isinstance(entry.record, System)
        ratios = (1.0, catalog.defaults.pue.value)
        found = [packages_per_gigawatt(entry.record, catalog.defaults, r) for r in ratios]
        cells = [
            f"{round(n, -3):,.0f}" for numbers in found if numbers is not None for n in numbers
        ]
        yield (f"`{entry.id}`", *(cells or ["—"] * 6))


def _claims(catalog: Catalog) -> Iterator[tuple[str, ...]]:
    for claim_id in catalog.ids("claims"):
        result = recompute(catalog, claim_id)
        yield (
            f"`{claim_id}`",
            cell(result.claimed),
            f"{result.ratio:.2f}",
            "exactly" if result.exact else "yes" if result.agrees else "**no**",
            cell("; ".join(result.not_this)),
        )


def _model_row(key: str, record: Any) -> tuple[str, ...]:
    assert isinstance(record, Model)
    shape, tokens = record.architecture, record.training.get("tokens")
    return (
        f"`{key}`",
        cell(record.name),
        cell(record.developer),
        _billions(record.parameters_total),
        _billions(record.parameters_active),
        f"{shape.layers}",
        f"{shape.hidden:,}",
        f"{shape.context:,}",
        f"{tokens.value / 1e12:.4g} T" if tokens and isinstance(tokens.value, float) else "—",
    )


def _billions(fact: LooseFact) -> str:
    return f"{fact.value / 1e9:.4g} B" if isinstance(fact.value, float) else "—"


def _defaults(catalog: Catalog) -> Iterator[tuple[str, ...]]:
    for name, field in type(catalog.defaults).model_fields.items():
        fact = getattr(catalog.defaults, name)
        if isinstance(fact, Fact):
            meaning = cell(re.sub(r" \[[^]]*\]\.$", "", str(field.description)).rstrip("."))
            yield f"`{name}`", fact_value(fact), fact.confidence, meaning


def _laws(catalog: Catalog) -> Iterator[tuple[str, ...]]:
    for key in catalog.ids("laws"):
        law = catalog.law(key)
        figures = (f"{fact.value:g}" for fact in (law.a, law.b, law.alpha, law.beta, law.floor))
        yield f"`{key}`", cell(law.name), *figures, cell(law.note)


def _failures(catalog: Catalog) -> Iterator[tuple[str, ...]]:
    hopper, ampere = (catalog.failure_rates(name).failures for name in ("Hopper", "Ampere"))
    for name, rate in hopper.items():
        rates = (f"{rate.per_accelerator_hour:.3g}", f"{ampere[name].per_accelerator_hour:.3g}")
        yield f"`{name}`", *rates, rate.tier, cell(rate.what)


def _recovery(catalog: Catalog) -> Iterator[tuple[str, ...]]:
    for name, figure in catalog.recovery.figures.items():
        unit = "" if figure.unit == "1" else f" {figure.unit}"
        ends = (f"{end:,.6g}" for end in (figure.low, figure.high))
        yield f"`{name}`", f"{figure.value:,.6g}{unit}", *ends, figure.confidence, cell(figure.what)


def _about(key: str, record: Any) -> str:
    said: list[str] = [f"`{key}`"]
    if isinstance(record, Site):
        said += [record.location, record.user, record.status]
        said += [f"overhead {fact_value(record.overhead)}"] if record.overhead else []
    if isinstance(record, Deal):
        said += [record.date, record.status]
    head = " · ".join([said[0], *(cell(part) for part in said[1:] if part)])
    return f"{head}\n\n{cell(record.note)}" if record.note else head


def _facts(record: Any) -> Iterator[tuple[str, ...]]:
    for name, found in record.facts.items():
        for fact in found if isinstance(found, tuple) else (found,):
            value = fact.value
            if isinstance(value, tuple):
                shown = " to ".join(f"{v:,.6g}" for v in value)
            else:
                shown = f"{value:,.6g}" if isinstance(value, float) else str(value or "—")
            unit = "" if fact.unit == "text" else fact.unit
            yield f"`{name}`", cell(f"{shown} {unit}"), fact.as_of, fact.confidence
