"""What a user writes: scenario schema 1.

Every model is frozen and refuses unknown keys. Mappings are keyed by id, so that an override or
`--set` can name any value by its path. A value left out is taken from the catalog when the scenario
is turned into arrays, and is then shown as a default. This file knows shapes and units only; rules
that look at more than one value are in `rules`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from gigawatt.core import units as u
from gigawatt.core.months import Horizon as MonthRange
from gigawatt.core.months import Month

from .base import Id, Text, _Spec
from .demands import Workloads
from .economics import Costs, IncomeStream, MoneySpec, PowerPurchase, SiteLease, Termination
from .instruments import Investment
from .milestones import Basis, Milestone

__all__ = [
    "Block",
    "Commitment",
    "Deployment",
    "Energy",
    "EvidenceEntry",
    "Existing",
    "Hardware",
    "Lags",
    "Partner",
    "ScenarioSpec",
    "Site",
]


def _year_as_text(value: Any) -> Any:
    """A bare year is read by YAML as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _never_as_none(value: Any) -> Any:
    """The word that an override can say, where an empty value would remove the key."""
    return None if value == "never" else value


Period = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2]|Q[1-4])$")]

PowerCurve = Annotated[dict[Month, u.Power], Field(min_length=1)]
"""Month → power held from that month on."""


class HorizonSpec(_Spec):
    """The months that are planned."""

    start: Month
    """First month."""
    months: Annotated[int, Field(strict=True, ge=1, le=1200)]
    """How many months."""

    @property
    def range(self) -> MonthRange:
        """The horizon as a run of months."""
        return MonthRange(self.start, self.months)


class Energy(_Spec):
    """Electricity at a site."""

    price: u.EnergyPrice | None = None
    """Price of a MWh at the meter."""
    carbon: u.Carbon | None = None
    """Emissions of a MWh."""
    load_factor: u.Share | None = None
    """Average IT draw per nameplate IT power in service."""
    pue: u.Ratio | None = None
    """Annual average facility energy per IT energy; lower than the peak ratio `pue` of the site."""
    shape: Annotated[float, u.Door("", "1.0", ge=0.2, le=5.0, bare=True)] = 1.0
    """Price weighted by the hours of the load, per average price."""
    contract: PowerPurchase | None = None
    """Power bought ahead; the price above is for what is drawn beyond it."""


class Lags(_Spec):
    """Months between the stages of a rack."""

    order_to_delivery: u.Months | None = None
    """Order to delivery."""
    delivered_to_installed: u.Months | None = None
    """Delivery to installation on energised power."""
    energised_to_installed: u.Months | None = None
    """Energisation of a hall to the first rack installed in it."""
    installed_to_commissioned: u.Months | None = None
    """Installation to passed acceptance tests."""
    commissioned_to_service: u.Months | None = None
    """Acceptance to carrying work."""
    installed_to_service: u.Months | None = None
    """Instead of the last two: installation to carrying work, acceptance at its end."""


class Existing(_Spec):
    """Racks that already run when the horizon starts."""

    racks: u.Racks
    """How many."""
    since: Month
    """Month they went into service; their useful life counts from it."""


