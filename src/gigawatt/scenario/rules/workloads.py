"""Training campaigns: what is trained, on what, after what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gigawatt.catalog.huggingface import model_from_config
from gigawatt.core.errors import CatalogError, Problem, did_you_mean
from gigawatt.scenario.demands import TrainingCampaign

from .case import Case

__all__ = [
    "campaigns_can_be_answered",
    "campaigns_know_where_they_run",
    "campaigns_wait_for_others",
    "model_is_known",
    "partners_that_work_state_their_system",
    "places_have_names_of_their_own",
]

_MOST_SEQUENCE = 2**24
_MOST_BATCH = 10**12
_LEAST_FLOP = 1e15


def campaigns_can_be_answered(case: Case) -> Iterator[Problem]:
    """A campaign gives compute, or a known model and tokens, or a law and what it scales."""
    for key, run in case.spec.workloads.training.items():
        path = f"workloads.training.{key}"
        yield from _one_subject(case, path, run)
        for name in ("sequence", "batch"):
            if run.compute is not None and getattr(run, name) is not None:
                yield case.problem(
                    "E318", f"{path}.{name}", f"A {name} needs a 'model' that is trained with it."
                )
        yield from _step_can_be_meant(case, path, run)
        if run.mfu == 0.0 or run.share == 0.0:
            yield case.problem(
                "E213",
                path,
                "A campaign with no share or no utilisation never ends.",
                "Allowed is above 0 %.",
            )
        if run.model is not None:
            yield from model_is_known(case, f"{path}.model", run.model)
        if (optimal := run.compute_optimal) is not None:
            yield from model_is_known(case, f"{path}.compute_optimal.like", optimal.like)
            if optimal.law not in case.catalog.ids("laws"):
                yield case.problem(
                    "E326",
                    f"{path}.compute_optimal.law",
                    f"The catalog has no scaling law '{optimal.law}'.",
                    did_you_mean(optimal.law, case.catalog.ids("laws")),
                )


def _step_can_be_meant(case: Case, path: str, run: TrainingCampaign) -> Iterator[Problem]:
    sequence = run.sequence
    if sequence is not None and not (
        1.0 <= sequence <= _MOST_SEQUENCE and sequence == int(sequence)
    ):
        yield case.problem(
            "E213",
            f"{path}.sequence",
            f"A sequence of {sequence:g} tokens is none.",
            f'Allowed are whole numbers from 1 to {_MOST_SEQUENCE:,}, such as "8192 token".',
        )
        return
    least = sequence or case.catalog.defaults.sequence.value
    if run.tokens is not None and run.tokens < least:
        yield case.problem(
            "E213",
            f"{path}.tokens",
            f"{run.tokens:,.6g} tokens are less than one sequence of {least:,.0f}.",
            'Give the tokens of the whole training, such as "15 Ttoken".',
        )
    if run.compute is not None and run.compute < _LEAST_FLOP:
        yield case.problem(
            "E213",
            f"{path}.compute",
            f"A training of {run.compute:g} FLOP is less than a second of one accelerator.",
            f'Allowed is {_LEAST_FLOP:g} FLOP and more, such as "2e27 FLOP".',
        )
    if run.batch is not None and not least <= run.batch <= _MOST_BATCH:
        yield case.problem(
            "E213",
            f"{path}.batch",
            f"A step of {run.batch:,.6g} tokens cannot be meant.",
            f"Allowed are one sequence, {least:,.0f} tokens, to {_MOST_BATCH:,} tokens.",
        )
    elif run.batch is not None and run.tokens is not None and run.batch > run.tokens >= least:
        yield case.problem(
            "E213",
            f"{path}.batch",
            f"A step of {run.batch:,.6g} tokens is more than the whole training of {run.tokens:,.6g}.",
            "Allowed are the tokens of the training at most.",
        )


def _one_subject(case: Case, path: str, run: TrainingCampaign) -> Iterator[Problem]:
    given = [n for n in ("compute", "model", "compute_optimal") if getattr(run, n) is not None]
    if len(given) != 1:
        yield case.problem(
            "E318",
            path,
            "A training campaign needs either 'compute', or 'model' with 'tokens', or 'compute_optimal'"
            + (f"; this one has {' and '.join(given)}." if given else "."),
            'For example: compute: "2e27 FLOP"',
        )
    if run.model is not None and run.tokens is None:
        yield case.problem(
            "E318",
            path,
            "A model needs its training 'tokens'.",
            'For example: tokens: "15 Ttoken"',
        )
    if run.model is None and run.tokens is not None:
        yield case.problem(
            "E318",
            f"{path}.tokens",
            "Tokens need a 'model' to be turned into compute."
            if run.compute_optimal is None
            else "The scaling law says how many tokens there are.",
        )


def model_is_known(case: Case, path: str, model: str) -> Iterator[Problem]:
    """A model is a record of the catalog or a config.json beside the scenario."""
    config = case.folder / model
    try:
        try:
            local = config.is_file() or config.is_dir()
        except (OSError, ValueError):  # a name that no file system takes
            local = False
        if local:
            model_from_config(config)
        elif model not in case.catalog.ids("models"):
            yield case.problem(
                "E309",
                path,
                f"'{model}' is neither a catalog model nor a config.json beside the scenario.",
                did_you_mean(model, case.catalog.ids("models")),
            )
    except CatalogError as error:
        for problem in error.problems:
            yield case.problem(problem.code, path, problem.message, problem.fix)


def campaigns_know_where_they_run(case: Case) -> Iterator[Problem]:
    """Named places exist, and a cluster is sized in one way."""
    places = [*case.spec.sites, *case.spec.partners]
    for key, run in case.spec.workloads.training.items():
        path = f"workloads.training.{key}"
        if isinstance(run.campus, tuple):
            for index, wanted in enumerate(run.campus):
                if wanted not in places:
                    yield case.problem(
                        "E308",
                        f"{path}.campus.{index}",
                        f"'{wanted}' is not one of the scenario's sites and partners.",
                        did_you_mean(wanted, places),
                    )
        if run.share is not None and run.count is not None:
            yield case.problem(
                "E327",
                f"{path}.count",
                "A cluster has a 'share' or a 'count', not both.",
                "Remove one of the two.",
            )


def places_have_names_of_their_own(case: Case) -> Iterator[Problem]:
    """A site and a partner of one name could not be told apart where a campaign names its places."""
    for key in case.spec.partners:
        if key in case.spec.sites:
            yield case.problem(
                "E334",
                f"partners.{key}",
                f"There is a site '{key}' too; whoever names '{key}' could mean either.",
                "Give the partner or the site another name.",
            )


def partners_that_work_state_their_system(case: Case) -> Iterator[Problem]:
    """What runs at a partner whose system is not stated is known to nobody, so no workload can use it."""
    workloads = case.spec.workloads
    if not workloads.training and not workloads.serving:
        return
    for key, partner in case.spec.partners.items():
        if partner.system is None:
            yield case.problem(
                "W120",
                f"partners.{key}",
                "This partner states no system, so no workload can use its capacity.",
                f"Add partners.{key}.system, such as gb300-nvl72.",
            )


def campaigns_wait_for_others(case: Case) -> Iterator[Problem]:
    """Campaigns wait for others that exist, and never in a circle."""
    runs = case.spec.workloads.training
    for key, run in runs.items():
        for index, wanted in enumerate(run.after):
            if wanted not in runs:
                yield case.problem(
                    "E323",
                    f"workloads.training.{key}.after.{index}",
                    f"There is no training campaign '{wanted}' to wait for.",
                    did_you_mean(wanted, [other for other in runs if other != key]),
                )
    circle = _circle({key: [w for w in run.after if w in runs] for key, run in runs.items()})
    if circle:
        yield case.problem(
            "E324",
            f"workloads.training.{circle[0]}.after",
            f"These campaigns wait for one another: {' → '.join((*circle, circle[0]))}.",
            "Remove one 'after' of the circle.",
        )


def _circle(waits_for: Mapping[str, Sequence[str]]) -> list[str]:
    """Some circle, each waiting for the next; empty where there is none."""
    left = dict(waits_for)
    while free := [key for key, others in left.items() if not any(o in left for o in others)]:
        for key in free:
            del left[key]
    if not left:
        return []
    walked = [next(iter(left))]
    while True:
        following = next(other for other in left[walked[-1]] if other in left)
        if following in walked:
            return walked[walked.index(following) :]
        walked.append(following)
