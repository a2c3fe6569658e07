"""Every field of a scenario moves a result, or is listed as inert.

A field that is read, checked and then forgotten is a promise that the plan does not keep. The table
below changes each field of the schema in one rich scenario; whatever has no entry fails the test.
"""

import copy
import typing

import numpy as np
import pytest
from pydantic import BaseModel

import gigawatt as gw
from gigawatt.scenario.schema import ScenarioSpec

RICH = {
    "schema": 1,
    "name": "rich",
    "horizon": {"start": "2027-01", "months": 96},
    "money": {
        "base_rate": "4 %/year",
        "tax_rate": "25 %",
        "opening_cash": "300 MUSD",
        "least_cash": "200 MUSD",
        "sponsor": "900 GUSD",
    },
    "costs": {
        "racks": {"deposit": "10 %", "on_delivery": "70 %", "acceptance": "3 months", "residual": "4 %"},
        "halls": {"build": "12 months", "life": "180 months"},
        "rack_maintenance": "3 %/year",
        "hall_maintenance": "1 %/year",
        "staff": "30 kUSD/MW/year",
        "insurance": "0.4 %/year",
        "paid_after": "2 months",
        "collected_after": "2 months",
        "vendor_margin": "60 %",
    },
    "events": {"approval": "2027-09", "rating": "2032-01", "exit": "2030-01", "never": None},
    "income": {
        "subscriptions": {
            "path": {"2027-01": "800 MUSD/month", "2029-01": "1.4 GUSD/month"},
            "growth": "1 %/month",
            "collected_after": "3 months",
        }
    },
    "sites": {
        "a": {
            "basis": "facility",
            "power": {"2027-01": "100 MW", "2027-06": "1.3 GW"},
            "interconnect": "1.4 GW",
            "pue": 1.3,
            "overhead": 1.4,
            "energy": {"price": "50 USD/MWh", "carbon": "300 kg/MWh", "load_factor": "80 %", "pue": 1.2,
                       "shape": 1.1},
            "lags": {"delivered_to_installed": "2 months"},
            "existing": {"gb300-nvl72": {"racks": "300 racks", "since": "2026-03"}},
            "facility_cost": "11 MUSD/MW",
            "facility_paid": "50 MW",
        },
        "b": {
            "basis": "it",
            "power": {"2027-03": "800 MW"},
            "priority": 50,
            "energy": {
                "contract": {
                    "capacity": "700 MW",
                    "price": "40 USD/MWh",
                    "take_or_pay": "90 %",
                    "start": "2027-06",
                    "term": "60 months",
                }
            },
        },
        "c": {
            "basis": "facility",
            "power": {"2027-04": "60 MW"},
            "lease": {"price": "140 USD/kW/month", "term": "72 months"},
        },
    },
    "hardware": {
        "gb300-nvl72": {"until": "2028-12", "deliveries": {"2027-Q1": "900 racks"}},
        "rubin": {
            "system": "vr-nvl72",
            "available": "2027-02",
            "supply": {"2027-02": "100 racks/month"},
            "price": "8 MUSD/rack",
            "price_path": {"2028-01": "90 %"},
            "rack_power": "200 kW",
            "it_power_factor": 1.2,
            "network_share": "12 %",
            "spares": "3 %",
            "useful_life": "50 months",
        },
    },
    "deployment": {"policy": "newest"},
    "lags": {
        "order_to_delivery": "6 months",
        "energised_to_installed": "1 month",
        "installed_to_commissioned": "1 month",
        "commissioned_to_service": "1 month",
    },
    "partners": {
        "cloud": {
            "capacity": {"2027-05": "100 MW"},
            "basis": "grid",
            "pue": 1.2,
            "overhead": 1.5,
            "system": "gb200-nvl72",
            "term": "48 months",
            "price": "2 USD/gpu/hour",
            "utilisation": "60 %",
            "take_or_pay": "80 %",
        },
        "lease": {"capacity": {"2027-05": "100 MW"}, "basis": "it", "commitment": "3 GUSD"},
        "halls": {
            "capacity": {"2027-05": "50 MW"},
            "basis": "it",
            "price_per_power": "150 USD/kW/month",
            "termination": {"event": "exit", "fee": "20 %"},
        },
    },
    "investment": {
        "vendor": {
            "kind": "milestone_equity",
            "cap": "15 GUSD",
            "tranche": "10 GUSD/GW",
            "step": "500 MW",
            "milestone": {"stage": "in_service", "basis": "it"},
            "first_tranche": "on_signing",
            "signed": "2027-02",
            "valuation": {"2027-01": "100 GUSD"},
        },
        "equity": {
            "kind": "equity",
            "schedule": {"2027-04": "2 GUSD"},
            "conditions": [{"event": "approval"}],
            "valuation": {"2027-01": "120 GUSD"},
        },
        "guaranty": {
            "kind": "guaranty",
            "cap": "30 GUSD",
            "per_gigawatt": "24 GUSD/GW",
            "milestone": {"stage": "installed", "basis": "it"},
            "term": "60 months",
            "release": "rating",
        },
        "loan": {
            "kind": "term_loan",
            "limit": "9 GUSD",
            "available": "2027-03",
            "until": "2028-06",
            "advance_rate": "60 %",
            "margin": "2.25 %/year",
            "undrawn_fee": "0.5 %/year",
            "upfront_fee": "1 %",
            "amortisation": "48 months",
            "covenant": 1.15,
        },
        "sized-loan": {
            "kind": "term_loan",
            "limit": "200 GUSD",
            "until": "2028-12",
            "systems": ["rubin"],
            "halls": False,
            "margin": "3 %/year",
            "repayment": "sculpted",
            "amortisation": "60 months",
            "sizing": 12,
        },
        "chips": {
            "kind": "chip_lease",
            "party": "fund",
            "limit": "3 GUSD",
            "systems": ["rubin"],
            "share": "50 %",
            "rate": "9 %/year",
            "term": "36 months",
            "residual": "10 %",
            "equity_share": "25 %",
            "debt_rate": "7 %/year",
            "until": "2028-06",
        },
        "options": {
            "kind": "warrants",
            "strike": "0.01 USD",
            "tranches": {
                "first": {"shares": 10_000_000, "capacity": "500 MW"},
                "last": {"shares": 20_000_000, "capacity": "1 GW", "share_price": "200 USD"},
            },
            "share_price": {"2027-01": "150 USD", "2029-01": "250 USD"},
            "until": "2030-01",
            "sell": True,
        },
        "customer": {
            "kind": "prepayment",
            "schedule": {"2027-02": "1 GUSD"},
            "conditions": [{"capacity": "300 MW", "milestone": {"stage": "installed"}}],
            "set_off": "30 %",
        },
        "late-customer": {
            "kind": "prepayment",
            "schedule": {"2027-02": "1 GUSD"},
            "conditions": [{"campaign": "run"}],
        },
        "revolver": {
            "kind": "revolver",
            "limit": "5 GUSD",
            "margin": "2 %/year",
            "undrawn_fee": "0.4 %/year",
            "until": "2030-06",
        },
    },
    "commitments": {
        "promise": {"capacity": "1 GW", "by": "2027-12", "milestone": {"stage": "energised", "basis": "it"}}
    },
    "workloads": {
        "training": {
            "run": {"compute": "3e27 FLOP", "precision": "fp8", "earliest": "2027-06", "share": "50 %",
                    "post_training": {"share": "10 %"}},
            "model": {"model": "llama31-405b", "tokens": "50 Ttoken", "precision": "fp8", "campus": "one"},
            "law": {"compute_optimal": {"compute": "1e25 FLOP", "law": "chinchilla-replication",
                                        "like": "llama31-8b"},
                    "precision": "fp8", "earliest": "2028-01", "count": "20000 packages"},
        },
        "serving": {
            "chat": {"model": "llama31-70b", "demand": {"2027-06": "3 Ttoken/day", "2028-01": "9 Ttoken/day"},
                     "growth": "3 %/month", "mix": {"input": "2 ktoken", "output": "1 ktoken"},
                     "slo": {"ttft": "2 s", "tpot": "25 ms"}, "precision": "fp8", "price": "0.6 USD/Mtoken"},
        },
    },
}  # fmt: skip

