"""What a catalog record of each kind holds.

`System` and `PlanningDefaults` are computed with, so their fields pass unit doors. `Model` holds
integer shapes. Sites, deals, prices, power bases and claims are reference records with loose facts;
of a site, the few figures that a plan may take over pass doors. Kernel times are in `kernels`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gigawatt.core.months import Month
from gigawatt.core.units import Door

from .calibration import Calibration
from .facts import Fact, FactDoor, LooseFact, _Loose, _Sourced
from .kernels import Kernels
from .reliability import Reliability

__all__ = [
    "PRECISIONS",
    "Claim",
    "ClaimTerm",
    "Deal",
    "Kind",
    "Model",
    "PlanningDefaults",
    "Precision",
    "Record",
    "Reference",
    "ScalingLaw",
    "Site",
    "System",
]

Precision = Literal["bf16", "fp8", "fp4"]
PRECISIONS: tuple[Precision, ...] = ("bf16", "fp8", "fp4")
Kind = Literal[
    "systems",
    "models",
    "sites",
    "deals",
    "prices",
    "power",
    "finance",
    "claims",
    "kernels",
    "calibration",
    "reliability",
    "laws",
    "defaults",
]

PowerFact = Annotated[Fact, FactDoor(Door("MW", "210 kW", ge=1e-6, le=100.0))]
WattFact = Annotated[Fact, FactDoor(Door("W", "1400 W", gt=0.0))]
CountFact = Annotated[Fact, FactDoor(Door("", "72", gt=0.0, le=1e6, whole=True, bare=True))]
FactorFact = Annotated[Fact, FactDoor(Door("", "1.15", ge=1.0, le=3.0, bare=True))]
CoefficientFact = Annotated[Fact, FactDoor(Door("", "406.4", gt=0.0, bare=True))]
ShareFact = Annotated[Fact, FactDoor(Door("", "35 %", ge=0.0, le=1.0, bare=True))]
FlopsFact = Annotated[Fact, FactDoor(Door("FLOP/s", "2.5 PFLOP/s", gt=0.0, le=1e21))]
BytesFact = Annotated[Fact, FactDoor(Door("B", "288 GB", gt=0.0, le=1e18))]
BandwidthFact = Annotated[Fact, FactDoor(Door("B/s", "8 TB/s", gt=0.0))]
RackPriceFact = Annotated[Fact, FactDoor(Door("USD/rack", "7.8 MUSD/rack", gt=0.0, le=1e10))]
MonthsFact = Annotated[Fact, FactDoor(Door("month", "9 months", ge=0.0, le=1200, whole=True))]
TokensFact = Annotated[Fact, FactDoor(Door("token", "33.8 Mtoken", gt=0.0, le=1e15))]
UsdPerMwFact = Annotated[Fact, FactDoor(Door("USD/MW", "15 MUSD/MW", ge=0.0, le=1e10))]
EnergyPriceFact = Annotated[Fact, FactDoor(Door("USD/MWh", "45 USD/MWh", ge=0.0, le=1e6))]
RateFact = Annotated[Fact, FactDoor(Door("1/year", "4 %/year", ge=0.0, le=1.0))]
StaffFact = Annotated[Fact, FactDoor(Door("USD/MW/year", "30 kUSD/MW/year", ge=0.0, le=1e9))]
CarbonFact = Annotated[Fact, FactDoor(Door("kg/MWh", "370 kg/MWh", ge=0.0, le=1e6))]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    """Name as its maker or owner writes it."""
    note: str = ""
    """What a reader must know before using the record."""


class MonthFact(_Sourced):
    """A date known to the month."""

    value: Month
    """The month."""
    latest: Month | None = None
    """Last month of the window, where the source gives a window."""


class System(_Record):
    """An accelerator system: the block that is bought, powered and counted.

    A *package* is what vendors sell as a GPU; dies are counted beside it. A *rack* here is the unit
    that is bought and powered: a rack-scale system, or one server where the product is a server.
    """

    vendor: str
    """Maker."""
    generation: str
    """Generation, such as Hopper, Blackwell, Rubin."""
    unit: Literal["rack", "server"] = "rack"
    """Whether the block is a rack-scale system or a server."""
    status: Literal["shipping", "announced", "dropped"] = "shipping"
    """Whether it can be bought."""
    packages_per_rack: CountFact
    """Packages in one rack [package/rack]."""
    dies_per_package: CountFact
    """Compute dies in one package [die/package]."""
    rack_power: PowerFact | None = None
    """Nameplate IT power of one rack [MW]; absent where no source gives one."""
    it_power_factor: FactorFact | None = None
    """IT power of rack plus scale-out network, storage, CPU and management, per rack power [1]."""
    peak: dict[Precision, FlopsFact] = Field(default_factory=dict)
    """Dense peak of one package by precision [FLOP/s]."""
    peak_inference: dict[Precision, FlopsFact] = Field(default_factory=dict)
    """Headline inference peak where the vendor states one that is not dense [FLOP/s]."""
    hbm: BytesFact | None = None
    """High-bandwidth memory of one package [B]."""
    hbm_bandwidth: BandwidthFact | None = None
    """Memory bandwidth of one package [B/s]."""
    scaleup_bandwidth: BandwidthFact | None = None
    """Scale-up bandwidth of one package, both directions together as vendors quote it [B/s]."""
    scaleup_domain: CountFact | None = None
    """Packages in one scale-up domain [package]."""
    scaleout_bandwidth: BandwidthFact | None = None
    """Scale-out network bandwidth of one package, one direction [B/s]."""
    tdp: WattFact | None = None
    """Thermal design power of one package [W]."""
    available: MonthFact | None = None
    """First month of volume deliveries."""
    price: RackPriceFact | None = None
    """Price of one rack [USD/rack]."""
    mfu: dict[Precision, ShareFact] = Field(default_factory=dict)
    """Model FLOP utilisation in pretraining by precision: an assumption with its range [1]."""
    facts: dict[str, LooseFact | tuple[LooseFact, ...]] = Field(default_factory=dict)
    """Other published figures."""


class Architecture(_Sourced):
    """Shape of a transformer or of a Mamba-2 hybrid; counts are exact integers.

    A layer of a transformer is one attention block and one feed-forward block. A layer of a hybrid
    is one block alone, and `attention_layers`, `mamba_layers`, `mlp_layers` and `moe_layers` say how
    many there are of each; of a transformer all four are 0.
    """

    layers: int = Field(gt=0)
    hidden: int = Field(gt=0)
    ffn: int = Field(default=0, ge=0)
    """Inner width of the dense feed-forward block; of the dense layers only in a MoE."""
    gated_ffn: bool = True
    """Three matrices (gate, up, down) rather than two."""
    parallel_blocks: bool = False
    """Attention and feed-forward block of a layer read the same input and are added up together."""
    heads: int = Field(gt=0)
    kv_heads: int = Field(gt=0)
    head_dim: int = Field(gt=0)
    vocab: int = Field(gt=0)
    context: int = Field(gt=0)
    tied_embeddings: bool = False
    dense_layers: int = Field(default=0, ge=0)
    """Of a MoE: how many layers keep a dense feed-forward block."""
    experts: int = Field(default=0, ge=0)
    experts_shared: int = Field(default=0, ge=0)
    experts_per_token: int = Field(default=0, ge=0)
    ffn_expert: int = Field(default=0, ge=0)
    ffn_shared: int = Field(default=0, ge=0)
    """Inner width of one shared expert; 0 where it is that of a routed expert."""
    moe_latent: int = Field(default=0, ge=0)
    """Of a latent MoE: the width that routed experts read and write; 0 where it is `hidden`."""
    mtp_layers: int = Field(default=0, ge=0)
    """Multi-token-prediction layers beside the model; not counted in its parameters."""
    q_lora_rank: int = Field(default=0, ge=0)
    kv_lora_rank: int = Field(default=0, ge=0)
    """Of multi-head latent attention (MLA): rank of the compressed keys and values; 0 elsewhere."""
    qk_nope_dim: int = Field(default=0, ge=0)
    qk_rope_dim: int = Field(default=0, ge=0)
    v_head_dim: int = Field(default=0, ge=0)
    sliding_window: int = Field(default=0, ge=0)
    sliding_every: int = Field(default=1, ge=1)
    """Every n-th layer uses the sliding window, where there is one."""
    attention_layers: int = Field(default=0, ge=0)
    """Of a hybrid: layers that are attention alone."""
    mamba_layers: int = Field(default=0, ge=0)
    """Of a hybrid: layers that are a Mamba-2 block alone."""
    mlp_layers: int = Field(default=0, ge=0)
    """Of a hybrid: layers that are a dense feed-forward block alone."""
    moe_layers: int = Field(default=0, ge=0)
    """Of a hybrid: layers that are a block of experts alone."""
    mamba_heads: int = Field(default=0, ge=0)
    mamba_head_dim: int = Field(default=0, ge=0)
    """Width of a Mamba-2 head; heads × width is the inner width, whatever `expand` says."""
    mamba_state: int = Field(default=0, ge=0)
    """State numbers for each channel of a head."""
    mamba_groups: int = Field(default=0, ge=0)
    """Groups of heads that share the projections B and C."""
    mamba_conv: int = Field(default=0, ge=0)
    """Tokens that the causal convolution spans."""

    @property
    def hybrid(self) -> bool:
        """Whether a layer is one block alone."""
        return bool(self.attention_layers + self.mamba_layers + self.mlp_layers + self.moe_layers)

    @model_validator(mode="after")
    def _whole(self) -> Architecture:
        if self.heads % self.kv_heads:
            raise ValueError("heads is not a multiple of kv_heads")
        if self.experts and not (self.experts_per_token and self.ffn_expert):
            raise ValueError("a model with experts needs experts_per_token and ffn_expert")
        if not self.experts and not self.ffn:
            raise ValueError("a model without experts needs ffn")
        if self.hybrid:
            self._refuse_unlike_hybrid()
        return self

    def _refuse_unlike_hybrid(self) -> None:
        by_kind = self.attention_layers + self.mamba_layers + self.mlp_layers + self.moe_layers
        if by_kind != self.layers:
            raise ValueError(f"the layers of each kind add up to {by_kind}, not to {self.layers}")
        if self.dense_layers or self.sliding_window:
            raise ValueError("a hybrid has mlp_layers, not dense_layers, and no sliding window")
        if self.mlp_layers and not self.ffn:
            raise ValueError("mlp_layers need ffn")
        if bool(self.moe_layers) != bool(self.experts):
            raise ValueError("moe_layers and experts go together")
        if self.mamba_layers:
            sizes = ("mamba_heads", "mamba_head_dim", "mamba_state", "mamba_groups", "mamba_conv")
            if missing := [size for size in sizes if not getattr(self, size)]:
                raise ValueError(f"mamba_layers need {', '.join(missing)}")
            if self.mamba_heads % self.mamba_groups:
                raise ValueError("mamba_heads is not a multiple of mamba_groups")


class Model(_Record):
    """A language model."""

    developer: str
    """Who trained it."""
    architecture: Architecture
    """Its shape."""
    parameters_total: LooseFact
    """All parameters, as published."""
    parameters_active: LooseFact
    """Parameters used for one token, as published."""
    training: dict[str, LooseFact] = Field(default_factory=dict)
    """Published training figures: tokens, compute, gpu_hours."""


class Site(_Record):
    """A campus: existing, under construction or announced."""

    location: str
    """Place and grid."""
    developer: str
    """Owner or developer."""
    user: str
    """Who uses the compute."""
    status: str
    """State of the works."""
    pue: FactorFact | None = None
    """Facility power per IT power [1], where the sources give both."""
    overhead: FactorFact | None = None
    """Grid draw per IT power [1], where the sources give both."""
    power_sources: tuple[str, ...] = ()
    """Where its power comes from."""
    facts: dict[str, LooseFact | tuple[LooseFact, ...]] = Field(default_factory=dict)
    """Power now and planned (basis in the unit), milestones, cost."""


class Deal(_Loose, _Record):
    """An agreement or announcement; announced gigawatts overlap and must never be summed."""

    parties: tuple[str, ...]
    """Who agreed."""
    date: str
    """When."""
    status: str
    """What became of it."""
    terms: tuple[str, ...] = ()
    """Mechanics in words."""
    conflicts: tuple[str, ...] = ()
    """Where sources disagree, and what must not be done with the figures."""


class Reference(_Loose, _Record):
    """Loose facts on one theme: prices, power bases, financing."""


class ClaimTerm(BaseModel):
    """One side of a claimed ratio: figures of systems, multiplied by counts and added."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    system: str
    """Catalog id."""
    figure: str
    """Field of the system, such as `peak.fp4`, `peak_inference.fp4` or `hbm_bandwidth`."""
    per: Literal["package", "rack", "rack_kw", "rack_usd"] = "rack"
    """What the figure is taken per."""
    extra: float = 0.0
    """Added to the figure, in its canonical unit, for parts that are no system of their own."""
    extra_note: str = ""
    """What the addition stands for."""


