"""Sites, deals, prices, power bases and finance: loose facts that are shown, searched and quoted.

They are not computed with, so what is checked here is what a reader relies on: a unit or words on
every figure, a source that exists, conflicting values side by side, and warnings where announced
gigawatts overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from gigawatt.catalog import Catalog
from gigawatt.catalog.facts import LooseFact
from gigawatt.catalog.records import Deal, Kind, Reference, Site

CATALOG = Catalog()
KINDS: tuple[Kind, ...] = ("sites", "deals", "prices", "power", "finance")
DEALS = {
    "nvidia-openai-loi-2025",
    "nvidia-openai-equity-2026",
    "nvidia-openai-guaranty-2026",
    "nvidia-compute-financing-2026",
    "oracle-openai",
    "microsoft-openai",
    "amd-openai",
    "broadcom-openai",
    "coreweave-openai",
    "aws-openai",
    "cerebras-openai",
    "softbank-openai",
    "stargate",
    "openai-camellia",
    "amd-meta",
    "amazon-anthropic",
    "microsoft-nvidia-anthropic",
}
REFERENCES: dict[Kind, set[str]] = {
    "prices": {"electricity", "gpu-hour", "it-capex", "facility-capex", "capex-per-gigawatt"},
    "power": {
        "pue-and-overhead",
        "power-bases",
        "construction-lead-times",
        "grid-interconnection",
        "gas-turbines",
        "staffing-and-maintenance",
        "useful-life",
    },
    "finance": {
        "drawdown-mechanics",
        "gpu-ddtl-template",
        "milestone-equity",
        "vendor-financing",
        "residual-value-guaranty",
        "spv-lease",
        "debt-pricing",
        "discount-rates",
        "openai-financials",
    },
}
# which ratio a site's sources give: facility per IT (pue) or grid per IT (overhead)
RATIOS = {
    "abilene": "pue",
    "colossus-1": "pue",
    "hyperion": "pue",
    "milam": "pue",
    "new-carlisle": "pue",
    "port-washington": "overhead",
    "shackelford": "overhead",
}
BASIS = {"pue": "facility", "overhead": "grid"}
NEVER_ADD = re.compile(r"[Nn]ever (add|count)|do not (add|sum|count)")
RATIO = re.compile(r"(\d+)/(\d+) = (\d+\.\d+)")


def loose(kind: Kind, record_id: str) -> dict[str, tuple[LooseFact, ...]]:
    """Facts of a record by name, each as a tuple."""
    record = CATALOG.entry(kind, record_id).record
    assert isinstance(record, Site | Deal | Reference)
    return {
        name: value if isinstance(value, tuple) else (value,)
        for name, value in record.facts.items()
    }


def every_fact() -> Iterator[tuple[str, LooseFact]]:
    for kind in KINDS:
        for record_id in CATALOG.ids(kind):
            for name, facts in loose(kind, record_id).items():
                for fact in facts:
                    yield f"{kind}/{record_id}: {name}", fact


def values(kind: Kind, record_id: str, name: str) -> list[object]:
    return [fact.value for fact in loose(kind, record_id)[name]]


def deal(record_id: str) -> Deal:
    record = CATALOG.entry("deals", record_id).record
    assert isinstance(record, Deal)
    return record


def warnings(record: Deal) -> str:
    return " ".join((record.note, *record.conflicts))


def test_all_records_are_there() -> None:
    assert len(CATALOG.ids("sites")) >= 15
    assert set(CATALOG.ids("deals")) >= DEALS
    for kind, ids in REFERENCES.items():
        assert set(CATALOG.ids(kind)) >= ids


def test_every_loose_fact_has_a_unit_or_is_text() -> None:
    for where, fact in every_fact():
        assert fact.value is not None, where
        if isinstance(fact.value, str):
            assert fact.value.strip(), where
        else:
            assert fact.unit.strip(), where


def test_every_source_exists() -> None:
    for where, fact in every_fact():
        assert fact.source in CATALOG.sources, f"{where}: {fact.source}"
    for record_id, name in RATIOS.items():
        ratio = getattr(CATALOG.site(record_id), name)
        cited = [ratio.source, *(str(other["source"]) for other in ratio.also)]
        assert set(cited) <= set(CATALOG.sources), record_id


def test_power_of_sites_names_its_basis() -> None:
    basis = re.compile(r"\b(IT|facility|grid|generation|storage)\b|basis not stated")
    for record_id in CATALOG.ids("sites"):
        for name, facts in loose("sites", record_id).items():
            for fact in facts:
                if fact.unit.startswith("MW"):
                    assert basis.search(fact.unit), f"{record_id}: {name} [{fact.unit}]"


def test_epoch_figures_are_attributed() -> None:
    for where, fact in every_fact():
        publisher = CATALOG.sources[fact.source].publisher
        if "Epoch AI" in publisher and fact.source.startswith(("site-", "dc-")):
            assert "Epoch AI (CC-BY 4.0)" in fact.note, where


@pytest.mark.parametrize("record_id", sorted(DEALS))
def test_deals_with_gigawatts_warn_of_overlap(record_id: str) -> None:
    facts = loose("deals", record_id).values()
    if any(fact.unit.startswith("GW") for several in facts for fact in several):
        assert NEVER_ADD.search(warnings(deal(record_id)))


@pytest.mark.parametrize(
    ("record_id", "overlaps"),
    [
        ("nvidia-openai-loi-2025", ("5 GW", "4.25 IT-GW", "Stargate")),
        ("nvidia-openai-equity-2026", ("letter", "4.25 IT-GW")),
        ("nvidia-openai-guaranty-2026", ("5 GW of Feb 2026", "generation")),
        ("oracle-openai", ("Stargate", "developers")),
        ("stargate", ("oracle-openai", "nvidia-openai-guaranty-2026", "NVIDIA letter")),
    ],
)
def test_central_deals_say_what_they_overlap_with(
    record_id: str, overlaps: tuple[str, ...]
) -> None:
    text = warnings(deal(record_id))
    assert NEVER_ADD.search(text)
    for overlap in overlaps:
        assert overlap in text


def test_the_arc_is_dated_and_in_order() -> None:
    terms = deal("nvidia-openai-loi-2025").terms
    steps = [term for term in terms if re.match(r"20\d\d-\d\d", term)]
    dates = [step[:7] for step in steps]
    assert len(steps) == 10
    assert dates == sorted(dates)


@pytest.mark.parametrize(
    ("kind", "record_id", "name", "expected"),
    [
        (
            "deals",
            "nvidia-openai-loi-2025",
            "first_tranche_trigger",
            ["signing of a definitive purchase agreement", "completion of the first gigawatt"],
        ),
        ("deals", "nvidia-openai-guaranty-2026", "capacity_optional", [3.8, 3.75]),
        ("sites", "ports-pike", "planned_optional", [3800, 3750]),
        ("deals", "stargate", "spending_to_2030", [1400, 600, 750]),
        (
            "deals",
            "amazon-anthropic",
            "milestone_gate",
            ["delivered compute", "commercial milestones"],
        ),
        ("sites", "lordstown", "planned", [300, (300, 1000)]),
        ("sites", "fairwater-wisconsin", "energisation_building_2", ["2028", "2027-Q1"]),
        ("sites", "abilene", "energisation_phase_1", ["2025-09-30", "2025-12-24"]),
        ("prices", "capex-per-gigawatt", "nvidia_content", [35, 24]),
        ("finance", "openai-financials", "burn_2025", [8, 9]),
    ],
)
def test_conflicting_values_stand_side_by_side(
    kind: Kind, record_id: str, name: str, expected: list[object]
) -> None:
    assert values(kind, record_id, name) == expected


def test_ratios_stand_where_both_sides_are_known() -> None:
    found = {
        site: name
        for site in CATALOG.ids("sites")
        for name in BASIS
        if getattr(CATALOG.site(site), name) is not None
    }
    assert found == RATIOS


@pytest.mark.parametrize("record_id", sorted(RATIOS))
def test_a_ratio_is_of_the_basis_of_its_field_and_equals_its_derivation(record_id: str) -> None:
    name = RATIOS[record_id]
    overhead = getattr(CATALOG.site(record_id), name)
    assert overhead.seen == "derived"
    assert re.search(rf"Basis MW {BASIS[name]}\b.*\bover MW IT", overhead.note)
    ratios = [(float(top), float(below), text) for top, below, text in RATIO.findall(overhead.note)]
    assert ratios
    known: set[float] = set()
    for facts in loose("sites", record_id).values():
        for fact in facts:
            if isinstance(fact.value, tuple):
                known |= {*fact.value, sum(fact.value) / len(fact.value)}
            elif isinstance(fact.value, float | int):
                known.add(fact.value)
    for top, below, text in ratios:
        half_a_digit = 0.5 * 10 ** -len(text.partition(".")[2])
        assert abs(top / below - float(text)) <= half_a_digit
        assert {top, below} <= known
    assert overhead.value == float(ratios[-1][2])
    if overhead.low is not None:
        assert [overhead.low, overhead.high] == [float(text) for _, _, text in ratios[:2]]


@pytest.mark.parametrize("record_id", ["abilene", "shackelford", "port-washington"])
def test_power_record_repeats_the_ratios_of_the_sites(record_id: str) -> None:
    ratio = getattr(CATALOG.site(record_id), RATIOS[record_id])
    name = f"overhead_{record_id.replace('-', '_')}"
    assert values("power", "pue-and-overhead", name) == [ratio.value]


def test_power_bases_are_words_and_carry_the_rule() -> None:
    facts = loose("power", "power-bases")
    for name in ("it", "facility", "grid", "energy", "rule"):
        assert isinstance(facts[name][0].value, str)
    assert "never mix" in str(facts["rule"][0].value)


def test_milestone_equity_has_states_switches_and_precedents() -> None:
    facts = loose("finance", "milestone-equity")
    states = [str(fact.value) for fact in facts["states"]]
    assert states[0] == "committed"
    assert "funded" in states
    assert states[-1].startswith("lapsed")
    assert sum(name.startswith("switch_") for name in facts) == 5
    deals = set(CATALOG.ids("deals"))
    for fact in facts["precedents"]:
        named = re.search(r"deal ([a-z0-9-]+)$", str(fact.value))
        assert named
        assert named[1] in deals
