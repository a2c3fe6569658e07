"""Stages, schedules, data parallelism, offload and memory, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gigawatt.perf.step import (
    FSDP,
    HSDP,
    INTERLEAVED,
    NO_SHARDING,
    ONE_F_ONE_B,
    ZERO1,
    ZERO_BUBBLE,
    Pipeline,
    Stage,
    memory,
    pipeline,
    stage,
    step,
)

from .plain import ends_of, free, layer_of, net_of

LAYER = layer_of(forward_s=1.0, backward_s=2.0, weight_gradient_s=1.0, shared_parameters=10.0)
HEAD = ends_of(head_forward_s=1.0, head_backward_s=2.0, head_parameters=50.0)


def test_even_stages_wait_for_the_last_with_its_head() -> None:
    found = stage(LAYER, HEAD, 8.0, 4.0, 1.0, 0)
    assert (found.layers, found.last_layers) == (2.0, 2.0)
    assert found.forward_s + found.backward_s == 2 * 3 + 3
    assert found.total_s == 8 * 3 + 3
    assert found.shared_parameters == 2 * 10 + 50


def test_two_ends_count_as_a_layer_each() -> None:
    found = stage(LAYER, HEAD, 6.0, 4.0, 1.0, 1)
    assert (found.layers, found.last_layers) == (2.0, 1.0)
    assert found.forward_s + found.backward_s == 6.0  # the last: 1 layer and the head


def test_what_does_not_come_out_even_is_left_to_the_last_stage() -> None:
    found = stage(LAYER, HEAD, 61.0, 16.0, 1.0, 0)
    assert (found.layers, found.last_layers) == (4.0, 1.0)
    deep = stage(LAYER, HEAD._replace(extra_layers=1.0), 61.0, 16.0, 1.0, 0)
    assert (deep.last_layers, deep.total_s) == (2.0, 62 * 3 + 3)


def test_two_stages_with_a_layer_less_have_none_between_them() -> None:
    found = stage(LAYER, HEAD._replace(head_forward_s=0.0, head_backward_s=0.0), 6.0, 2.0, 1.0, 1)
    assert (found.layers, found.first_layers, found.last_layers) == (3.0, 3.0, 3.0)
    assert found.forward_s + found.backward_s == 9.0


def test_the_first_stage_sets_the_pace_where_its_table_is_slow() -> None:
    found = stage(LAYER, HEAD._replace(embed_s=4.0), 8.0, 4.0, 1.0, 0)
    assert found.forward_s + found.backward_s == 2 * 3 + 4
    assert found.total_s == 8 * 3 + 3 + 4


def test_a_tied_table_is_held_once_by_one_stage_and_twice_by_several() -> None:
    tied = HEAD._replace(tied=1.0)
    alone, several = (stage(LAYER, tied, 8.0, pp, 1.0, 0) for pp in (1.0, 4.0))
    assert (alone.shared_parameters, alone.tied_parameters) == (80 + 50, 0.0)
    assert (several.shared_parameters, several.tied_parameters) == (20 + 50, 50.0)
    net = net_of(hop_s_per_byte=0.5, hop_latency_s=3.0)
    held = slowest(tied_parameters=50.0)
    found = step(free(gradient_bytes=4.0), layer_of(), held, NOTHING, net, 4.0, 1.0, 8.0,
                 NO_SHARDING, 0, 0, 0, 0.0)  # fmt: skip
    assert found.data_parallel_s == 50 * 4 * 0.5 + 2 * 3  # an all-reduce of two


def test_one_stage_holds_everything() -> None:
    found = stage(LAYER, HEAD._replace(embed_s=0.5), 8.0, 1.0, 1.0, 0)
    assert found.forward_s + found.backward_s == 8 * 3 + 3 + 0.5
    assert found.shared_parameters == 80 + 2 * 50


def slowest(**known: float) -> Stage:
    plain = {"layers": 2.0, "last_layers": 2.0, "forward_s": 1.0, "backward_s": 2.0}
    plain |= {"first_layers": 2.0, "tied_parameters": 0.0}
    plain |= {"weight_s": 1.0, "total_s": 12.0, "shared_parameters": 0.0, "expert_parameters": 0.0}
    return Stage(**plain | known)


@pytest.mark.parametrize(
    ("schedule", "vpp", "bubble"),
    [
        (ONE_F_ONE_B, 1.0, 3 * 3.0),  # (p − 1)(F + B)
        (INTERLEAVED, 4.0, 9.0 / 4),
        (ZERO_BUBBLE, 1.0, 3 * (1.0 + 2.0 - 2 * 1.0)),  # (p − 1)(F + B − 2 W): F + B_in − W
    ],
)
def test_bubbles_of_the_schedules(schedule: int, vpp: float, bubble: float) -> None:
    found = pipeline(free(), slowest(), net_of(), 0.0, 4.0, vpp, schedule, 16.0)
    assert (found.busy_s, found.hop_s) == (48.0, 0.0)
    assert found.bubble_s == pytest.approx(bubble)


def test_transfers_between_stages() -> None:
    net = net_of(hop_s_per_byte=2.0, hop_latency_s=1.0)
    found = pipeline(free(pp_exposed=0.5), slowest(), net, 10.0, 4.0, 2.0, INTERLEAVED, 8.0)
    assert found.hop_s == 2 * 21.0 * (2 * 8 * 0.5 + 3)
    alone = pipeline(free(pp_exposed=0.5), slowest(), net, 10.0, 1.0, 1.0, ONE_F_ONE_B, 8.0)
    assert (alone.bubble_s, alone.hop_s) == (0.0, 0.0)


NOTHING = Pipeline(0.0, 0.0, 0.0)


def after(net: object, sharding: int, overlap: int = 0, **charged: float) -> object:
    m = free(gradient_bytes=4.0, **charged)
    held = slowest(shared_parameters=100.0, expert_parameters=10.0)
    return step(
        m,
        layer_of(),
        held,
        NOTHING,
        net,
        4.0,
        2.0,
        8.0,
        sharding,
        overlap,
        0,
        0,
        0.0,  # type: ignore[arg-type]
    )


def test_gradients_are_reduced_and_parameters_gathered_once_a_step() -> None:
    net = net_of(gather_s_per_byte=1.0, gather_latency_s=7.0, expert_gather_s_per_byte=3.0,
                 expert_gather_latency_s=2.0, data_ranks=4.0)  # fmt: skip
    found = after(net, ZERO1)
    assert found.data_parallel_s == (400 + 9 + 3 * 40) + (200 + 9 + 3 * 20)
    plain = net_of(reduce_s_per_byte=2.0, reduce_latency_s=1.0, expert_reduce_s_per_byte=5.0)
    assert after(plain, NO_SHARDING).data_parallel_s == 800 + 1 + 5 * 40


def test_overlap_hides_them_behind_the_microbatches_whose_chunks_are_done() -> None:
    net = net_of(gather_s_per_byte=0.01, data_ranks=4.0)
    # min(8, 4)(1 − 1/2) = 2 microbatches: the window is 4 s back and 2 s forward; 4 s and 2 s are sent
    assert after(net, ZERO1, overlap=1).data_parallel_s == 0.0
    assert after(net, ZERO1, overlap=1, dp_exposed=0.5).data_parallel_s == 2.0 + 1.0
    slow = net_of(gather_s_per_byte=0.02, data_ranks=4.0)
    assert after(slow, ZERO1, overlap=1).data_parallel_s == pytest.approx((8 - 4) + (4 - 2))


def test_full_sharding_gathers_for_each_pass_of_each_microbatch() -> None:
    net = net_of(gather_s_per_byte=1.0, gather_latency_s=0.5, data_ranks=4.0)
    # 200 bytes each way, 200 of gradients in bf16, half a second for each of 2 layers, three collectives
    assert after(net, FSDP).data_parallel_s == 8 * ((200 + 1) + (200 + 200 + 2))
    half = free(gradient_bytes=2.0)  # kept in bf16 they are as many bytes on the wire
    held = slowest(shared_parameters=100.0)
    found = step(half, layer_of(), held, NOTHING, net, 4.0, 1.0, 8.0, FSDP, 0, 0, 0, 0.0)
    assert found.data_parallel_s == 8 * ((200 + 1) + (200 + 200 + 2))
    hidden = after(net_of(gather_s_per_byte=0.001, data_ranks=4.0), FSDP, 1, fsdp_exposed=0.25)
    assert hidden.data_parallel_s == pytest.approx(8 * 0.25 * (0.2 + 0.4))


def test_hybrid_sharding_reduces_between_domains_once() -> None:
    net = net_of(shard_s_per_byte=1.0, shard_latency_s=0.5, gather_latency_s=99.0, shard_ranks=8.0,
                 replica_s_per_byte=10.0, replica_latency_s=7.0)  # fmt: skip
    between = 400 / 8 * 10 + 7
    assert after(net, HSDP).data_parallel_s == 8 * ((200 + 1) + (400 + 2)) + between
    quick = net_of(shard_ranks=8.0, replica_s_per_byte=0.05)  # 2.5 s behind 2 s of a backward pass
    assert after(quick, HSDP, 1).data_parallel_s == 0.5
    assert after(quick, HSDP, 1, dp_exposed=0.4).data_parallel_s == 1.0


def test_the_optimizer_passes_over_what_a_rank_owns() -> None:
    charged = {"hbm_s_per_byte": 1.0, "optimizer_traffic": 1.0}
    assert after(net_of(), NO_SHARDING, **charged).optimizer_s == 30 * 110
    net = net_of(data_ranks=4.0, expert_ranks=2.0)
    assert after(net, ZERO1, **charged).optimizer_s == 30 * (25 + 5)


def test_parts_add_up_and_noise_grows_with_doublings() -> None:
    m = free(fixed_s=1.0, jitter=0.01)
    found = step(m, layer_of(), slowest(), Pipeline(10.0, 2.0, 3.0), net_of(), 4.0, 1.0, 8.0,
                 ZERO1, 0, 0, 0, 5.0)  # fmt: skip
    assert found.step_s == pytest.approx(16.0 * 1.05)
    assert sum(found[1:]) == pytest.approx(found.step_s)


def test_offloaded_activations_stall_where_the_link_is_slower_than_the_work() -> None:
    busy = layer_of(activation_bytes=1.0)
    for link, stall in ((0.25, 0.0), (1.0, 8 * 1.0), (3.0, 8 * (5.0 + 4.0))):
        m = free(host_link_s_per_byte=link)
        found = step(m, busy, slowest(), NOTHING, net_of(), 4.0, 1.0, 8.0, ZERO1, 0, 0, 1, 0.0)
        assert found.offload_s == stall
    m = free(host_link_s_per_byte=2.0, gradient_bytes=4.0)
    held = slowest(shared_parameters=100.0)
    states = step(m, busy, held, NOTHING, net_of(), 4.0, 1.0, 8.0, ZERO1, 0, 1, 0, 0.0)
    assert states.offload_s == (4 + 2 + 12) * 100 * 2


def room(sharding: int = ZERO1, schedule: int = ONE_F_ONE_B, vpp: float = 1.0, **known: float):  # type: ignore[no-untyped-def]
    net = net_of(data_ranks=4.0, expert_ranks=2.0, shard_ranks=2.0)
    held = slowest(layers=4.0, last_layers=4.0, shared_parameters=1000.0, expert_parameters=100.0)
    head_bytes, few = known.pop("head", 3.0), known.pop("few", 8.0)
    offload = (int(known.pop("states", 0)), int(known.pop("kept", 0)))
    m = free(gradient_bytes=4.0, **({"host_bytes": 1e12} | known))
    one = layer_of(activation_bytes=10.0, workspace_bytes=7.0)
    head = ends_of(head_bytes=head_bytes)
    return memory(m, one, head, held, net, 4.0, vpp, schedule, few, sharding, *offload)


def test_weights_gradients_and_states_under_each_sharding() -> None:
    found = room()
    assert (found.weights_bytes, found.gradients_bytes) == (2 * 1100, 4 * 1100)
    assert found.optimizer_bytes == 12 * (250 + 50)
    assert room(NO_SHARDING).optimizer_bytes == 12 * 1100
    full = room(FSDP)
    gathered = 2 * 1100 / 4 * (2 + 2)
    assert full.weights_bytes == 2 * (250 + 50) + gathered
    assert full.gradients_bytes == 4 * 300
    assert room(HSDP).gradients_bytes == 4 * (500 + 50)


def test_activations_in_flight() -> None:
    assert room().activations_bytes == 40 * 4
    assert room(schedule=INTERLEAVED, vpp=2.0).activations_bytes == 40 * (4 + 3 / 2)
    assert room(schedule=ZERO_BUBBLE).activations_bytes == 40 * 4


def test_activations_of_the_last_stage_with_its_logits() -> None:
    # a stage of 4 layers keeps 40 bytes a microbatch, in 2 chunks: (2 - 1) 4 + 1 chunks at the last
    head = {"head": 1000.0}
    assert room(**head).activations_bytes == 40 + 1000
    assert room(schedule=INTERLEAVED, vpp=2.0, **head).activations_bytes == 40 * 5 / 2 + 1000
    # with as many microbatches in flight as there are
    assert room(schedule=INTERLEAVED, vpp=2.0, few=2.0, **head).activations_bytes == 80 + 1000


def test_the_total_has_the_reserve_on_top() -> None:
    found = room()
    used = 2200 + 4400 + 3600 + 160 + 7
    assert found.total_bytes == pytest.approx(used * 1.06 + 3e9)
    assert sum(found[1:]) == pytest.approx(found.total_bytes)


def test_what_the_host_cannot_hold_stays() -> None:
    assert room(states=1.0).optimizer_bytes == 0.0
    assert room(kept=1.0).activations_bytes == 20 + 3
    tight = room(states=1.0, host_bytes=600.0)
    assert tight.spilled_bytes == 3600 - 600
    assert tight.workspace_bytes == room().workspace_bytes == 7
    assert room(states=1.0).spilled_bytes == 0.0


def test_times_may_be_draws() -> None:
    wide = LAYER._replace(forward_s=np.array([1.0, 2.0]))
    found = stage(wide, HEAD, 8.0, 4.0, 1.0, 0)
    both = [stage(LAYER._replace(forward_s=f), HEAD, 8.0, 4.0, 1.0, 0) for f in (1.0, 2.0)]
    assert np.allclose(found.total_s, [b.total_s for b in both])
    assert np.allclose(
        found.forward_s + found.backward_s, [b.forward_s + b.backward_s for b in both]
    )