class Claim(_Loose, _Record):
    """A published ratio that the catalog can recompute, with what it is not."""

    claimed: LooseFact
    """The ratio as published."""
    numerator: ClaimTerm
    """What stands above the line."""
    denominator: ClaimTerm
    """What stands below the line."""
    scope: str = ""
    """What it is of where that is not the two products by themselves, in a few words."""
    not_this: tuple[str, ...] = ()
    """Readings that the claim does not support."""


class ScalingLaw(_Record):
    """A fit of the loss of a model by its parameters N and tokens D: E + A / N^alpha + B / D^beta."""

    a: CoefficientFact
    """A, of the parameters [1]."""
    b: CoefficientFact
    """B, of the tokens [1]."""
    alpha: CoefficientFact
    """Exponent of the parameters [1]."""
    beta: CoefficientFact
    """Exponent of the tokens [1]."""
    floor: CoefficientFact
    """E, the loss that neither reduces [nat/token]."""


class PlanningDefaults(_Record):
    """What a plan uses where the scenario is silent; each is shown as an assumption."""

    it_power_factor: FactorFact
    """IT power of rack plus network, storage and CPU nodes per rack power [1]."""
    pue: FactorFact
    """Facility power per IT power at peak, for nameplate capacity [1]."""
    energy_pue: FactorFact
    """Annual average facility energy per IT energy [1]."""
    load_factor: ShareFact
    """Average IT draw per nameplate IT power in service [1]."""
    energy_price: EnergyPriceFact
    """Price of electricity [USD/MWh]."""
    carbon: CarbonFact
    """Carbon intensity of electricity [kg/MWh]."""
    facility_cost: UsdPerMwFact
    """Land, shell, power and cooling per IT power [USD/MW IT]."""
    network_share: ShareFact
    """Scale-out network and storage, per price of the racks [1]."""
    order_to_delivery: MonthsFact
    """Order of a rack to its delivery [month]."""
    delivered_to_installed: MonthsFact
    """Delivery to installation on energised power [month]."""
    energised_to_installed: MonthsFact
    """Energisation of a hall to the first rack installed in it [month]."""
    installed_to_commissioned: MonthsFact
    """Installation to passed acceptance tests [month]."""
    commissioned_to_service: MonthsFact
    """Acceptance to carrying work [month]."""
    useful_life: MonthsFact
    """In service to retirement [month]."""
    spares: ShareFact
    """Racks kept as cold spares, per racks delivered [1]."""
    sequence: TokensFact
    """Tokens of a sequence in a training run [token]."""
    critical_batch: TokensFact
    """Critical batch of a training of 1 Ttoken [token]."""
    critical_batch_exponent: ShareFact
    """How the critical batch grows with the tokens of a training [1]."""
    batch_of_critical: ShareFact
    """Batch of a training run, of its critical batch [1]."""
    rack_deposit: ShareFact
    """Part of the price of a rack that is paid with the order [1]."""
    rack_on_delivery: ShareFact
    """Part that is paid on delivery; the rest on acceptance [1]."""
    rack_acceptance: MonthsFact
    """Delivery of a rack to its acceptance [month]."""
    rack_installation: ShareFact
    """Unpacking, cabling and tests, per price of the racks [1]."""
    rack_residual: ShareFact
    """Part of its price that a retired rack brings [1]."""
    hall_build: MonthsFact
    """Months over which a hall is paid, up to its energisation [month]."""
    hall_life: MonthsFact
    """Months over which a hall is depreciated [month]."""
    rack_maintenance: RateFact
    """Support and repair, per price of the racks in service [1/year]."""
    hall_maintenance: RateFact
    """Upkeep of halls, per their cost [1/year]."""
    staff: StaffFact
    """Staff, per IT power in service [USD/MW/year]."""
    insurance: RateFact
    """Insurance, per cost of racks and halls [1/year]."""
    paid_after: MonthsFact
    """A running cost to its payment [month]."""
    collected_after: MonthsFact
    """Served tokens to their payment [month]."""
    vendor_margin: ShareFact
    """Gross margin of those who sell racks [1]."""
    base_rate: RateFact
    """Rate that the margins of loans stand on [1/year]."""
    tax_rate: ShareFact
    """Tax on profit [1]."""


Record = (
    System
    | Model
    | Site
    | Deal
    | Reference
    | Claim
    | Kernels
    | Calibration
    | Reliability
    | ScalingLaw
    | PlanningDefaults
)