LEASE = {"partners": {"lease": {"capacity": {"2027-05": "100 MW"}, "basis": "it", "price": None}}}

# field of the schema → path in the scenario and another value for it
CHANGES = {
    "HorizonSpec.months": ("horizon.months", 90),
    "MoneySpec.discount_rate": ("money.discount_rate", "5 %/year"),
    "MoneySpec.base_rate": ("money.base_rate", "5 %/year"),
    "MoneySpec.tax_rate": ("money.tax_rate", "30 %"),
    "MoneySpec.opening_cash": ("money.opening_cash", "400 MUSD"),
    "MoneySpec.least_cash": ("money.least_cash", "100 MUSD"),
    "RackTerms.deposit": ("costs.racks.deposit", "20 %"),
    "RackTerms.on_delivery": ("costs.racks.on_delivery", "60 %"),
    "RackTerms.acceptance": ("costs.racks.acceptance", "1 month"),
    "RackTerms.installation": ("costs.racks.installation", "2 %"),
    "RackTerms.residual": ("costs.racks.residual", "8 %"),
    "HallTerms.build": ("costs.halls.build", "18 months"),
    "HallTerms.life": ("costs.halls.life", "240 months"),
    "Costs.rack_maintenance": ("costs.rack_maintenance", "4 %/year"),
    "Costs.hall_maintenance": ("costs.hall_maintenance", "2 %/year"),
    "Costs.staff": ("costs.staff", "40 kUSD/MW/year"),
    "Costs.insurance": ("costs.insurance", "0.5 %/year"),
    "Costs.paid_after": ("costs.paid_after", "1 month"),
    "Costs.collected_after": ("costs.collected_after", "1 month"),
    "Costs.vendor_margin": ("costs.vendor_margin", "70 %"),
    "IncomeStream.path": ("income.subscriptions.path", {"2027-01": "900 MUSD/month"}),
    "IncomeStream.growth": ("income.subscriptions.growth", "2 %/month"),
    "IncomeStream.collected_after": ("income.subscriptions.collected_after", "1 month"),
    "ScenarioSpec.events": ("events.approval", "2027-12"),
    "Site.lease": ("sites.c.lease", None),
    "SiteLease.price": ("sites.c.lease.price", "150 USD/kW/month"),
    "SiteLease.term": ("sites.c.lease.term", "60 months"),
    "Energy.shape": ("sites.a.energy.shape", 1.2),
    "Energy.contract": ("sites.b.energy.contract", None),
    "PowerPurchase.capacity": ("sites.b.energy.contract.capacity", "600 MW"),
    "PowerPurchase.price": ("sites.b.energy.contract.price", "42 USD/MWh"),
    "PowerPurchase.take_or_pay": ("sites.b.energy.contract.take_or_pay", "100 %"),
    "PowerPurchase.start": ("sites.b.energy.contract.start", "2027-09"),
    "PowerPurchase.term": ("sites.b.energy.contract.term", "48 months"),
    "Hardware.price_path": ("hardware.rubin.price_path", {"2028-01": "80 %"}),
    "Partner.price_per_power": ("partners.halls.price_per_power", "160 USD/kW/month"),
    "Partner.termination": ("partners.halls.termination", None),
    "Termination.event": ("partners.halls.termination.event", "rating"),
    "Termination.fee": ("partners.halls.termination.fee", "30 %"),
    "Site.from_": ("sites.b.from", "abilene"),
    "Site.basis": ("sites.a.basis", "grid"),
    "Site.power": ("sites.b.power", {"2027-03": "700 MW"}),
    "Site.interconnect": ("sites.a.interconnect", "1.5 GW"),
    "Site.pue": ("sites.a.pue", 1.25),
    "Site.overhead": ("sites.a.overhead", 1.5),
    "Site.energy": ("sites.b.energy", {"price": "99 USD/MWh"}),
    "Site.lags": ("sites.b.lags", {"installed_to_commissioned": "4 months"}),
    "Site.systems": ("sites.b.systems", ["gb300-nvl72"]),
    "Site.priority": ("sites.b.priority", 200),
    "Site.existing": ("sites.a.existing", {}),
    "Site.facility_cost": ("sites.a.facility_cost", "13 MUSD/MW"),
    "Site.facility_paid": ("sites.a.facility_paid", "20 MW"),
    "Energy.price": ("sites.a.energy.price", "60 USD/MWh"),
    "Energy.carbon": ("sites.a.energy.carbon", "100 kg/MWh"),
    "Energy.load_factor": ("sites.a.energy.load_factor", "90 %"),
    "Energy.pue": ("sites.a.energy.pue", 1.1),
    "Lags.order_to_delivery": ("lags.order_to_delivery", "9 months"),
    "Lags.delivered_to_installed": ("sites.a.lags.delivered_to_installed", "4 months"),
    "Lags.energised_to_installed": ("lags.energised_to_installed", "3 months"),
    "Lags.installed_to_commissioned": ("lags.installed_to_commissioned", "3 months"),
    "Lags.commissioned_to_service": ("lags.commissioned_to_service", "3 months"),
    "Lags.installed_to_service": ("lags", {"installed_to_service": "6 months"}),
    "Existing.racks": ("sites.a.existing.gb300-nvl72.racks", "200 racks"),
    "Existing.since": ("sites.a.existing.gb300-nvl72.since", "2025-03"),
    "Hardware.system": ("hardware.rubin.system", "gb200-nvl72"),
    "Hardware.available": ("hardware.rubin.available", "2027-09"),
    "Hardware.until": ("hardware.rubin.until", "2027-08"),
    "Hardware.deliveries": ("hardware.gb300-nvl72.deliveries", {"2027-Q1": "500 racks"}),
    "Hardware.supply": ("hardware.rubin.supply", {"2027-02": "50 racks/month"}),
    "Hardware.price": ("hardware.rubin.price", "9 MUSD/rack"),
    "Hardware.rack_power": ("hardware.rubin.rack_power", "220 kW"),
    "Hardware.it_power_factor": ("hardware.rubin.it_power_factor", 1.1),
    "Hardware.network_share": ("hardware.rubin.network_share", "20 %"),
    "Hardware.spares": ("hardware.rubin.spares", "9 %"),
    "Hardware.useful_life": ("hardware.rubin.useful_life", "70 months"),
    "Deployment.policy": ("deployment", {"policy": "fixed", "mix": {"rubin": "100 %"}}),
    "Deployment.mix": ("deployment", {"policy": "fixed", "mix": {"rubin": "50 %"}}),
    "Deployment.blocks": (
        "deployment",
        {
            "policy": "explicit",
            "blocks": {
                "x": {"site": "b", "system": "rubin", "month": "2027-04", "racks": "90 racks"}
            },
        },
    ),
    "Deployment.refresh": ("deployment.refresh", False),
    "Partner.capacity": ("partners.cloud.capacity", {"2027-05": "150 MW"}),
    "Partner.basis": ("partners.cloud.basis", "it"),
    "Partner.pue": (
        "partners.cloud",
        {**RICH["partners"]["cloud"], "basis": "facility", "pue": 1.4},
    ),
    "Partner.overhead": ("partners.cloud.overhead", 1.4),
    "Partner.system": ("partners.cloud.system", "h100-sxm"),
    "Partner.term": ("partners.cloud.term", "24 months"),
    "Partner.price": ("partners.cloud.price", "3 USD/gpu/hour"),
    "Partner.commitment": ("partners.lease.commitment", "4 GUSD"),
    "Partner.utilisation": ("partners.cloud.utilisation", "100 %"),
    "Partner.take_or_pay": ("partners.cloud.take_or_pay", "95 %"),
    "Milestone.stage": ("investment.vendor.milestone.stage", "delivered"),
    "Milestone.basis": ("investment.vendor.milestone.basis", "facility"),
    "Milestone.systems": ("investment.vendor.milestone.systems", ["rubin"]),
    "Milestone.sites": ("investment.vendor.milestone.sites", ["b"]),
    "MilestoneEquity.cap": ("investment.vendor.cap", "12 GUSD"),
    "MilestoneEquity.tranche": ("investment.vendor.tranche", "8 GUSD/GW"),
    "MilestoneEquity.step": ("investment.vendor.step", "250 MW"),
    "MilestoneEquity.milestone": ("investment.vendor.milestone", {"stage": "energised"}),
    "MilestoneEquity.first_tranche": ("investment.vendor.first_tranche", "first_gigawatt"),
    "MilestoneEquity.signed": ("investment.vendor.signed", "2027-03"),
    "MilestoneEquity.until": ("investment.vendor.until", "2027-06"),
    "MilestoneEquity.party": ("investment.vendor.party", "nvidia"),
    "MilestoneEquity.conditions": ("investment.vendor.conditions", [{"event": "approval"}]),
    "Equity.party": ("investment.equity.party", "nvidia"),
    "Equity.conditions": ("investment.equity.conditions", []),
    "Equity.schedule": ("investment.equity.schedule", {"2027-12": "2 GUSD"}),
    "Condition.event": ("investment.equity.conditions", [{"event": "never"}]),
    "Condition.capacity": (
        "investment.customer.conditions",
        [{"capacity": "600 MW", "milestone": {"stage": "installed"}}],
    ),
    "Condition.milestone": (
        "investment.customer.conditions",
        [{"capacity": "300 MW", "milestone": {"stage": "in_service", "basis": "it"}}],
    ),
    "Condition.campaign": ("investment.late-customer.conditions", [{"campaign": "law"}]),
    "Guaranty.conditions": ("investment.guaranty.conditions", [{"event": "approval"}]),
    "Guaranty.release": ("investment.guaranty.release", "exit"),
    "TermLoan.party": ("investment.loan.party", "fund"),
    "TermLoan.conditions": ("investment.loan.conditions", [{"event": "approval"}]),
    "TermLoan.limit": ("investment.loan.limit", "8 GUSD"),
    "TermLoan.available": ("investment.loan.available", "2027-06"),
    "TermLoan.until": ("investment.loan.until", "2028-09"),
    "TermLoan.advance_rate": ("investment.loan.advance_rate", "40 %"),
    "TermLoan.systems": ("investment.loan.systems", ["gb300-nvl72"]),
    "TermLoan.halls": ("investment.loan.halls", False),
    "TermLoan.margin": ("investment.loan.margin", "2.5 %/year"),
    "TermLoan.undrawn_fee": ("investment.loan.undrawn_fee", "0.6 %/year"),
    "TermLoan.upfront_fee": ("investment.loan.upfront_fee", "2 %"),
    "TermLoan.repayment": ("investment.loan.repayment", "annuity"),
    "TermLoan.amortisation": ("investment.loan.amortisation", "60 months"),
    "TermLoan.sizing": ("investment.sized-loan.sizing", 14),
    "TermLoan.covenant": ("investment.loan.covenant", 90),
    "ChipLease.party": ("investment.chips.party", "nvidia"),
    "ChipLease.conditions": ("investment.chips.conditions", [{"event": "approval"}]),
    "ChipLease.limit": ("investment.chips.limit", "2 GUSD"),
    "ChipLease.systems": ("investment.chips.systems", ["gb300-nvl72"]),
    "ChipLease.share": ("investment.chips.share", "40 %"),
    "ChipLease.rate": ("investment.chips.rate", "8 %/year"),
    "ChipLease.term": ("investment.chips.term", "48 months"),
    "ChipLease.residual": ("investment.chips.residual", "20 %"),
    "ChipLease.equity_share": ("investment.chips.equity_share", "30 %"),
    "ChipLease.lender": ("investment.chips.lender", "fund"),
    "ChipLease.debt_rate": ("investment.chips.debt_rate", "6 %/year"),
    "ChipLease.until": ("investment.chips.until", "2027-03"),
    "Warrants.party": ("investment.options.party", "nvidia"),
    "Warrants.conditions": ("investment.options.conditions", [{"event": "exit"}]),
    "Warrants.strike": ("investment.options.strike", "10 USD"),
    "Warrants.tranches": (
        "investment.options.tranches",
        {"all": {"shares": 30_000_000, "capacity": "1 GW"}},
    ),
    "Warrants.milestone": ("investment.options.milestone", {"stage": "in_service"}),
    "Warrants.share_price": ("investment.options.share_price", {"2027-01": "160 USD"}),
    "Warrants.until": ("investment.options.until", "2028-06"),
    "Warrants.sell": ("investment.options.sell", False),
    "WarrantTranche.shares": ("investment.options.tranches.first.shares", 11_000_000),
    "WarrantTranche.capacity": ("investment.options.tranches.first.capacity", "900 MW"),
    "WarrantTranche.share_price": ("investment.options.tranches.first.share_price", "200 USD"),
    "Prepayment.conditions": ("investment.customer.conditions", []),
    "Prepayment.schedule": ("investment.customer.schedule", {"2027-02": "2 GUSD"}),
    "Prepayment.set_off": ("investment.customer.set_off", "50 %"),
    "Revolver.party": ("investment.revolver.party", "fund"),
    "Revolver.conditions": ("investment.revolver.conditions", [{"event": "approval"}]),
    "Revolver.limit": ("investment.revolver.limit", "4 GUSD"),
    "Revolver.margin": ("investment.revolver.margin", "3 %/year"),
    "Revolver.undrawn_fee": ("investment.revolver.undrawn_fee", "0.5 %/year"),
    "Revolver.until": ("investment.revolver.until", "2029-06"),
    "Guaranty.cap": ("investment.guaranty.cap", "20 GUSD"),
    "Guaranty.per_gigawatt": ("investment.guaranty.per_gigawatt", "10 GUSD/GW"),
    "Guaranty.milestone": ("investment.guaranty.milestone", {"stage": "energised"}),
    "Guaranty.term": ("investment.guaranty.term", "12 months"),
    "Commitment.capacity": ("commitments.promise.capacity", "1.5 GW"),
    "Commitment.milestone": ("commitments.promise.milestone", {"stage": "in_service"}),
    "Commitment.by": ("commitments.promise.by", "2027-02"),
    "TrainingCampaign.compute": ("workloads.training.run.compute", "4e27 FLOP"),
    "TrainingCampaign.model": ("workloads.training.model.model", "llama31-70b"),
    "TrainingCampaign.tokens": ("workloads.training.model.tokens", "90 Ttoken"),
    "TrainingCampaign.sequence": ("workloads.training.model.sequence", "4096 token"),
    "TrainingCampaign.batch": ("workloads.training.model.batch", "4 Mtoken"),
    "TrainingCampaign.precision": ("workloads.training.run.precision", "bf16"),
    "TrainingCampaign.earliest": ("workloads.training.run.earliest", "2027-09"),
    "TrainingCampaign.share": ("workloads.training.run.share", "30 %"),
    "TrainingCampaign.campus": ("workloads.training.run.campus", ["b"]),
    "TrainingCampaign.after": ("workloads.training.law.after", ["run"]),
    "TrainingCampaign.count": ("workloads.training.law.count", "9000 packages"),
    "TrainingCampaign.grow": ("workloads.training.run.grow", False),
    "TrainingCampaign.priority": ("workloads.training.law.priority", 10),
    "TrainingCampaign.post_training": ("workloads.training.model.post_training", {"share": "5 %"}),
    "TrainingCampaign.compute_optimal": (
        "workloads.training.law.compute_optimal",
        {"compute": "2e25 FLOP", "law": "chinchilla", "like": "llama31-70b"},
    ),
    "ComputeOptimal.compute": ("workloads.training.law.compute_optimal.compute", "2e25 FLOP"),
    "ComputeOptimal.law": ("workloads.training.law.compute_optimal.law", "chinchilla"),
    "ComputeOptimal.like": ("workloads.training.law.compute_optimal.like", "llama31-70b"),
    "PostTraining.share": ("workloads.training.run.post_training.share", "20 %"),
    "ServingStream.model": ("workloads.serving.chat.model", "llama31-8b"),
    "ServingStream.demand": ("workloads.serving.chat.demand", {"2027-06": "2 Ttoken/day"}),
    "ServingStream.growth": ("workloads.serving.chat.growth", "4 %/month"),
    "ServingStream.mix": (
        "workloads.serving.chat.mix",
        {"input": "1 ktoken", "output": "1 ktoken", "reused": "10 %"},
    ),
    "ServingStream.slo": ("workloads.serving.chat.slo", {"ttft": "1 s", "tpot": "15 ms"}),
    "ServingStream.precision": ("workloads.serving.chat.precision", "bf16"),
    "ServingStream.price": ("workloads.serving.chat.price", "1 USD/Mtoken"),
    "ServingStream.priority": ("workloads.serving.chat.priority", 10),
    "RequestMix.input": ("workloads.serving.chat.mix.input", "8 ktoken"),
    "RequestMix.output": ("workloads.serving.chat.mix.output", "500 token"),
    "RequestMix.reused": ("workloads.serving.chat.mix.reused", "50 %"),
    "LatencyLimits.ttft": ("workloads.serving.chat.slo.ttft", "100 ms"),
    "LatencyLimits.tpot": ("workloads.serving.chat.slo.tpot", "12 ms"),
    "TrainingCampaign.mfu": ("workloads.training.run.mfu", "20 %"),
    "OwnCatalog.defaults": ("catalog.defaults", {"planning": {"load_factor": 0.5}}),
}

