"""What every report says of a plan beside its figures: what it covers, and what it does not know."""

from __future__ import annotations

from gigawatt.planning import Plan

__all__ = ["UNKNOWN", "facts"]

UNKNOWN = (
    ("When cost becomes cash.", "The cost of the build-out and the funding gap count racks when they are "
     "delivered and halls when they are energised; the chapter “Money” follows the cash, with deposits, "
     "payments on acceptance and progress payments."),
    ("Income beyond what is written.", "Receipts are those of served output tokens and of the income that "
     "the scenario states; no market answers to prices, and nothing is earned after the horizon: racks, "
     "halls and contracts have no value at its end."),
    ("Books of others.", "Parties beside the buyer have only what this plan makes them pay and receive, not "
     "their other business; their costs of making and running are planning defaults."),
    ("Work beside training and serving.", "Experiments, data generation and evaluation hold no "
     "accelerators unless the scenario has a campaign for them."),
    ("Measured power.", "Power is nameplate: what racks and sites are rated for, not what meters read. "
     "Energy follows from an average load."),
    ("Chance.", "This plan has no draws: where a range is shown, it is the range of a source."),
)  # fmt: skip
"""What a plan does not know, in two parts: a head and a sentence."""


def facts(plan: Plan) -> list[str]:
    """Months, currency, policy and version, in a few words each."""
    spec, months = plan.scenario.spec, plan.horizon.months
    return [
        f"{plan.horizon} · {months} month{'' if months == 1 else 's'}",
        f"US dollars of {spec.money.price_year}, no inflation",
        f"deployment: {spec.deployment.policy}",
        f"gigawatt {plan.version}",
    ]
