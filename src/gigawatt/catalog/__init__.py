"""Facts with source, date and confidence: systems, models, sites, deals, prices, defaults."""

from .facts import Fact, LooseFact, Source
from .kernels import Kernels
from .records import PRECISIONS, Model, PlanningDefaults, Precision, Site, System
from .store import KINDS, Catalog, Entry

__all__ = [
    "KINDS",
    "PRECISIONS",
    "Catalog",
    "Entry",
    "Fact",
    "Kernels",
    "LooseFact",
    "Model",
    "PlanningDefaults",
    "Precision",
    "Site",
    "Source",
    "System",
]