INERT = {
    "ScenarioSpec.schema_": "a version",
    "ScenarioSpec.name": "a title",
    "ScenarioSpec.description": "words",
    "ScenarioSpec.evidence": "sources, shown by explain and among the assumptions",
    "ScenarioSpec.imports": "merged before the scenario is read",
    "ScenarioSpec.overrides": "used only when named",
    "HorizonSpec.start": "tested below",
    "MoneySpec.currency": "there is one",
    "MoneySpec.price_year": "a label; no inflation is applied",
    "MoneySpec.buyer": "a label",
    "MilestoneEquity.valuation": "the share that a tranche buys; no figure asks for it",
    "Equity.valuation": "the share that the money buys; no figure asks for it",
    "Guaranty.party": "a name; nothing is posted for what is contingent",
    "Prepayment.party": "a name; customers stand outside of the books",
    "MoneySpec.sponsor": "a limit: what passes it is refused, tested below",
    "Site.name": "a label",
    "Site.location": "a label",
    "Partner.name": "a label",
    "EvidenceEntry.source": "shown", "EvidenceEntry.url": "shown", "EvidenceEntry.as_of": "shown",
    "EvidenceEntry.confidence": "shown", "EvidenceEntry.note": "shown",
    "OwnCatalog.folder": "tested with the catalog",
    "OwnCatalog.systems": "tested with the catalog",
    "OwnCatalog.models": "tested with the catalog",
    "OwnCatalog.sites": "tested with the catalog",
    "Block.site": "tested below", "Block.system": "tested below",
    "Block.month": "tested below", "Block.racks": "tested below",
}  # fmt: skip


