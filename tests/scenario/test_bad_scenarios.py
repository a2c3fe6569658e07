"""What is refused in a scenario: code, path, line, and words that help.

One good scenario, and for every case one edit of its text. The edited line that the finding must
name carries the mark `#!`; a case without the mark is about a line that is not there, and says which
line stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import gigawatt as gw
from gigawatt.core.codes import CODES
from gigawatt.core.errors import Problem
from scenarios import GOOD


@dataclass(frozen=True)
class Bad:
    """One edit and the finding that it must give."""

    code: str
    old: str
    new: str
    path: str
    words: str
    line: int | None = None


def after(new: str) -> tuple[str, str]:
    """An edit that adds text at the end."""
    return "precision: fp8}\n", f"precision: fp8}}\n{new}"


POWER = "      2027-01: 50 MW\n      2028-01: 100 MW\n"
INVEST = GOOD[GOOD.index("investment:") : GOOD.index("workloads:")]
SITES = GOOD[GOOD.index("sites:") : GOOD.index("hardware:")]
HARDWARE = GOOD[GOOD.index("hardware:") : GOOD.index("deployment:")]
STREAM = (
    "  serving:\n    chat: {model: llama31-8b, demand: {2027-06: 1 Gtoken/day}, mix: {input: 1 ktoken, "
    "output: 1 ktoken}, slo: {ttft: 2 s, tpot: 25 ms}}\n"
)
RUN = "    run: {compute: 1e25 FLOP, precision: fp8}\n"

ERRORS = [
    # keys
    Bad("E201", "    pue: 1.2", "    peu: 1.2 #!", "sites.plain.peu", "Did you mean 'pue'"),
    Bad("E201", "sites:\n", "site: {} #!\nsites:\n", "site", "Did you mean 'sites'"),
    Bad("E201", "    step: 50 MW", "    setp: 50 MW #!", "investment.vendor.setp", "mean 'step'"),
    Bad("E201", "policy: newest}", "polciy: newest} #!", "deployment.polciy", "mean 'policy'"),
    Bad("E201", "precision: fp8}", "zzz: 1} #!", "workloads.training.run.zzz", "Allowed here:"),
    Bad("E202", "    basis: it\n", "", "sites.plain.basis", "Which power", line=5),
    Bad("E202", "horizon: {start: 2027-01, months: 48}\n", "", "horizon", "is missing", line=1),
    Bad("E202", "    cap: 1 GUSD\n", "", "investment.vendor.cap", "Most that is paid", line=19),
    Bad("E202", "    power:\n" + POWER, "", "sites.plain.power", "Energised power", line=5),
    # types and choices
    Bad("E203", "basis: it", "basis: IT #!", "sites.plain.basis", "Did you mean 'it'"),
    Bad("E203", "policy: newest", "policy: best", "deployment.policy", "'explicit'", line=16),
    Bad("E203", "kind: milestone_equity", "kind: gift #!", "investment.vendor.kind",
        "'gift' is no kind.*guaranty, term_loan"),
    Bad("E203", "    kind: milestone_equity\n", "", "investment.vendor.kind", "needs its 'kind'", line=19),
    Bad("E203", "schema: 1", "schema: 2 #!", "schema", "1"),
    Bad("E203", "months: 48}", "months: 0} #!", "horizon.months", "greater than or equal to 1"),
    Bad("E203", "months: 48}", "months: 1201} #!", "horizon.months", "less than or equal to 1200"),
    Bad("E203", "months: 48}", "months: soon} #!", "horizon.months", "integer"),
    Bad("E203", "name: Good", "name: '' #!", "name", "at least 1 character"),
    Bad("E203", "    power:\n" + POWER, "    power: [1, 2] #!\n", "sites.plain.power", "Energised power"),
    Bad("E203", "    power:\n" + POWER, "    power: {} #!\n", "sites.plain.power", "at least 1"),
    Bad("E203", SITES, "sites: [plain] #!\n", "sites", "where a mapping belongs|valid dictionary"),
    Bad("E203", "  plain:", "  Plain Site: #!", "sites.Plain Site", "lower-case"),
    Bad(
        "E203",
        "    price: 4 MUSD/rack",
        "    price: 4 MUSD/rack\n    deliveries: {2027-Q5: 3 racks} #!",
        "hardware.gb300-nvl72.deliveries.2027-Q5",
        "quarter",
    ),
    # quantities
    Bad("E210", "2028-01: 100 MW", "2028-01: 100 #!", "power.2028-01", '"843 MW"'),
    Bad("E210", "cap: 1 GUSD", "cap: 1000000000 #!", "investment.vendor.cap", "GUSD"),
    Bad("E211", "2028-01: 100 MW", "2028-01: 100 Mw #!", "power.2028-01", "unknown unit 'Mw'"),
    Bad("E212", "2028-01: 100 MW", "2028-01: nan MW #!", "power.2028-01", "not a finite number"),
    Bad("E212", "pue: 1.2", "pue: .nan #!", "sites.plain.pue", "not a finite number"),
    Bad("E212", "pue: 1.2", "pue: -.inf #!", "sites.plain.pue", "not a finite number"),
    Bad("E212", "pue: 1.2", "pue: 1e999 #!", "sites.plain.pue", "not a finite number"),
    Bad("E213", "2028-01: 100 MW", "2028-01: -100 MW #!", "power.2028-01", "at least 0 MW"),
    Bad("E213", "2028-01: 100 MW", "2028-01: 1e30 GW #!", "power.2028-01", "at most 1e.07 MW"),
    Bad("E213", "pue: 1.2", "pue: 0.9 #!", "sites.plain.pue", "at least 1 and at most 3"),
    Bad("E213", "step: 50 MW", "step: 0 MW #!", "investment.vendor.step", "above 0 MW"),
    Bad("E213", "tranche: 10 GUSD/GW", "tranche: 0 USD/GW #!", "vendor.tranche", "above 0 USD/GW"),
    Bad("E213", "precision: fp8}", "share: 130 %} #!", "training.run.share", "at most 1"),
    Bad("E213", "precision: fp8}", "share: 0 %} #!", "training.run", "above 0 %"),
    Bad("E213", RUN, "    run: {model: llama31-8b, tokens: 1 Ttoken, sequence: 17 Mtoken} #!\n",
        "training.run.sequence", "16,777,216"),
    Bad("E213", RUN, "    run: {model: llama31-8b, tokens: 1 Ttoken, batch: 1e18 token} #!\n",
        "training.run.batch", "1,000,000,000,000"),
    Bad("E213", RUN, "    run: {model: llama31-8b, tokens: 1 Ttoken, batch: 1 token} #!\n",
        "training.run.batch", "one sequence"),
    Bad("E213", RUN, "    run: {model: llama31-8b, tokens: 1 Gtoken, batch: 2 Gtoken} #!\n",
        "training.run.batch", "the whole training"),
    Bad("E213", RUN, "    run: {model: llama31-8b, tokens: 1 token} #!\n", "training.run.tokens",
        "less than one sequence"),
    Bad("E213", "1e25 FLOP", "1e6 FLOP", "training.run.compute", "one accelerator", line=28),
    Bad("E213", "price: 4 MUSD/rack", "spares: 100 % #!", "gb300-nvl72.spares", "at most 0.9"),
    Bad("E213", "price: 4 MUSD/rack", "rack_power: 0 kW #!", "gb300-nvl72.rack_power", "at least"),
    Bad(
        "E213",
        "start: 2027-01, months: 48}",
        "start: 2195-01, months: 480} #!",
        "horizon.months",
        "at most 72 months",
    ),
    Bad("E214", "2028-01: 100 MW", "2028-01: 843 GWh #!", "power.2028-01", "is energy; .* a power"),
    Bad("E214", "cap: 1 GUSD", "cap: 1 GW #!", "investment.vendor.cap", "an amount of money"),
    Bad("E214", "4 MUSD/rack", "4 MUSD/MW #!", "gb300-nvl72.price", "a price per rack"),
    Bad("E215", "2028-01: 100 MW", "2028-13: 100 MW #!", "power.2028-13", "not a month"),
    Bad("E215", "signed: 2027-01", "signed: 2027 #!", "investment.vendor.signed", "YYYY-MM"),
    Bad("E215", "start: 2027-01", "start: 2027-01-15", "horizon.start", "YYYY-MM", line=3),
    Bad("E216", "2028-01: 100 MW", "2028-01: plenty #!", "power.2028-01", "not a quantity"),
    Bad("E216", "4 MUSD/rack", "{low: 1 USD/rack} #!", "gb300-nvl72.price", "write low, mode and high"),
    Bad(
        "E217",
        "4 MUSD/rack",
        "{low: 5 MUSD/rack, mode: 4 MUSD/rack, high: 6 MUSD/rack} #!",
        "gb300-nvl72.price",
        "low ≤ mode ≤ high",
    ),
    Bad("E218", "delivered_to_installed: 1 month", "delivered_to_installed: 1.5 months",
        "lags.delivered_to_installed", "not a whole number of months", line=17),
    # dates
    Bad("E301", "2028-01: 100 MW", "2031-01: 100 MW #!", "power.2031-01", "2027-01 to 2030-12"),
    Bad("E301", "2027-01: 50 MW", "2026-12: 50 MW #!", "power.2026-12", "at its first month"),
    Bad("E301", "signed: 2027-01", "signed: 2026-01 #!", "vendor.signed", "outside the horizon"),
    Bad("E301", "signed: 2027-01", "signed: 2027-01\n    until: 2040-01 #!", "until", "longer"),
    Bad("E301", "price: 4 MUSD/rack", "deliveries: {2030-12: 1 rack, 2031-Q1: 1 rack} #!",
        "deliveries.2031-Q1", "outside the horizon"),
    Bad("E301", "price: 4 MUSD/rack", "deliveries: {2026-Q4: 1 rack} #!", "2026-Q4", "outside"),
    Bad("E301", "price: 4 MUSD/rack", "supply: {2031-01: 1 rack/month} #!", "2031-01", "outside"),
    Bad("E301", *after("partners: {p: {basis: it, commitment: 1 USD, capacity: {2026-01: 1 MW}}} #!"),
        "partners.p.capacity.2026-01", "outside"),
    Bad("E301", *after("commitments: {c: {capacity: 1 MW, by: 2031-01}} #!"), "c.by", "outside"),
    Bad("E301", "precision: fp8}", "earliest: 2040-01} #!", "run.earliest", "outside"),
    Bad("E301", INVEST, "investment: {e: {kind: equity, schedule: {2026-12: 1 USD}}} #!\n",
        "investment.e.schedule.2026-12", "outside"),
    Bad("E301", "pue: 1.2", "existing: {gb300-nvl72: {racks: 1 rack, since: 2027-02}} #!",
        "existing.gb300-nvl72.since", "already run"),
    # power
    Bad("E302", "2028-01: 100 MW", "2028-01: 121 MW #!", "power.2028-01", "at most 120 MW"),
    Bad("E303", "2028-01: 100 MW", "2028-01: 40 MW #!", "power.2028-01", "cumulative"),
    Bad("E313", "overhead: 1.4", "overhead: 1.1 #!", "sites.plain.overhead", "at least 1.2"),
    Bad("E313", "overhead: 1.4", "energy: {pue: 1.3} #!", "sites.plain.energy.pue", "at most 1.2"),
    # hardware
    Bad("E304", "price: 4 MUSD/rack",
        "available: 2027-06\n    deliveries: {2027-Q1: 9 racks} #!", "2027-Q1", "from 2027-06"),
    Bad("E304", "price: 4 MUSD/rack",
        "until: 2028-06\n    deliveries: {2028-09: 9 racks} #!", "2028-09", "to 2028-06"),
    Bad("E304", "price: 4 MUSD/rack", "available: 2028-06\n    until: 2028-01 #!", "until", "before"),
    Bad("E304", "deployment: {policy: newest}",
        "deployment: {policy: explicit, blocks: {b: {site: plain, system: gb300-nvl72, month: 2027-01,"
        " racks: 1 rack}}} #!\nhardware: {gb300-nvl72: {available: 2027-06}}",
        "deployment.blocks.b.month", "from 2027-06"),
    Bad("E306", SITES, "", "sites", "no site with power", line=1),
    Bad("E306", HARDWARE, "", "hardware", "no system to put there", line=1),
    Bad("E306", "    power:\n" + POWER, "    power: {2027-01: 0 MW} #!\n", "power", "never has any"),
    Bad("E307", "gb300-nvl72:", "gb300-nvl27: #!", "hardware.gb300-nvl27", "mean 'gb300-nvl72'"),
    Bad("E307", "price: 4 MUSD/rack", "system: h10-sxm #!", "gb300-nvl72.system", "'h100-sxm'"),
    Bad("E307", "pue: 1.2", "systems: [vr-nvl72] #!", "sites.plain.systems.0", "scenario's hardware"),
    Bad("E307", *after("partners: {p: {basis: it, system: nope, capacity: {2027-01: 1 MW}}} #!"),
        "partners.p.system", "no system 'nope'"),
    Bad("E308", "pue: 1.2", "from: abilen #!", "sites.plain.from", "Did you mean 'abilene'"),
    Bad("E308", "step: 50 MW", "milestone: {sites: [plian]} #!", "milestone.sites.0", "'plain'"),
    Bad("E310", "gb300-nvl72:\n    price: 4 MUSD/rack",
        "feynman: #!\n    available: 2028-01", "hardware.feynman", "rack power"),
    Bad("E310", *after("partners: {p: {basis: it, system: feynman, capacity: {2027-01: 1 MW}}} #!"),
        "partners.p.system", "rack power"),
    # policies
    Bad("E311", "policy: newest", "policy: fixed", "deployment", "needs 'mix'", line=16),
    Bad("E311", "policy: newest", "mix: {gb300-nvl72: 1}", "mix", "no effect", line=16),
    Bad("E312", "policy: newest}", "policy: fixed, mix: {gb300-nvl72: 70 %, rubin: 40 %}} #!",
        "deployment.mix", "at most 100 %"),
    # money
    Bad("E305", "tranche: 10 GUSD/GW", "tranche: 30 GUSD/GW #!", "tranche", "at most 20 GUSD/GW"),
    Bad("E305", "tranche: 10 GUSD/GW", "tranche: 1 MUSD/GW #!", "tranche", "more than 10000 tranches"),
    Bad("E305", "cap: 1 GUSD\n    tranche: 10 GUSD/GW", "cap: 1e-9 USD\n    tranche: 1e-9 USD/GW #!",
        "tranche", "less than a cent"),
    Bad("E315", "    signed: 2027-01\n", "", "investment.vendor", "no month of signing", line=19),
    Bad("E315", "signed: 2027-01", "signed: 2028-01\n    until: 2027-06 #!", "until", "before signing"),
    Bad("E317", "step: 50 MW", "milestone: {stage: energised, systems: [gb300-nvl72]} #!",
        "milestone.systems", "count a later stage"),
    Bad("E319", *after("partners: {p: {basis: it, price: 2 USD/gpu/hour, capacity: {2027-01: 1 MW}}} #!"),
        "partners.p.price", "needs the partner's 'system'"),
    Bad("E319", *after("partners: {p: {basis: it, system: h100-sxm, price: 2 USD/gpu/hour, "
        "commitment: 1 USD, capacity: {2027-01: 1 MW}}} #!"), "partners.p.commitment", "Keep one"),
    # the rest
    Bad("E309", RUN, "    run: {model: lama31-405b, tokens: 1 Ttoken} #!\n", "run.model", "llama31-405b"),
    Bad("E314", *after("evidence: {sites.plain.powr: {note: x}} #!"), "evidence", "sites.plain.power"),
    Bad("E316", "lags: {delivered_to_installed: 1 month}",
        "lags: {installed_to_service: 2 months, installed_to_commissioned: 1 month} #!",
        "lags.installed_to_service", "Keep either"),
    Bad("E316", "lags: {delivered_to_installed: 1 month}",
        "lags: {installed_to_service: 2 months}\nsites:\n  plain:\n    lags: "
        "{commissioned_to_service: 1 month} #!\n    basis: it\n    power: {2027-01: 50 MW}",
        "sites.plain.lags", "as a whole"),
    Bad("E321", "pue: 1.2", "facility_paid: 200 MW #!", "sites.plain.facility_paid", "at most 100 MW"),
    Bad("E318", RUN, "    run: {precision: fp8} #!\n", "training.run", "either 'compute', or 'model'"),
    Bad("E318", RUN, "    run: {model: llama31-405b} #!\n", "training.run", "needs its training 'tokens'"),
    Bad("E318", RUN, "    run: {compute: 1 FLOP, tokens: 1 token} #!\n", "run.tokens", "need a 'model'"),
    Bad("E318", RUN, "    run: {compute: 1 FLOP, model: llama31-405b, tokens: 1 token} #!\n",
        "training.run", "either"),
    Bad("E318", RUN, "    run: {compute_optimal: {compute: 1e24 FLOP, law: chinchilla, like: llama31-8b}, "
        "tokens: 1 token} #!\n", "run.tokens", "scaling law says"),
    Bad("E323", "precision: fp8}", "after: [runs]} #!", "training.run.after.0", "to wait for"),
    Bad("E324", RUN, RUN.replace("precision: fp8", "after: [b]") + RUN.replace("run:", "b:").replace(
        "precision: fp8", "after: [run]"), "training.run.after", "run → b → run", line=28),
    Bad("E325", "precision: fp8}", "count: 900000 packages} #!", "training.run.count", "too many"),
    Bad("E325", "precision: fp8}", "campus: one, count: 900000 packages} #!", "training.run.count",
        "plain, the largest place"),
    Bad("E325", "precision: fp8}", "count: 46400 packages} #!", "training.run.count", "more than 46,376"),
    Bad("E334", *after("partners: {plain: {basis: it, system: h100-sxm, capacity: {2027-01: 1 MW}}} #!"),
        "partners.plain", "another name"),
    Bad("E213", *after(STREAM.replace("1 Gtoken", "1 Ptoken").replace("slo:", "growth: 100 %/month, slo:")),
        "serving.chat.growth", "passes 1e\\+18 token/s after 2029-08", line=30),
    Bad("E326", RUN, "    run: {compute_optimal: {compute: 1e24 FLOP, law: chinchila, like: llama31-8b}} #!\n",
        "run.compute_optimal.law", "Did you mean 'chinchilla'"),
    Bad("E309", RUN, "    run: {compute_optimal: {compute: 1e24 FLOP, law: chinchilla, like: lama31-8b}} #!\n",
        "run.compute_optimal.like", "llama31-8b"),
    Bad("E327", "precision: fp8}", "share: 50 %, count: 9 packages} #!", "training.run.count", "not both"),
    Bad("E308", "precision: fp8}", "campus: [plane]} #!", "training.run.campus.0", "Did you mean 'plain'"),
    Bad("E203", "precision: fp8}", "campus: two} #!", "training.run.campus", "'two' is not one of"),
    Bad("E203", "precision: fp8}", "campus: []} #!", "training.run.campus", "at least 1"),
    Bad("E203", "precision: fp8}", "grow: 1} #!", "training.run.grow", "bool"),
    Bad("E210", "precision: fp8}", "count: 9} #!", "training.run.count", "200000 packages"),
    Bad("E309", *after(STREAM.replace("llama31-8b", "lama31-8b")), "serving.chat.model", "llama31-8b", line=30),
    Bad("E301", *after(STREAM.replace("2027-06", "2025-06")), "chat.demand.2025-06", "horizon", line=30),
    Bad("E213", *after(STREAM.replace("1 Gtoken/day", "0 token/day")), "serving.chat.demand", "Nothing is ever",
        line=30),
    Bad("E213", *after(STREAM.replace("output: 1 ktoken", "output: 0.5 token")), "serving.chat.mix.output",
        "cannot be meant", line=30),
    Bad("E213", *after(STREAM.replace("25 ms", "1 us")), "serving.chat.slo.tpot", "at least 1e-05 s", line=30),
    Bad("E214", *after(STREAM.replace("25 ms", "25 MW")), "serving.chat.slo.tpot", "a duration", line=30),
    Bad("E214", *after(STREAM.replace("1 Gtoken/day", "1 Gtoken")), "serving.chat.demand.2027-06",
        "tokens over time", line=30),
    Bad("E202", *after(STREAM.replace("ttft: 2 s, ", "")), "serving.chat.slo.ttft", "first token", line=30),
    Bad("E401", *after("catalog: {systems: {mine: {name: Mine}}} #!\nhardware: {mine: {}}"),
        "catalog.systems.mine", "mine"),
]  # fmt: skip

PLANNED = [
    Bad("E306", "pue: 1.2", "lags: {installed_to_commissioned: 90 months}", "horizon",
        "power|policy|supply", line=3),
    Bad("E320", "pue: 1.2", "existing: {gb300-nvl72: {racks: 900 racks, since: 2026-01}} #!",
        "sites.plain.existing", "has 50.0 MW"),
]  # fmt: skip

WARNINGS = [
    Bad("W101", "price: 4 MUSD/rack", "available: 2020-01 #!", "gb300-nvl72.available", "earlier than"),
    Bad("W102", "  gb300-nvl72:", "  vr-nvl72: {available: 2031-01} #!\n  gb300-nvl72:",
        "hardware.vr-nvl72", "never used"),
    Bad("W103", "  gb300-nvl72:", "  vr-nvl144-cpx: {available: 2028-01, price: 9 MUSD/rack,"
        " rack_power: 370 kW} #!\n  gb300-nvl72:", "hardware.vr-nvl144-cpx", "dropped"),
    Bad("W104", *after("partners: {p: {basis: it, capacity: {2027-01: 1 MW}}} #!"), "partners.p",
        "no price"),
    Bad("W105", "price: 4 MUSD/rack",
        "available: 2027-06\n    supply: {2027-01: 900 racks/month} #!",
        "hardware.gb300-nvl72.supply.2027-01", "2027-06"),
    Bad("W106", *after("partners: {p: {basis: it, commitment: 1 USD, utilisation: 50 %,"
        " capacity: {2027-01: 1 MW}}} #!"), "partners.p.utilisation", "no effect"),
    Bad("W107", "pue: 1.2", "existing: {gb300-nvl72: {racks: 9 racks, since: 2026-01}} #!",
        "sites.plain.existing.gb300-nvl72", "without limit|nothing limits"),
    Bad("W110", "price: 4 MUSD/rack", "deliveries: {2027-06: 5000 racks} #!",
        "hardware.gb300-nvl72.deliveries", "wait for power"),
    Bad("W111", "    cap: 1 GUSD", "    cap: 9 GUSD", "investment.vendor", "not paid within", line=19),
    Bad("W112", "  gb300-nvl72:", "  a100-80gb-sxm: {}\n  gb300-nvl72:",
        "workloads.training.run", "fp8 peak", line=29),
    Bad("W113", "1e25 FLOP", "1e32 FLOP", "workloads.training.run", "more months are needed", line=28),
    Bad("W114", RUN, "    run: {compute: 1e25 FLOP, precision: fp8, count: 46370 packages, grow: false} #!\n",
        "workloads.training.run", "too few"),
    Bad("W115", *after(STREAM.replace("25 ms", "100 us")), "workloads.serving.chat", "gb300-nvl72", line=30),
    Bad("W120", *after("partners: {p: {basis: it, capacity: {2027-01: 1 MW}}} #!"), "partners.p",
        "no workload"),
    Bad("W116", *after(STREAM.replace("1 Gtoken", "1 Ptoken")), "serving.chat", "demand is met", line=30),
]  # fmt: skip

ELSEWHERE = {
    "E101", "E102", "E103", "E104", "E105", "E106", "E107", "E108", "E109", "E111", "E112", "E113",
    "E114", "E322",
    # test_bad_money
    "E328", "E329", "E330", "E331", "E332", "E333", "E335", "W108", "W109", "W117", "W118", "W119",
}  # fmt: skip


def case_id(bad: Bad) -> str:
    return f"{bad.code}-{bad.path}"


def edited(bad: Bad) -> tuple[str, int]:
    """The text of a case, and the line that its finding must name."""
    assert bad.old in GOOD
    text = GOOD.replace(bad.old, bad.new, 1)
    for part, heading in ((HARDWARE, "hardware:"), (SITES, "\nsites:")):
        if text.count(heading) > 1:  # a case that brings its own
            text = text.replace(part, "", 1)
    marked = [number for number, line in enumerate(text.splitlines(), 1) if "#!" in line]
    assert (len(marked) == 1) != (bad.line is not None), "mark one line, or give one"
    return text, bad.line or marked[0]


def the_finding(problems: list[Problem], bad: Bad, path: Path, line: int) -> None:
    """Assert that one of the problems is what the case expects."""
    fitting = [p for p in problems if p.code == bad.code and bad.path in p.path]
    assert fitting, f"{bad.code} at {bad.path} not among:\n" + "\n".join(map(str, problems))
    problem = fitting[0]
    assert problem.origin.file == str(path)
    assert problem.origin.line == line
    assert re.search(bad.words, f"{problem.message} {problem.fix}"), str(problem)


def test_the_good_scenario_is_good(write: Callable[..., Path]) -> None:
    assert gw.plan(gw.load(write(GOOD))).warnings == ()


@pytest.mark.parametrize("bad", ERRORS, ids=case_id)
def test_loading_refuses(bad: Bad, write: Callable[..., Path]) -> None:
    text, line = edited(bad)
    path = write(text)
    with pytest.raises(gw.errors.ScenarioError) as caught:
        gw.load(path)
    the_finding(list(caught.value.problems), bad, path, line)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("bad", PLANNED, ids=case_id)
def test_planning_refuses(bad: Bad, write: Callable[..., Path]) -> None:
    text, line = edited(bad)
    path = write(text)
    scenario = gw.load(path)
    with pytest.raises(gw.errors.ScenarioError) as caught:
        gw.plan(scenario)
    the_finding(list(caught.value.problems), bad, path, line)


@pytest.mark.parametrize("bad", WARNINGS, ids=case_id)
def test_planning_warns(bad: Bad, write: Callable[..., Path]) -> None:
    text, line = edited(bad)
    path = write(text)
    warnings = list(gw.plan(gw.load(path)).warnings)
    the_finding(warnings, bad, path, line)
    assert {problem.severity for problem in warnings} == {"warning"}


def test_every_code_of_reading_schema_and_rules_is_in_a_table() -> None:
    tested = {bad.code for bad in (*ERRORS, *PLANNED, *WARNINGS)}
    wanted = {code for code in CODES if code.startswith(("E1", "E2", "E3", "W1"))}
    assert wanted - tested - ELSEWHERE == set()


def test_all_findings_are_told_at_once(write: Callable[..., Path]) -> None:
    text = GOOD.replace("50 MW\n      2028-01: 100 MW", "50 MWh\n      2028-01: 100")
    text = text.replace("pue: 1.2", "peu: 1.2").replace("basis: it", "basis: IT")
    with pytest.raises(gw.errors.ScenarioError) as caught:
        gw.load(write(text))
    assert sorted(p.code for p in caught.value.problems) == ["E201", "E203", "E210", "E214"]
    assert len({p.origin.line for p in caught.value.problems}) == 4


def test_all_broken_rules_are_told_at_once_in_the_order_of_the_file(
    write: Callable[..., Path],
) -> None:
    text = GOOD.replace("2028-01: 100 MW", "2028-01: 121 MW").replace(
        "overhead: 1.4", "overhead: 1.1"
    )
    text = text.replace("10 GUSD/GW", "30 GUSD/GW").replace("compute: 1e25 FLOP, ", "")
    with pytest.raises(gw.errors.ScenarioError) as caught:
        gw.load(write(text))
    assert [p.code for p in caught.value.problems] == ["E302", "E313", "E305", "E318"]
