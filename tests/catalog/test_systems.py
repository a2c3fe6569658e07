"""System records and planning defaults against one another; all records against their sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gigawatt.catalog import KINDS, PRECISIONS, Catalog, System
from gigawatt.catalog.facts import Fact, LooseFact
from gigawatt.catalog.records import Kind, Reference
from gigawatt.catalog.store import DATA
from gigawatt.core.yamltree import read_yaml

SYSTEMS = (
    "a100-80gb-sxm",
    "b200-hgx",
    "b300-hgx",
    "feynman",
    "gb200-nvl72",
    "gb300-nvl72",
    "gh200-144gb",
    "gh200-96gb",
    "h100-nvl",
    "h100-pcie",
    "h100-sxm",
    "h100-sxm-96gb-hbm2e",
    "h200-nvl",
    "h200-sxm",
    "h800-sxm",
    "l40s",
    "mi300x",
    "mi325x",
    "mi355x",
    "mi455x-helios",
    "rtx-pro-6000",
    "rubin-ultra",
    "tpu-v5p",
    "tpu-v6e",
    "tpu-v7",
    "trainium2",
    "trainium3",
    "vr-nvl144-cpx",
    "vr-nvl72",
)
TABLE = ("gb200-nvl72", "gb300-nvl72", "h100-sxm", "rubin-ultra", "vr-nvl72")
Band = tuple[float, float, float]


def band(system: str, unit: str) -> Band:
    """Low, middle and high of one line of the packages-per-gigawatt table."""
    table = Catalog().entry("power", "gpus-per-gw").record
    assert isinstance(table, Reference)
    lines = table.facts[system]
    assert isinstance(lines, tuple)
    (values,) = [line.value for line in lines if line.unit == unit]
    assert isinstance(values, tuple)
    low, mid, high = values
    return low, mid, high


def value_of(fact: Fact | None) -> float:
    assert fact is not None
    return fact.value


def per_it_gw(system: System, power_mw: float | None, factor: float | None) -> float:
    """Packages per GW of IT power at a rack power and a factor."""
    assert power_mw is not None
    assert factor is not None
    return system.packages_per_rack.value / (power_mw * factor) * 1e3


def sources_used(node: Any) -> Iterator[str]:
    """Every `source` in a record, however deep."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "source" and isinstance(value, str):
                yield value
            else:
                yield from sources_used(value)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from sources_used(item)


def test_the_systems_are_these() -> None:
    assert Catalog().ids("systems") == list(SYSTEMS)


@pytest.mark.parametrize("system_id", TABLE)
def test_packages_per_it_gigawatt_agree_with_the_table(system_id: str) -> None:
    system = Catalog().system(system_id)
    low, mid, high = band(system_id, "packages per GW IT")
    packages = per_it_gw(system, value_of(system.rack_power), value_of(system.it_power_factor))
    assert low <= packages <= high
    assert packages == pytest.approx(mid, rel=0.01)
    power_kw = value_of(system.rack_power) * 1e3 * value_of(system.it_power_factor)
    assert power_kw / system.packages_per_rack.value == pytest.approx(
        band(system_id, "kW IT per package")[1], rel=0.01
    )


@pytest.mark.parametrize("system_id", TABLE)
def test_ends_of_the_ranges_span_the_table(system_id: str) -> None:
    system = Catalog().system(system_id)
    power, factor = system.rack_power, system.it_power_factor
    assert power is not None
    assert factor is not None
    low, _, high = band(system_id, "packages per GW IT")
    most = per_it_gw(system, power.value if power.low is None else power.low, factor.low)
    fewest = per_it_gw(system, power.value if power.high is None else power.high, factor.high)
    assert most == pytest.approx(high, rel=0.01)
    assert fewest == pytest.approx(low, rel=0.01)


@pytest.mark.parametrize("overhead", [1.20, 1.30, 1.40])
@pytest.mark.parametrize("system_id", TABLE)
def test_packages_per_facility_gigawatt_agree_with_the_table(
    system_id: str, overhead: float
) -> None:
    system = Catalog().system(system_id)
    low, mid, high = band(system_id, "packages per GW facility")
    on_it = per_it_gw(system, value_of(system.rack_power), value_of(system.it_power_factor))
    assert low <= on_it / overhead <= high
    if overhead == 1.30:
        assert on_it / overhead == pytest.approx(mid, rel=0.01)
    ends = band(system_id, "packages per GW IT")
    if overhead == 1.20:
        assert ends[2] / overhead == pytest.approx(high, rel=0.01)
    if overhead == 1.40:
        assert ends[0] / overhead == pytest.approx(low, rel=0.01)


