"""What the books need beside the build: terms of payment, rates, running costs, prices over time."""

from __future__ import annotations

import numpy as np

from gigawatt.core.provenance import Evidence
from gigawatt.fleet.calendar import steps_to_curve
from gigawatt.planning.inputs import Labels

from .resolver import Resolver

__all__ = ["money"]

# Name of the input → path of what the scenario writes, unit; the default has the name of the input.
_SINGLE = {
    "rack_deposit": ("costs.racks.deposit", "1"),
    "rack_on_delivery": ("costs.racks.on_delivery", "1"),
    "rack_acceptance": ("costs.racks.acceptance", "month"),
    "rack_installation": ("costs.racks.installation", "1"),
    "rack_residual": ("costs.racks.residual", "1"),
    "hall_build": ("costs.halls.build", "month"),
    "hall_life": ("costs.halls.life", "month"),
    "rack_maintenance": ("costs.rack_maintenance", "1/year"),
    "hall_maintenance": ("costs.hall_maintenance", "1/year"),
    "staff": ("costs.staff", "USD/MW IT/year"),
    "insurance": ("costs.insurance", "1/year"),
    "paid_after": ("costs.paid_after", "month"),
    "collected_after": ("costs.collected_after", "month"),
    "vendor_margin": ("costs.vendor_margin", "1"),
    "base_rate": ("money.base_rate", "1/year"),
    "tax_rate": ("money.tax_rate", "1"),
}


def money(r: Resolver) -> None:
    """Single figures, and the price of each system over time."""
    for name, (path, unit) in _SINGLE.items():
        written: object = r.spec
        for part in path.split("."):
            written = getattr(written, part)
        assert written is None or isinstance(written, float)
        value, evidence = r.pick(written, path, default=name)
        r.add(name, (), unit, value, {(): evidence})
    keys = r.inputs.systems
    index = np.ones((len(keys), r.horizon.months))
    sources: dict[Labels, Evidence] = {}
    for k, key in enumerate(keys):
        written_path = r.spec.hardware[key].price_path
        if not written_path:
            continue
        steps = {r.horizon.offset(month): share for month, share in written_path.items()}
        curve = steps_to_curve(list(steps), list(steps.values()), r.horizon.months)
        index[k] = np.where(curve > 0.0, curve, 1.0)
        for month in written_path:
            sources[(key, str(month))] = r.written(f"hardware.{key}.price_path.{month}")
    r.add("price_index", ("system", "month"), "1", index, sources)