def models(kind, seen):
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind not in seen:
            seen.add(kind)
            for field in kind.model_fields.values():
                models(field.annotation, seen)
        return
    for argument in typing.get_args(kind):
        models(argument, seen)


def leaf_fields():
    seen: set[type[BaseModel]] = set()
    models(ScenarioSpec, seen)
    groups = {"ScenarioSpec.horizon", "ScenarioSpec.money", "ScenarioSpec.sites", "ScenarioSpec.hardware",
              "ScenarioSpec.deployment", "ScenarioSpec.lags", "ScenarioSpec.partners",
              "ScenarioSpec.investment", "ScenarioSpec.commitments", "ScenarioSpec.workloads",
              "ScenarioSpec.catalog", "ScenarioSpec.costs", "ScenarioSpec.income", "Costs.racks", "Costs.halls",
              "Workloads.training", "Workloads.serving"}  # fmt: skip
    names = {f"{kind.__name__}.{name}" for kind in seen for name in kind.model_fields}
    return {name for name in names if name not in groups and not name.endswith(".kind")}


def changed(path, value):
    data = copy.deepcopy(RICH)
    *parents, last = path.split(".")
    at = data
    for key in parents:
        at = at.setdefault(key, {})
    at[last] = value
    return data


def results(data):
    plan = gw.plan(gw.Scenario.from_dict(data))
    summary = plan.summary()
    for words in ("assumptions", "warnings", "scenario", "binding"):
        summary.pop(words)
    for named in (summary["books"]["buyer"], *summary["books"]["parties"].values()):
        named.pop("name")
    figures = {
        f"{group}.{name}": array.values
        for group in (
            "power",
            "fleet",
            "milestones",
            "partners",
            "finance",
            "training",
            "serving",
            "use",
            "books",
        )
        for name, array in plan.tree[group].to_dataset().data_vars.items()
    }
    return summary, figures