@pytest.mark.parametrize("system_id", TABLE)
def test_dies_agree_with_the_table(system_id: str) -> None:
    table = Catalog().entry("power", "gpus-per-gw").record
    assert isinstance(table, Reference)
    lines = table.facts[system_id]
    assert isinstance(lines, tuple)
    (dies,) = [line.value for line in lines if line.unit == "compute dies per package"]
    assert Catalog().system(system_id).dies_per_package.value == dies


@pytest.mark.parametrize("system_id", SYSTEMS)
def test_a_system_with_a_peak_has_an_assumed_mfu_with_a_range(system_id: str) -> None:
    system = Catalog().system(system_id)
    assert set(system.mfu) == set(system.peak)
    for fact in system.mfu.values():
        assert fact.low is not None
        assert fact.high is not None
        assert 0.0 < fact.low < fact.value < fact.high < 0.75
        assert (fact.confidence, fact.seen) == ("assumed", "derived")
        assert fact.note


@pytest.mark.parametrize("system_id", SYSTEMS)
def test_lower_precision_is_never_slower(system_id: str) -> None:
    peaks = Catalog().system(system_id).peak
    ordered = [peaks[precision].value for precision in PRECISIONS if precision in peaks]
    assert ordered == sorted(ordered)


def test_announced_and_dropped_systems_are_marked() -> None:
    catalog = Catalog()
    status = {system_id: catalog.system(system_id).status for system_id in SYSTEMS}
    assert {system_id for system_id, word in status.items() if word == "dropped"} == {
        "vr-nvl144-cpx"
    }
    assert {system_id for system_id, word in status.items() if word == "announced"} == {
        "feynman",
        "mi455x-helios",
        "rubin-ultra",
    }
    assert not catalog.system("feynman").peak
    assert not catalog.system("vr-nvl144-cpx").peak
    assert catalog.system("vr-nvl144-cpx").price is None


@pytest.mark.parametrize(
    ("system_id", "fact", "figure", "factor"),
    [
        ("gb200-nvl72", "rack_fp4_dense", "peak.fp4", 1e15),
        ("gb200-nvl72", "rack_fp8_dense", "peak.fp8", 1e15),
        ("gb200-nvl72", "rack_hbm_bandwidth", "hbm_bandwidth", 1e12),
        ("gb200-nvl72", "rack_hbm", "hbm", 1e12),
        ("gb200-nvl72", "rack_nvlink", "scaleup_bandwidth", 1e12),
        ("gb300-nvl72", "rack_fp4_dense", "peak.fp4", 1e15),
        ("gb300-nvl72", "rack_fp8_dense", "peak.fp8", 1e15),
        ("gb300-nvl72", "rack_bf16_dense", "peak.bf16", 1e15),
        ("gb300-nvl72", "rack_hbm_bandwidth", "hbm_bandwidth", 1e12),
        ("gb300-nvl72", "rack_nvlink", "scaleup_bandwidth", 1e12),
        ("vr-nvl72", "rack_fp4_inference", "peak_inference.fp4", 1e15),
        ("vr-nvl72", "rack_fp4_training", "peak.fp4", 1e15),
        ("vr-nvl72", "rack_fp8_dense", "peak.fp8", 1e15),
        ("vr-nvl72", "rack_bf16_dense", "peak.bf16", 1e15),
        ("vr-nvl72", "rack_hbm_bandwidth", "hbm_bandwidth", 1e12),
        ("vr-nvl72", "rack_hbm", "hbm", 1e12),
        ("vr-nvl72", "rack_nvlink", "scaleup_bandwidth", 1e12),
        ("rubin-ultra", "rack_fp4_inference", "peak_inference.fp4", 1e18),
        ("rubin-ultra", "rack_fp8_training", "peak.fp8", 1e18),
        ("rubin-ultra", "rack_hbm", "hbm", 1e12),
        ("rubin-ultra", "rack_hbm_bandwidth", "hbm_bandwidth", 1e12),
        ("mi455x-helios", "rack_fp4", "peak.fp4", 1e18),
        ("mi455x-helios", "rack_fp8", "peak.fp8", 1e18),
        ("mi455x-helios", "rack_hbm", "hbm", 1e12),
        ("mi455x-helios", "rack_hbm_bandwidth", "hbm_bandwidth", 1e15),
        ("mi455x-helios", "rack_scaleup", "scaleup_bandwidth", 1e12),
        ("trainium3", "rack_fp8", "peak.fp8", 1e15),
    ],
)
def test_published_rack_figures_are_packages_times_package_figures(
    system_id: str, fact: str, figure: str, factor: float
) -> None:
    system = Catalog().system(system_id)
    rack = system.facts[fact]
    assert isinstance(rack, LooseFact)
    assert isinstance(rack.value, float)
    field, _, precision = figure.partition(".")
    found = getattr(system, field)
    package = value_of(found[precision] if precision else found)
    assert package * system.packages_per_rack.value == pytest.approx(rack.value * factor, rel=0.03)


