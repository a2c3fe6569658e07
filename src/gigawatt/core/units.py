"""Units at the door: text with a unit comes in, a float in one canonical unit goes on.

A user writes `"10 GW"`; the schema stores `10000.0` and the field is known to be in MW. A bare
number, a wrong dimension, an unknown unit, a value out of range are refused here with the expected
form. Dollars, FLOP, tokens, packages, dies and racks are dimensions of their own, so that dollars
per rack cannot meet dollars per megawatt. Behind the door no code knows pint.

Any quantity may be written as a range `{low: …, mode: …, high: …}`; the door passes the mode on.
The range itself stays in the scenario's tree, where later stages find it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import pint
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from .errors import did_you_mean

__all__ = [
    "RANGE_KEYS",
    "Bandwidth",
    "Bytes",
    "Carbon",
    "ClusterSize",
    "Compute",
    "ComputeRate",
    "Count",
    "Door",
    "Energy",
    "EnergyPrice",
    "GrowthPerMonth",
    "GrowthPerYear",
    "Latency",
    "Life",
    "Months",
    "Packages",
    "Power",
    "RackPower",
    "RackRate",
    "Racks",
    "Ratio",
    "Share",
    "SpareShare",
    "TokenRate",
    "Tokens",
    "UsdOverall",
    "UsdPerGigawatt",
    "UsdPerGpuHour",
    "UsdPerMegawatt",
    "UsdPerMegawattMonth",
    "UsdPerRack",
    "UsdPerToken",
    "Watts",
    "is_range",
]

RANGE_KEYS = frozenset({"low", "mode", "high"})

_DEFINITIONS = """
micro- = 1e-6 = u-
milli- = 1e-3 = m-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
peta- = 1e15 = P-
exa- = 1e18 = E-
zetta- = 1e21 = Z-
yotta- = 1e24 = Y-
second = [time] = s
minute = 60 * second = min
hour = 60 * minute = h
day = 24 * hour = d
week = 7 * day
year = 365.25 * day = yr
month = year / 12
watt = [power] = W
watt_hour = watt * hour = Wh
joule = watt * second = J
byte = [information] = B
bit = byte / 8 = b
gram = [mass] = g
tonne = 1e6 * gram = t
USD = [currency]
FLOP = [computation]
OP = FLOP
token = [token]
package = [package] = GPU = gpu = accelerator
die = [die]
rack = [rack]
percent = 0.01
"""

_NOUNS = {
    "[power]": "a power",
    "[power] * [time]": "energy",
    "[time]": "a duration",
    "1 / [time]": "a rate of change",
    "[currency]": "an amount of money",
    "[currency] / [rack]": "a price per rack",
    "[currency] / [package]": "a price per package",
    "[currency] / [power]": "a price per power",
    "[currency] / [power] / [time]": "a price of energy or of power over time",
    "[currency] / [package] / [time]": "a price per package and time",
    "[currency] / [token]": "a price per token",
    "[mass] / [power] / [time]": "a carbon intensity",
    "[mass]": "a mass",
    "[rack]": "a number of racks",
    "[rack] / [time]": "racks over time",
    "[package]": "a number of packages",
    "[die]": "a number of dies",
    "[computation]": "a number of operations",
    "[computation] / [time]": "a compute rate",
    "[token]": "a number of tokens",
    "[token] / [time]": "tokens over time",
    "[information]": "an amount of data",
    "[information] / [time]": "a bandwidth",
    "dimensionless": "a plain number",
}

_WORD = r"[A-Za-z%_]+"
_QUANTITY = re.compile(
    rf"\s*(?P<number>[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?(?:nan|inf|infinity))"
    rf"\s*(?P<unit>(?:1\s*/\s*)?{_WORD}(?:\s*[/*·]\s*{_WORD}){{0,5}})?\s*",
    re.IGNORECASE,
)


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[Any]:
    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(None)
    registry.load_definitions(_DEFINITIONS.strip().splitlines())
    return registry


@lru_cache(maxsize=4096)
def _unit(text: str) -> tuple[float, str]:
    """Factor to base units and dimensionality of a unit; raises `LookupError` when unknown."""
    registry = _registry()
    try:
        unit = registry.parse_units(text.replace("%", "percent").replace("·", "*"))
        factor, base = registry.get_base_units(unit)
    except (
        pint.errors.PintError,
        ArithmeticError,
        AttributeError,
        ValueError,
        TypeError,
        KeyError,
    ) as error:
        raise LookupError(text) from error
    return float(str(factor)), _dimension(dict(base.dimensionality))


def _dimension(powers: Mapping[str, Any]) -> str:
    """A stable spelling of a dimensionality, such as `[currency] / [rack]`."""
    over = [name for name, power in sorted(powers.items()) for _ in range(int(power))]
    under = [name for name, power in sorted(powers.items()) for _ in range(-int(power))]
    if not over and not under:
        return "dimensionless"
    return " / ".join([" * ".join(over) or "1", *under])


def _noun(dimension: str) -> str:
    return _NOUNS.get(dimension, f"a quantity of {dimension}")


def is_range(value: object) -> bool:
    """Whether a raw value is a range `{low, mode, high}` rather than a single quantity."""
    return isinstance(value, Mapping) and set(value) == RANGE_KEYS


_ROUNDING = 1e-9
"""What a change of units may add to a number, of the number [1]."""


@dataclass(frozen=True, slots=True)
class Door:
    """A pydantic marker that reads a quantity in any fitting unit into one canonical unit.

    Parameters
    ----------
    unit : str
        Canonical unit, such as `MW`; an empty string for plain ratios.
    example : str
        How a user would write it.
    ge, gt, le : float, optional
        Limits in the canonical unit.
    whole : bool
        Whether the value must be a whole number of the canonical unit.
    bare : bool
        Whether a number without unit is the expected form (ratios, shares, counts).
    """

    unit: str
    example: str
    ge: float | None = 0.0
    gt: float | None = None
    le: float | None = None
    whole: bool = False
    bare: bool = False

    def read(self, value: Any) -> float:
        """Read a raw value (text, number, range or an already canonical float from Python).

        Returns
        -------
        float
            Value in the canonical unit; of a range, its mode.

        Raises
        ------
        PydanticCustomError
            With the code of the finding (E210 to E218) as its type.
        """
        if isinstance(value, Mapping):
            return self._read_range(value)
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise self._refuse("E216", "{value} is not a quantity; write {form}.", value)
        if isinstance(value, (int, float)):
            if not self.bare:
                raise self._refuse("E210", "{value} has no unit; write {form}.", value)
            try:
                return self._within(float(value), value)
            except OverflowError:
                raise self._refuse("E212", "{value} is too large; write {form}.", value) from None
        match = _QUANTITY.fullmatch(value)
        if not match:
            raise self._refuse("E216", "{value} is not a quantity; write {form}.", value)
        number = float(match["number"].replace("_", ""))
        if not math.isfinite(number):
            raise self._refuse("E212", "{value} is not a finite number; write {form}.", value)
        unit_text = match["unit"]
        if unit_text is None:
            if not self.bare:
                raise self._refuse("E210", "{value} has no unit; write {form}.", value)
            return self._within(number, value)
        unit_text = re.sub(r"\s+", "", unit_text)
        try:
            factor, dimension = _unit(unit_text)
        except LookupError:
            hint = did_you_mean(unit_text, [re.sub(r"^[\d.\s]+", "", self.example)])
            hint = hint if hint.startswith("Did") else f"Write {self._form()}."
            raise self._refuse(
                "E211",
                "{value} has the unknown unit '{unit}'. {hint}",
                value,
                unit=unit_text,
                hint=hint,
            ) from None
        own_factor, own_dimension = _unit(self.unit) if self.unit else (1.0, "dimensionless")
        if dimension != own_dimension:
            raise self._refuse(
                "E214",
                "{value} is {found}; this is {wanted}, such as {form}.",
                value,
                found=_noun(dimension),
                wanted=_noun(own_dimension),
            )
        return self._within(number * (factor / own_factor), value)

    def _read_range(self, value: Mapping[Any, Any]) -> float:
        if not is_range(value):
            raise self._refuse(
                "E216",
                "{value} is not a range; write low, mode and high, with a unit on each.",
                dict(value),
            )
        low, mode, high = (self.read(value[key]) for key in ("low", "mode", "high"))
        if not low <= mode <= high:
            raise self._refuse(
                "E217", "{value} is out of order; a range needs low ≤ mode ≤ high.", dict(value)
            )
        return mode

    def _within(self, number: float, value: Any) -> float:
        if not math.isfinite(number):
            raise self._refuse("E212", "{value} is not a finite number; write {form}.", value)
        nearest = round(number)
        if self.whole:
            if abs(number - nearest) > _ROUNDING * max(1.0, abs(number)):
                raise self._refuse(
                    "E218",
                    "{value} is not a whole number{of_unit}.",
                    value,
                    of_unit=f" of {self.unit}s" if self.unit else "",
                )
            number = float(nearest)
        inside = min(max(number, self.ge or -math.inf), self.le or math.inf)
        if abs(number - inside) <= _ROUNDING * abs(
            inside
        ):  # 10 us are 1e-05 s but for the last digit
            number = inside
        low = self.gt if self.gt is not None else self.ge
        too_low = (self.gt is not None and number <= self.gt) or (
            self.ge is not None and number < self.ge
        )
        if too_low or (self.le is not None and number > self.le):
            bound = "above" if self.gt is not None else "at least"
            parts = [] if low is None else [f"{bound} {low:g} {self.unit}".strip()]
            if self.le is not None:
                parts.append(f"at most {self.le:g} {self.unit}".strip())
            raise self._refuse(
                "E213",
                "{value} is out of range; allowed is {allowed}.",
                value,
                allowed=" and ".join(parts),
            )
        return number

    def _form(self) -> str:
        return self.example if self.bare and not self.unit else f'"{self.example}"'

    def _refuse(self, code: str, template: str, value: Any, **more: str) -> PydanticCustomError:
        context = {"value": f"{value}"[:80], "form": self._form(), **more}
        return PydanticCustomError(code, template, context)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        unit = self.unit or "1"
        single: dict[str, Any] = {
            "type": ["string", "number"] if self.bare else "string",
            "description": f"{_noun(_unit(self.unit)[1] if self.unit else 'dimensionless')}, "
            f"such as {self._form()}; kept in {unit}",
            "examples": [self.example],
            "x-unit": unit,
        }
        for key, bound in (
            ("x-minimum", self.ge if self.gt is None else None),
            ("x-exclusive-minimum", self.gt),
            ("x-maximum", self.le),
        ):
            if bound is not None:
                single[key] = bound
        point = {"type": single["type"], "x-unit": unit}
        return {
            "anyOf": [
                single,
                {
                    "type": "object",
                    "description": "a range; plans use its mode",
                    "properties": dict.fromkeys(("low", "mode", "high"), point),
                    "required": ["low", "mode", "high"],
                    "additionalProperties": False,
                },
            ]
        }


# The upper limits are far above anything that could be built: they keep a slip of the prefix from
# becoming a number that no longer adds up in floating point.
Power = Annotated[float, Door("MW", "843 MW", le=1e7)]
RackPower = Annotated[float, Door("MW", "120 kW", ge=1e-6, le=100.0)]
Watts = Annotated[float, Door("W", "1400 W", gt=0.0)]
Energy = Annotated[float, Door("MWh", "500 GWh")]
Months = Annotated[float, Door("month", "9 months", whole=True, le=1200)]
Life = Annotated[float, Door("month", "60 months", ge=1, whole=True, le=1200)]
Racks = Annotated[float, Door("rack", "800 racks", whole=True, le=1e9)]
RackRate = Annotated[float, Door("rack/month", "300 racks/month", le=1e9)]
Packages = Annotated[float, Door("package", "72 packages", whole=True)]
Count = Annotated[float, Door("", "72", whole=True, bare=True)]
Ratio = Annotated[float, Door("", "1.3", ge=1.0, le=3.0, bare=True)]
Share = Annotated[float, Door("", "80 %", le=1.0, bare=True)]
SpareShare = Annotated[float, Door("", "3 %", le=0.9, bare=True)]
Compute = Annotated[float, Door("FLOP", "2e27 FLOP", gt=0.0, le=1e40)]
ComputeRate = Annotated[float, Door("FLOP/s", "2.5 PFLOP/s", gt=0.0)]
ClusterSize = Annotated[float, Door("package", "200000 packages", gt=0.0, whole=True, le=1e9)]
Tokens = Annotated[float, Door("token", "15 Ttoken", gt=0.0, le=1e24)]
TokenRate = Annotated[float, Door("token/s", "2 Ttoken/day", le=1e18)]
Latency = Annotated[float, Door("s", "25 ms", ge=1e-5, le=3600.0)]
Bytes = Annotated[float, Door("B", "288 GB", gt=0.0)]
Bandwidth = Annotated[float, Door("B/s", "22 TB/s", gt=0.0)]
UsdOverall = Annotated[float, Door("USD", "100 GUSD", le=1e13)]
UsdPerRack = Annotated[float, Door("USD/rack", "7.8 MUSD/rack", le=1e10)]
UsdPerMegawatt = Annotated[float, Door("USD/MW", "15 MUSD/MW", le=1e10)]
UsdPerMegawattMonth = Annotated[float, Door("USD/MW/month", "130 USD/kW/month", le=1e8)]
UsdPerGigawatt = Annotated[float, Door("USD/GW", "10 GUSD/GW", gt=0.0, le=1e13)]
UsdPerGpuHour = Annotated[float, Door("USD/package/hour", "2.1 USD/gpu/hour", le=1e6)]
UsdPerToken = Annotated[float, Door("USD/token", "0.6 USD/Mtoken", le=1.0)]
EnergyPrice = Annotated[float, Door("USD/MWh", "45 USD/MWh", le=1e6)]
Carbon = Annotated[float, Door("kg/MWh", "370 kg/MWh", le=1e6)]
GrowthPerYear = Annotated[float, Door("1/year", "10 %/year", le=1.0)]
GrowthPerMonth = Annotated[float, Door("1/month", "6 %/month", ge=-0.5, le=1.0)]