@pytest.fixture(scope="module")
def base():
    return results(RICH)


def differs(left, right):
    if left[0] != right[0]:
        return True
    return any(
        a.shape != right[1][name].shape or not np.array_equal(a, right[1][name], equal_nan=True)
        for name, a in left[1].items()
    )


def test_every_field_is_either_tried_or_listed_as_inert():
    assert leaf_fields() == set(CHANGES) | set(INERT)


@pytest.mark.parametrize("field", sorted(set(CHANGES) - {"OwnCatalog.defaults"}))
def test_a_field_moves_a_result(field, base):
    assert differs(base, results(changed(*CHANGES[field]))), f"{field} changes nothing"


def test_own_planning_defaults_move_a_result(base):
    from gigawatt.catalog.store import DATA
    from gigawatt.core.yamltree import read_yaml

    own = dict(read_yaml(DATA / "defaults" / "planning.yaml").data)
    own["pue"] = {**own["pue"], "value": 1.21}
    assert differs(base, results(changed("catalog.defaults", {"planning": own})))


def test_the_start_of_the_horizon_moves_a_result():
    late = changed("sites.a.existing", {})
    early = copy.deepcopy(late)
    early["horizon"] = {"start": "2026-12", "months": 96}
    assert differs(results(late), results(early))


@pytest.mark.parametrize(
    ("key", "value"),
    [("site", "a"), ("system", "gb300-nvl72"), ("month", "2027-08"), ("racks", "80 racks")],
)
def test_every_part_of_a_block_moves_a_result(key, value):
    block = {"site": "b", "system": "rubin", "month": "2027-04", "racks": "90 racks"}

    def plan_of(entry):
        return results(changed("deployment", {"policy": "explicit", "blocks": {"x": entry}}))

    assert differs(plan_of(block), plan_of({**block, key: value}))


def test_what_the_owners_may_bring_moves_whether_there_is_a_plan():
    with pytest.raises(gw.errors.ScenarioError, match="cannot be funded"):
        results(changed("money.sponsor", "1 GUSD"))


@pytest.mark.parametrize(
    ("path", "value"),
    [("name", "another"), ("description", "words"), ("money.price_year", 2020),
     ("money.buyer", "B"), ("money.sponsor", "800 GUSD"),
     ("sites.a.name", "A"), ("sites.a.location", "there"), ("partners.cloud.name", "C"),
     ("evidence", {"sites.a.power": {"confidence": "official"}})],
)  # fmt: skip
def test_what_is_listed_as_inert_is_inert(path, value, base):
    assert not differs(base, results(changed(path, value)))
