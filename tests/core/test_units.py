"""The unit door: what passes, into which unit, and how a refusal reads."""

from __future__ import annotations

import math
from typing import Annotated, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from gigawatt.core import units
from gigawatt.core.units import Door, is_range

DOORS: dict[str, Door] = {
    name: get_args(getattr(units, name))[1]
    for name in units.__all__
    if get_args(getattr(units, name)) and isinstance(get_args(getattr(units, name))[1], Door)
}
POWER, SHARE, RATIO, MONTHS = (DOORS[name] for name in ("Power", "Share", "Ratio", "Months"))


def refusal(door: Door, value: object) -> PydanticCustomError:
    with pytest.raises(PydanticCustomError) as caught:
        door.read(value)
    return caught.value


def test_every_quantity_of_the_module_is_under_test() -> None:
    assert len(DOORS) >= 24
    assert {"Power", "Racks", "UsdOverall", "EnergyPrice"} <= set(DOORS)


@pytest.mark.parametrize("name", DOORS)
def test_every_unit_reads_its_own_example(name: str) -> None:
    door = DOORS[name]
    number = door.read(door.example)
    assert number > 0.0
    assert math.isfinite(number)


@pytest.mark.parametrize(
    ("name", "text", "canonical"),
    [
        ("Power", "10 GW", 10_000.0),
        ("Power", "843 MW", 843.0),
        ("Power", "210 kW", 0.21),
        ("Power", "1.5e3 kW", 1.5),
        ("Power", "1_000 MW", 1000.0),
        ("Power", "10GW", 10_000.0),
        ("Power", "  10   GW ", 10_000.0),
        ("Power", ".5 GW", 500.0),
        ("Power", "0 MW", 0.0),
        ("Watts", "1.4 kW", 1400.0),
        ("Energy", "500 GWh", 500_000.0),
        ("Energy", "3.6 GJ", 1.0),
        ("Months", "2 years", 24.0),
        ("Months", "9 months", 9.0),
        ("Months", "1 month", 1.0),
        ("RackRate", "1200 racks/year", 100.0),
        ("Share", "80 %", 0.8),
        ("Share", "80%", 0.8),
        ("Share", 0.8, 0.8),
        ("Share", "0.8", 0.8),
        ("Share", 1, 1.0),
        ("Ratio", "142 %", 1.42),
        ("Compute", "2e27 FLOP", 2e27),
        ("Compute", "2 YFLOP", 2e24),
        ("ComputeRate", "2.5 PFLOP/s", 2.5e15),
        ("Tokens", "15 Ttoken", 15e12),
        ("Bytes", "288 GB", 288e9),
        ("Bytes", "8 Gb", 1e9),
        ("Bandwidth", "22 TB/s", 22e12),
        ("UsdOverall", "100 GUSD", 1e11),
        ("UsdPerRack", "7.8 MUSD/rack", 7.8e6),
        ("UsdPerMegawatt", "15 GUSD/GW", 15e6),
        ("UsdPerGigawatt", "10 GUSD/GW", 1e10),
        ("UsdPerGigawatt", "10 MUSD/MW", 1e10),
        ("UsdPerGpuHour", "2.1 USD/gpu/hour", 2.1),
        ("UsdPerGpuHour", "50.4 USD/package/day", 2.1),
        ("EnergyPrice", "45 USD/MWh", 45.0),
        ("EnergyPrice", "0.045 USD/kWh", 45.0),
        ("Carbon", "370 kg/MWh", 370.0),
        ("Carbon", "370 g/kWh", 370.0),
        ("GrowthPerYear", "10 %/year", 0.1),
        ("GrowthPerYear", "0.5 %/month", 0.06),
        ("GrowthPerMonth", "6 %/month", 0.06),
        ("GrowthPerMonth", "-12 %/year", -0.01),
        ("TokenRate", "86.4 Gtoken/day", 1e6),
        ("TokenRate", "3 ktoken/s", 3000.0),
        ("Latency", "25 ms", 0.025),
        ("Latency", "0.5 min", 30.0),
        ("UsdPerToken", "0.6 USD/Mtoken", 6e-7),
        ("ClusterSize", "200000 packages", 200_000.0),
        ("ClusterSize", "200000 GPU", 200_000.0),
    ],
)
def test_hand_worked_conversions(name: str, text: object, canonical: float) -> None:
    assert DOORS[name].read(text) == pytest.approx(canonical, rel=1e-12)


