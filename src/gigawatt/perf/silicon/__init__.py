"""Kernel times from measured tables: reading them, fitting surfaces, giving records of the catalog.

The tables are those of the package `aiconfigurator-core` (extra `silicon`). Fitting needs it; the
shipped records do not. Nothing here knows a training step: it knows one kernel or one collective.
"""

from .fit import GPUS, Limits, fit_system
from .tables import Tables, installed_tables
from .writing import record_text

__all__ = ["GPUS", "Limits", "Tables", "fit_system", "installed_tables", "record_text"]
