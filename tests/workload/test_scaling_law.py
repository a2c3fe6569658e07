"""Budgets split by scaling laws, and models scaled to them."""

from __future__ import annotations

import numpy as np
import pytest

import gigawatt as gw
from gigawatt.catalog import Catalog
from gigawatt.catalog.scaled import scaled
from gigawatt.catalog.shapes import parameters
from gigawatt.planning.trained import trained
from gigawatt.workload.scaling_law import optimal_parameters, optimal_tokens

LAWS = Catalog().ids("laws")


@pytest.mark.parametrize("law_id", LAWS)
def test_the_split_is_where_the_loss_is_least(law_id: str) -> None:
    law = Catalog().law(law_id)
    compute = 1e25
    best = optimal_parameters(compute, law.a.value, law.b.value, law.alpha.value, law.beta.value)
    sizes = best * np.geomspace(0.2, 5.0, 2001)
    tokens = compute / (6.0 * sizes)
    loss = law.a.value / sizes**law.alpha.value + law.b.value / tokens**law.beta.value
    assert sizes[np.argmin(loss)] == pytest.approx(best, rel=2e-3)
    assert 6.0 * best * optimal_tokens(compute, best) == pytest.approx(compute)


def test_the_replication_gives_chinchilla_back() -> None:
    law = Catalog().law("chinchilla-replication")
    size = optimal_parameters(5.88e23, law.a.value, law.b.value, law.alpha.value, law.beta.value)
    assert size == pytest.approx(70e9, rel=0.06)
    assert optimal_tokens(5.88e23, size) == pytest.approx(1.4e12, rel=0.06)


@pytest.mark.parametrize("model", Catalog().ids("models"))
@pytest.mark.parametrize("factor", [0.3, 1.0, 40.0])
def test_a_scaled_model_has_about_the_size_that_is_asked_for(model: str, factor: float) -> None:
    shape = Catalog().model(model).architecture
    wanted = parameters(shape).active * factor
    larger = scaled(shape, wanted)
    assert parameters(larger).active == pytest.approx(wanted, rel=0.1)
    assert larger.experts == shape.experts
    assert larger.hidden % 128 == 0
    assert larger.heads // larger.kv_heads == shape.heads // shape.kv_heads
    if factor == 40.0:
        assert larger.hidden > shape.hidden
        assert larger.layers > shape.layers


def test_a_campaign_trains_what_its_law_says(scenarios) -> None:  # type: ignore[no-untyped-def]
    wanted = {"compute_optimal": {"compute": "1e24 FLOP", "law": "chinchilla-replication",
                                  "like": "llama31-8b"}, "precision": "fp8"}  # fmt: skip
    data = scenarios.changed(scenarios.small(), {("workloads", "training"): {"a": wanted}})
    scenario = gw.Scenario.from_dict(data)
    subject = trained(scenario, scenario.spec.workloads.training["a"])
    assert subject.architecture is not None
    assert subject.tokens is not None
    assert subject.active == parameters(subject.architecture).active
    assert 6.0 * subject.active * subject.tokens == pytest.approx(1e24)
    plan = gw.plan(scenario)
    (row,) = plan.summary()["training"]
    assert row["compute_flop"] == 1e24
    assert row["tokens"] == pytest.approx(subject.tokens)
    assert row["model"] == subject.called
    assert "llama31-8b scaled to" in row["model"]
    assert row["finish"]["central"] is not None