@pytest.mark.parametrize(
    ("door", "value", "code", "words"),
    [
        (POWER, 843, "E210", 'no unit; write "843 MW"'),
        (POWER, 843.5, "E210", "843.5 has no unit"),
        (POWER, "843", "E210", "843 has no unit"),
        (POWER, "843 MX", "E211", "unknown unit 'MX'"),
        (POWER, "843 Mw", "E211", "Did you mean 'MW'?"),
        (POWER, "3 if", "E211", "unknown unit 'if'"),
        (POWER, "3 %%", "E211", "unknown unit"),
        (POWER, "3 " + "*".join(["YW"] * 300), "E216", "not a quantity"),
        (POWER, "nan MW", "E212", "not a finite number"),
        (POWER, "-inf MW", "E212", "not a finite number"),
        (POWER, "1e999 MW", "E212", "not a finite number"),
        (SHARE, float("nan"), "E212", "not a finite number"),
        (SHARE, 10**400, "E212", "too large"),
        (POWER, "-1 MW", "E213", "at least 0 MW"),
        (POWER, "1e9 GW", "E213", "at most 1e+07 MW"),
        (SHARE, "101 %", "E213", "at most 1"),
        (RATIO, "0.99", "E213", "at least 1 and at most 3"),
        (DOORS["Compute"], "0 FLOP", "E213", "above 0 FLOP"),
        (POWER, "843 GWh", "E214", "843 GWh is energy; this is a power"),
        (POWER, "1 USD", "E214", "is an amount of money; this is a power"),
        (POWER, "3 %", "E214", "is a plain number; this is a power"),
        (SHARE, "3 MW", "E214", "is a power; this is a plain number"),
        (DOORS["UsdPerRack"], "1 USD/MW", "E214", "a price per power; this is a price per rack"),
        (DOORS["UsdPerGpuHour"], "1 USD/rack/hour", "E214", "a price per package and time"),
        (DOORS["TokenRate"], "2 Ttoken", "E214", "tokens over time"),
        (DOORS["Latency"], "25 token", "E214", "a duration"),
        (DOORS["UsdPerToken"], "2 USD/rack", "E214", "a price per token"),
        (DOORS["ClusterSize"], "0 packages", "E213", "above 0 package"),
        (DOORS["ClusterSize"], "1.5 packages", "E218", "whole"),
        (DOORS["GrowthPerMonth"], "-60 %/month", "E213", "at least -0.5"),
        (POWER, "plenty", "E216", "plenty is not a quantity"),
        (POWER, "", "E216", "is not a quantity"),
        (POWER, "1,000 MW", "E216", "is not a quantity"),
        (POWER, "- 5 MW", "E216", "is not a quantity"),
        (POWER, "5 MW MW", "E216", "is not a quantity"),
        (POWER, "5 / MW", "E216", "is not a quantity"),
        (DOORS["UsdPerGpuHour"], "2.1 USD/(GPU h)", "E216", "is not a quantity"),
        (POWER, True, "E216", "True is not a quantity"),
        (SHARE, False, "E216", "False is not a quantity"),
        (POWER, None, "E216", "None is not a quantity"),
        (POWER, ["1 MW"], "E216", "is not a quantity"),
        (POWER, {"low": "1 MW"}, "E216", "write low, mode and high"),
        (POWER, {"low": "2 MW", "mode": "1 MW", "high": "3 MW"}, "E217", "low ≤ mode ≤ high"),
        (POWER, {"low": "1 MW", "mode": "2 MW", "high": "3 GWh"}, "E214", "is energy"),
        (MONTHS, "1.5 months", "E218", "not a whole number of months"),
        (DOORS["Racks"], "2.5 racks", "E218", "not a whole number of racks"),
    ],
)  # fmt: skip
def test_refusals_and_their_words(door: Door, value: object, code: str, words: str) -> None:
    error = refusal(door, value)
    assert error.type == code
    assert words in str(error)


def test_a_refusal_never_repeats_a_whole_novel() -> None:
    assert len(str(refusal(POWER, "x" * 100_000))) < 300


def test_a_range_passes_its_mode_on() -> None:
    assert POWER.read({"low": "1 MW", "mode": "2 MW", "high": "3 GW"}) == 2.0
    assert SHARE.read({"low": 0.1, "mode": "20 %", "high": 0.2}) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"low": 1, "mode": 2, "high": 3}, True),
        ({"low": 1, "mode": 2}, False),
        ({"low": 1, "mode": 2, "high": 3, "note": 4}, False),
        ("1 MW", False),
    ],
)
def test_what_counts_as_a_range(value: object, expected: bool) -> None:
    assert is_range(value) is expected