class Site(_Spec):
    """A campus of the own build."""

    from_: Annotated[str | None, Field(alias="from")] = None
    """`catalog`, to take name, place and overhead from the catalog's site of the same id; or the id of
    another catalog site."""
    name: Text | None = None
    """Name shown in reports."""
    location: Text | None = None
    """Place and grid."""
    basis: Basis
    """Which power the figures of this site mean: IT, facility or grid. Said once, carried everywhere."""
    power: PowerCurve
    """Energised power by month, on the site's basis; each step holds until the next."""
    interconnect: u.Power | None = None
    """Contracted power, on the site's basis; no step may exceed it."""
    pue: u.Ratio | None = None
    """Facility power per IT power at peak."""
    overhead: u.Ratio | None = None
    """Grid draw per IT power at peak; at least the PUE."""
    energy: Energy = Energy()
    """Electricity price, carbon and load."""
    lags: Lags = Lags()
    """Lags that differ here from those of the scenario."""
    systems: tuple[Id, ...] | None = None
    """Only these systems are put here; all of the roadmap if left out."""
    priority: Annotated[int, Field(strict=True, ge=0, le=1000)] = 100
    """Scarce racks go to the lowest number first, then in the order of the file."""
    existing: dict[Id, Existing] = Field(default_factory=dict)
    """Racks already in service at the start, by system."""
    facility_cost: u.UsdPerMegawatt | None = None
    """Land, shell, power and cooling per MW, on the site's basis."""
    facility_paid: u.Power | None = None
    """Power whose land, shell, power and cooling were paid before the horizon, on the site's basis; that
    of the racks that already run if left out."""
    lease: SiteLease | None = None
    """Land and shell are rented: the halls cost the buyer nothing, and the rent is a running cost."""


class Hardware(_Spec):
    """One system of the roadmap; its key is a catalog id unless `system` says otherwise."""

    system: Id | None = None
    """Catalog id, where the key is a name of your own."""
    available: Month | None = None
    """First month in which racks can be delivered."""
    until: Month | None = None
    """Last month in which racks can be delivered."""
    deliveries: dict[Period, u.Racks] = Field(default_factory=dict)
    """Racks that will arrive, by month or quarter, whether or not power waits for them; a quarter's
    racks arrive evenly over its months."""
    supply: dict[Month, u.RackRate] | None = None
    """Most racks that can be had on top of `deliveries`, taken only as power allows; each rate holds
    until the next. Left out: none where `deliveries` are given, no limit otherwise."""
    price: u.UsdPerRack | None = None
    """Price of a rack at delivery."""
    price_path: dict[Month, Annotated[float, u.Door("", "90 %", gt=0.0, le=100.0, bare=True)]] = (
        Field(default_factory=dict)
    )
    """Price by month of delivery, per `price`; each step holds until the next, 100 % before the first."""
    rack_power: u.RackPower | None = None
    """Nameplate IT power of a rack."""
    it_power_factor: u.Ratio | None = None
    """IT power with network, storage and CPU nodes, per rack power."""
    network_share: u.Share | None = None
    """Scale-out network and storage, per price of the racks."""
    spares: u.SpareShare | None = None
    """Cold spares per racks delivered."""
    useful_life: u.Life | None = None
    """Months in service until retirement."""


class Block(_Spec):
    """One entry of an explicit deployment."""

    site: Id
    """Where."""
    system: Id
    """What: a key of `hardware`."""
    month: Month
    """First month in which the racks may be installed."""
    racks: u.Racks
    """How many."""


class Deployment(_Spec):
    """Which system goes where."""

    policy: Literal["newest", "fixed", "explicit"] = "newest"
    """newest: free power takes the newest system that can be had; fixed: `mix` says the shares of each
    site's power; explicit: `blocks` says all."""
    mix: dict[Id, u.Share] = Field(default_factory=dict)
    """Of policy fixed: share of each site's power by system; together at most 100 %."""
    blocks: dict[Id, Block] = Field(default_factory=dict)
    """Of policy explicit: racks by site, system and month."""
    refresh: bool = True
    """Whether power that retired racks leave is filled again."""


class Partner(_Spec):
    """Capacity contracted from somebody else, beside the own build."""

    name: Text | None = None
    """Name shown in reports."""
    capacity: PowerCurve
    """Contracted power by month; each step holds until the next."""
    basis: Basis
    """Which power the capacity means."""
    pue: u.Ratio | None = None
    """Facility power per IT power at peak."""
    overhead: u.Ratio | None = None
    """Grid draw per IT power at peak."""
    system: Id | None = None
    """Catalog system that the partner runs; needed for accelerators and a price per GPU-hour."""
    term: u.Life | None = None
    """Length of the contract from its first capacity; to the end of the horizon if left out."""
    price: u.UsdPerGpuHour | None = None
    """Price of a GPU-hour."""
    price_per_power: u.UsdPerMegawattMonth | None = None
    """Instead: price of the power, on the partner's basis."""
    commitment: u.UsdOverall | None = None
    """Instead: the whole contract value, spread evenly over the term."""
    utilisation: u.Share = 1.0
    """Share of the capacity that is used."""
    take_or_pay: u.Share = 0.0
    """Share of the capacity that is paid whether used or not."""
    termination: Termination | None = None
    """What ends the contract early, and what that costs."""