@pytest.mark.parametrize("system_id", ["b300-hgx", "mi300x", "mi355x"])
def test_derived_server_power_follows_the_measured_servers(system_id: str) -> None:
    catalog = Catalog()
    ratios = []
    for server in ("a100-80gb-sxm", "h100-sxm", "b200-hgx"):
        known = catalog.system(server)
        ratios.append(value_of(known.rack_power) * 1e6 / (8 * value_of(known.tdp)))
    system = catalog.system(system_id)
    power = system.rack_power
    assert power is not None
    assert power.low is not None
    assert power.high is not None
    tdp = 8 * value_of(system.tdp) / 1e6
    assert (power.confidence, power.seen) == ("estimate", "derived")
    assert power.value / tdp == pytest.approx(1.8)
    assert power.low / tdp < min(ratios)
    assert power.high / tdp > sorted(ratios)[1]


def test_price_per_server_is_eight_gpus() -> None:
    price = Catalog().system("h100-sxm").price
    assert price is not None
    assert (price.low, price.value, price.high) == (200_000, 260_000, 320_000)


def test_vera_rubin_ranges_and_conflicts_stand_beside_the_central_values() -> None:
    system = Catalog().system("vr-nvl72")
    power = system.rack_power
    assert power is not None
    assert (power.low, power.value, power.high) == pytest.approx((0.19, 0.21, 0.23))
    assert [other["value"] for other in power.also] == ["132 kW", "136 kW"]
    assert system.hbm_bandwidth is not None
    assert len(system.hbm_bandwidth.also) == 2
    assert system.peak["fp4"].value == pytest.approx(35e15)
    assert system.peak_inference["fp4"].value == pytest.approx(50e15)


def test_planning_defaults_have_ranges_where_plans_need_them() -> None:
    defaults = Catalog().defaults
    assert defaults.pue.value == 1.3
    assert (defaults.pue.low, defaults.pue.high) == (1.2, 1.5)
    assert defaults.energy_pue.value < defaults.pue.value
    assert defaults.facility_cost.value == pytest.approx(15e6)
    assert defaults.useful_life.value == 60
    for name in ("carbon", "order_to_delivery", "spares", "installed_to_commissioned"):
        assert getattr(defaults, name).confidence == "assumed"


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_loads_and_every_source_resolves(kind: Kind) -> None:
    catalog = Catalog()
    unknown = {
        (entry.id, source)
        for entry in catalog.entries(kind)
        for source in sources_used(entry.record.model_dump())
        if source not in catalog.sources
    }
    assert unknown == set()


def test_no_source_is_defined_twice() -> None:
    seen: dict[str, str] = {}
    twice = []
    for path in sorted((DATA / "sources").glob("*.yaml")):
        for source_id in read_yaml(path).data:
            if source_id in seen:
                twice.append((source_id, seen[source_id], path.name))
            seen[source_id] = path.name
    assert twice == []


def test_own_sources_are_all_used() -> None:
    own = set(read_yaml(DATA / "sources" / "systems.yaml").data)
    catalog = Catalog()
    used = {
        source
        for kind in KINDS
        for entry in catalog.entries(kind)
        for source in sources_used(entry.record.model_dump())
    }
    assert own <= used
