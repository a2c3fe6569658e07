"""Ids and paths that must point somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.core.errors import Problem, did_you_mean
from gigawatt.core.yamltree import all_paths

from .case import Case, milestones_of

__all__ = ["evidence_points_somewhere", "references_point_somewhere"]

_MOST_HINTS = 20


def references_point_somewhere(case: Case) -> Iterator[Problem]:
    """Ids of sites, systems, models and catalog records exist."""
    spec = case.spec
    hardware, sites = list(spec.hardware), list(spec.sites)
    named: list[tuple[str, str, list[str], str]] = []
    for key, site in spec.sites.items():
        for index, wanted in enumerate(site.systems or ()):
            named.append((f"sites.{key}.systems.{index}", wanted, hardware, "hardware"))
        for wanted in site.existing:
            named.append((f"sites.{key}.existing.{wanted}", wanted, hardware, "hardware"))
        if site.from_ is not None:
            wanted = key if site.from_ == "catalog" else site.from_
            known = case.catalog.ids("sites")
            if wanted not in known:
                yield case.problem(
                    "E308",
                    f"sites.{key}.from",
                    f"The catalog has no site '{wanted}'.",
                    did_you_mean(wanted, known),
                )
    for wanted in spec.deployment.mix:
        named.append((f"deployment.mix.{wanted}", wanted, hardware, "hardware"))
    for key, block in spec.deployment.blocks.items():
        named.append((f"deployment.blocks.{key}.system", block.system, hardware, "hardware"))
        named.append((f"deployment.blocks.{key}.site", block.site, sites, "sites"))
    for key, instrument in spec.investment.items():
        for index, wanted in enumerate(getattr(instrument, "systems", None) or ()):
            named.append((f"investment.{key}.systems.{index}", wanted, hardware, "hardware"))
    for path, milestone in milestones_of(spec):
        for index, wanted in enumerate(milestone.systems or ()):
            named.append((f"{path}.systems.{index}", wanted, hardware, "hardware"))
        for index, wanted in enumerate(milestone.sites or ()):
            named.append((f"{path}.sites.{index}", wanted, sites, "sites"))
    for path, wanted, known, where in named:
        if wanted not in known:
            code = "E308" if where == "sites" else "E307"
            yield case.problem(
                code,
                path,
                f"'{wanted}' is not one of the scenario's {where}.",
                did_you_mean(wanted, known),
            )
    for key, partner in spec.partners.items():
        if partner.system is not None and partner.system not in case.catalog.ids("systems"):
            yield case.problem(
                "E307",
                f"partners.{key}.system",
                f"The catalog has no system '{partner.system}'.",
                did_you_mean(partner.system, case.catalog.ids("systems")),
            )


def evidence_points_somewhere(case: Case) -> Iterator[Problem]:
    """Evidence is given for paths that exist."""
    paths = all_paths(case.tree.data)
    others = [p for p in paths if not p.startswith(("evidence", "overrides"))]
    for number, path in enumerate(path for path in case.spec.evidence if path not in paths):
        if number < _MOST_HINTS:
            yield Problem(
                "E314",
                f"There is no value '{path}' in the scenario.",
                did_you_mean(path, others),
                "evidence",
                case.tree.origins.get(f"evidence.{path}", case.tree.origin("evidence")),
            )