class Commitment(_Spec):
    """Capacity that somebody has promised to deploy, with an optional date."""

    capacity: u.Power
    """How much."""
    milestone: Milestone = Milestone()
    """What counts."""
    by: Month | None = None
    """Promised month; judged at the end of the horizon if left out."""


class EvidenceEntry(_Spec):
    """Why a value of the scenario is what it is."""

    source: Text = ""
    """Title and publisher, or the id of a catalog source."""
    url: Text = ""
    """Address."""
    as_of: Annotated[
        Text,
        BeforeValidator(_year_as_text, json_schema_input_type=Text | int),
    ] = ""
    """Date of the source."""
    confidence: Literal["official", "reported", "estimate", "assumed"] = "assumed"
    """How sure it is; assumed: nobody published it, the author of the scenario chose it."""
    note: Text = ""
    """Range, conflict or reasoning."""


class OwnCatalog(_Spec):
    """Records of your own; they win over the catalog's of the same id."""

    folder: Text | None = None
    """Folder laid out like the catalog (`systems/my-chip.yaml`), relative to the scenario file."""
    systems: dict[Id, Any] = Field(default_factory=dict)
    """Systems by id."""
    models: dict[Id, Any] = Field(default_factory=dict)
    """Models by id."""
    sites: dict[Id, Any] = Field(default_factory=dict)
    """Sites by id."""
    defaults: dict[Literal["planning"], Any] = Field(default_factory=dict)
    """Planning defaults."""


class ScenarioSpec(_Spec):
    """A scenario, schema 1: what somebody believes and decides."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    """Version of this schema."""
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Title shown on reports."""
    description: Text = ""
    """What the scenario is for, and what it leaves out."""
    horizon: HorizonSpec
    """The months that are planned."""
    money: MoneySpec = MoneySpec()
    """Currency and discount rate."""
    sites: dict[Id, Site] = Field(default_factory=dict)
    """Campuses of the own build."""
    hardware: dict[Id, Hardware] = Field(default_factory=dict)
    """The roadmap: systems that can be bought."""
    deployment: Deployment = Deployment()
    """Which system goes where."""
    lags: Lags = Lags()
    """Months between stages, for all sites."""
    costs: Costs = Costs()
    """Terms of payment and running costs."""
    income: dict[Id, IncomeStream] = Field(default_factory=dict)
    """Income from elsewhere."""
    events: dict[
        Id,
        Annotated[
            Month | None,
            BeforeValidator(_never_as_none, json_schema_input_type=Month | Text | None),
        ],
    ] = Field(default_factory=dict)
    """Named events that conditions refer to, with the month in which they come, or `never`."""
    partners: dict[Id, Partner] = Field(default_factory=dict)
    """Capacity contracted from others."""
    investment: dict[Id, Investment] = Field(default_factory=dict)
    """Instruments: money that comes in, or is pledged, as the build goes on."""
    commitments: dict[Id, Commitment] = Field(default_factory=dict)
    """Capacity that is promised."""
    workloads: Workloads = Workloads()
    """What the fleet is for."""
    evidence: dict[str, EvidenceEntry] = Field(default_factory=dict)
    """Sources of values above, by path; a path covers all below it."""
    catalog: OwnCatalog = OwnCatalog()
    """Records of your own."""
    imports: tuple[Text, ...] = ()
    """Files or shipped scenarios merged below this one, in order."""
    overrides: dict[Id, dict[str, Any]] = Field(default_factory=dict)
    """Named partial scenarios, switched on by name."""