def test_a_whole_number_forgives_rounding_and_comes_out_whole() -> None:
    assert MONTHS.read("0.9999999999 months") == 1.0
    assert MONTHS.read("1 year") == 12.0


class Site(BaseModel):
    power: Annotated[float, POWER]
    share: Annotated[float, SHARE] = 1.0


@pytest.mark.parametrize("written", ["10 us", "0.01 ms", "1e-5 s"])
def test_a_limit_may_be_written_in_any_unit(written: str) -> None:
    assert DOORS["Latency"].read(written) == 1e-5
    assert refusal(DOORS["Latency"], "9.99 us").type == "E213"


def test_pydantic_names_the_place_and_the_code() -> None:
    with pytest.raises(ValidationError) as caught:
        Site.model_validate({"power": "1 GWh", "share": "200 %"})
    assert [(e["loc"], e["type"]) for e in caught.value.errors()] == [
        (("power",), "E214"),
        (("share",), "E213"),
    ]


@pytest.mark.parametrize("name", DOORS)
def test_the_json_schema_states_unit_example_and_limits(name: str) -> None:
    door = DOORS[name]

    class Holder(BaseModel):
        value: Annotated[float, door]

    single, span = Holder.model_json_schema()["properties"]["value"]["anyOf"]
    assert single["x-unit"] == (door.unit or "1")
    assert single["examples"] == [door.example]
    assert single["type"] == (["string", "number"] if door.bare else "string")
    assert single.get("x-maximum") == door.le
    assert single.get("x-exclusive-minimum") == door.gt
    assert span["required"] == ["low", "mode", "high"]
    assert {part["x-unit"] for part in span["properties"].values()} == {door.unit or "1"}


SPELLINGS: dict[str, dict[str, float]] = {
    "Power": {"GW": 1e3, "MW": 1.0, "kW": 1e-3, "W": 1e-6, "gigawatts": 1e3},
    "Energy": {"TWh": 1e6, "GWh": 1e3, "MWh": 1.0, "kWh": 1e-3, "MW*h": 1.0, "GW·hour": 1e3},
    "UsdOverall": {"USD": 1.0, "kUSD": 1e3, "MUSD": 1e6, "GUSD": 1e9},
    "UsdPerMegawatt": {"USD/MW": 1.0, "MUSD/GW": 1e3, "USD/kW": 1e3, "GUSD/GW": 1e6},
    "Bandwidth": {"B/s": 1.0, "GB/s": 1e9, "Gb/s": 1.25e8, "TB/minute": 1e12 / 60},
    "Tokens": {"token": 1.0, "Mtoken": 1e6, "Ttoken": 1e12, "tokens": 1.0},
    "EnergyPrice": {"USD/MWh": 1.0, "USD/kWh": 1e3, "MUSD/TWh": 1.0},
    "Carbon": {"kg/MWh": 1.0, "g/kWh": 1.0, "t/GWh": 1.0},
}
ANY_UNIT = st.sampled_from([(n, u) for n, by_unit in SPELLINGS.items() for u in by_unit])


@given(ANY_UNIT, st.floats(1e-3, 1e4))
def test_a_quantity_means_the_same_in_every_unit(spelt: tuple[str, str], canonical: float) -> None:
    name, unit = spelt
    written = f"{canonical / SPELLINGS[name][unit]!r} {unit}"
    assert DOORS[name].read(written) == pytest.approx(canonical, rel=1e-12)


@given(st.sampled_from(sorted(set(DOORS) - {"GrowthPerYear"})), st.floats(0.01, 1000.0))
def test_what_is_written_in_the_canonical_unit_is_read_to_the_last_bit(
    name: str, number: float
) -> None:
    door = DOORS[name]
    number = float(round(number)) if door.whole else number
    written: Any = f"{number!r} {door.unit}"
    too_low = number < (door.ge or 0.0) or (door.gt is not None and number <= door.gt)
    if too_low or number > (door.le or math.inf):
        assert refusal(door, written).type == "E213"
    else:
        assert door.read(written) == number


@given(
    st.text(max_size=30)
    | st.from_regex(r"[-+]?[0-9_.]{1,6}(e[-+]?[0-9]{1,4})? ?[A-Za-z%_/*·. ]{0,12}")
)
def test_any_text_is_read_or_refused_with_a_code(text: str) -> None:
    for door in (POWER, SHARE, MONTHS):
        try:
            number = door.read(text)
        except PydanticCustomError as error:
            assert error.type in {f"E{n}" for n in range(210, 219)}  # noqa: PT017
        else:
            assert 0.0 <= number <= (door.le or math.inf)
