"""Collectives on tiers of networks, worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.perf.collectives import (
    all_gather,
    all_reduce,
    all_to_all,
    members,
)
from gigawatt.perf.experts import experts
from gigawatt.perf.messages import messages
from gigawatt.perf.network import network
from gigawatt.perf.occupancy import occupied

from .plain import cut, free, model


def test_a_group_of_12_on_domains_of_8_shares_a_domain_by_fours() -> None:
    assert members(8.0, 1.0, 12.0) == 4.0
    assert members(8.0, 1.0, 4.0) == 4.0
    assert members(8.0, 2.0, 16.0) == 4.0
    assert members(8.0, 16.0, 4.0) == 1.0


def test_a_group_that_lies_over_a_border_waits_for_its_emptier_side() -> None:
    # of 16 neighbours on domains of 72 the ninth half: ranks 64 to 71 here, 72 to 79 there
    assert members(72.0, 1.0, 16.0) == 8.0
    assert members(64.0, 1.0, 16.0) == 16.0
    # every third rank: no two borders alike, so some group has a member alone
    assert members(8.0, 3.0, 16.0) == 1.0


@pytest.mark.parametrize(
    ("count", "domain", "full"),
    [(4096, 72, 64), (4608, 72, 72), (8, 72, 8), (96, 72, 48), (1000, 8, 8), (73, 72, 1)],
)
def test_a_job_fills_its_domains_evenly(count: int, domain: float, full: float) -> None:
    m = occupied(free(domain=domain, building=2000.0), count)
    assert m.domain == full
    assert m.campus == count
    assert m.building % m.domain == 0
    assert m.campus % m.building == 0
    assert occupied(m, count) == m


def test_a_domain_that_the_job_does_not_fill_is_as_good_as_one_of_the_size_it_uses() -> None:
    shape = model(moe=1.0, experts=64.0, top_k=8.0, expert_width=100.0, heads=8.0, kv_heads=8.0)
    large, small = (
        occupied(free(domain=d, up_s_per_byte=1.0, out_s_per_byte=9.0, ep_exposed=1.0), 4096)
        for d in (72.0, 64.0)
    )
    wide = cut(ep=16.0)
    both = [messages(m, shape, wide, experts(m, shape, wide), 0.0).ep_s for m in (large, small)]
    assert both[0] == both[1]


def test_inside_a_domain_a_gather_passes_all_but_ones_own_share() -> None:
    m = free(up_s_per_byte=1.0)
    assert all_gather(m, 800.0, 8.0, 1.0) == 700.0
    assert all_reduce(m, 800.0, 8.0, 1.0) == 1400.0
    assert all_gather(m, 800.0, 1.0, 1.0) == 0.0


def test_across_domains_members_share_their_links() -> None:
    m = free(out_s_per_byte=1.0)
    # 2 domains of 8: half of the bytes come in, through 8 links
    assert all_gather(m, 1600.0, 16.0, 1.0) == 100.0
    # a stride of 8: every rank is alone in its domain, half of the bytes through its one link
    assert all_gather(m, 1600.0, 2.0, 8.0) == 800.0
    # campuses: 64 ranks of which 32 share a campus
    far = free(campus=32.0, campus_s_per_byte=1.0)
    assert all_gather(far, 6400.0, 64.0, 1.0) == 6400 * 0.5 / 32


def test_the_slowest_tier_sets_the_time() -> None:
    m = free(up_s_per_byte=1.0, out_s_per_byte=100.0)
    assert all_gather(m, 1600.0, 16.0, 1.0) == max(1600 * 15 / 16, 100 * 1600 * 0.5 / 8)


def test_latency_is_the_better_of_ring_and_tree() -> None:
    m = free(up_latency_s=1.0)
    assert all_gather(m, 0.0, 2.0, 1.0) == 1.0
    assert all_gather(m, 0.0, 8.0, 1.0) == 3.0  # a ring would take 7 hops
    far = free(up_latency_s=1.0, out_latency_s=10.0)
    assert all_gather(far, 0.0, 32.0, 1.0) == 3 + 2 * 10


def test_switches_that_reduce_send_each_byte_up_and_down_once() -> None:
    plain = free(out_s_per_byte=1.0)
    ordinary = all_reduce(plain, 1600.0, 64.0, 1.0)
    assert ordinary == 2 * 1600 * (7 / 8) / 8
    reduced = all_reduce(plain._replace(in_network=1.0), 1600.0, 64.0, 1.0)
    assert reduced == 1600 / 8
    inside = all_reduce(free(up_s_per_byte=1.0, in_network=1.0), 800.0, 8.0, 1.0)
    assert inside == 1400.0


def test_an_all_to_all_sends_what_leaves_and_less_across_where_tokens_go_once() -> None:
    m = free(up_s_per_byte=1.0)
    assert all_to_all(m, 800.0, 8.0, 1.0) == 700.0
    far = free(out_s_per_byte=1.0)
    assert all_to_all(far, 1600.0, 16.0, 1.0) == 800.0
    assert all_to_all(far, 1600.0, 16.0, 1.0, 0.25) == 200.0


def test_switches_do_not_reduce_between_buildings() -> None:
    m = free(building=64.0, building_s_per_byte=1.0, in_network=1.0, out_s_per_byte=0.01)
    # 2 buildings of 64: half of the bytes leave through 64 links, twice
    assert all_reduce(m, 6400.0, 128.0, 1.0) == 2 * 6400 * 0.5 / 64


@pytest.mark.parametrize(("pp", "pace"), [(2.0, 1.0), (4.0, 10.0), (32.0, 100.0)])
def test_stages_hand_over_at_the_pace_of_the_slowest_border(pp: float, pace: float) -> None:
    # 4 ranks a stage: 2 stages lie in one domain of 8; of 4 the second and the third do not share one
    m = free(up_s_per_byte=1.0, out_s_per_byte=10.0, building=64.0, building_s_per_byte=100.0)
    assert network(m, 4.0, 1.0, pp, 1.0, 1.0, 1.0).hop_s_per_byte == pace


def test_stages_share_a_campus_and_replicas_cross() -> None:
    # 2 campuses of 64 ranks, 4 stages of 32: half of a stage's 8 replicas on each
    m = free(campus=64.0, campus_s_per_byte=1.0)
    net = network(m, 4.0, 1.0, 4.0, 8.0, 1.0, 1.0)
    assert net.gather_s_per_byte == 0.5 / 4
    assert net.hop_s_per_byte == 0.0


def test_tensor_parallel_blocks_gather_and_scatter_or_reduce() -> None:
    shape = model(full=1.0, dense=1.0, heads=8.0, kv_heads=8.0)
    m = free(up_s_per_byte=1.0, tp_exposed=0.25, tp_stall_s=3.0)
    none = experts(m, shape, cut(tp=4.0))
    bytes_ = 1000 * 100 * 2
    one = 2 * bytes_ * 3 / 4
    plain = messages(m, shape, cut(tp=4.0), none, 0.0)
    assert plain.tp_s == 2 * (one + 3)
    hidden = messages(m, shape, cut(tp=4.0, tp_overlap=1.0, sequence_parallel=1.0), none, 0.0)
    assert hidden.tp_s == 2 * (0.25 * one + 3)
    assert messages(m, shape, cut(), none, 0.0).tp_s == 0.0


def test_keys_and_values_hide_behind_the_core() -> None:
    shape = model(full=1.0, heads=4.0, kv_heads=2.0, qk_dim=10.0, v_dim=10.0)
    m = free(up_s_per_byte=1.0, cp_exposed=0.1)
    sent = 1000 * 2 * 20 * 2 * 3 / 4
    none = experts(m, shape, cut(cp=4.0))
    assert messages(m, shape, cut(cp=4.0), none, 0.0).cp_s == sent
    assert messages(m, shape, cut(cp=4.0), none, 1e9).cp_s == pytest.approx(0.1 * sent)


def test_a_token_goes_once_to_each_rank_that_holds_one_of_its_experts() -> None:
    shape = model(moe=1.0, experts=8.0, top_k=2.0, expert_width=100.0, expert_ffn=10.0)
    m = free(up_s_per_byte=1.0, ep_exposed=1.0, ep_stall_s=5.0)
    copies = 4 * (1 - (3 / 4) ** 2)
    sent = 1000 * copies * 100 * 2 * 3 / 4
    found = messages(m, shape, cut(ep=4.0), experts(m, shape, cut(ep=4.0)), 0.0)
    assert found.ep_s == pytest.approx(2 * sent + 5)


def test_the_network_of_an_arrangement() -> None:
    m = free(up_s_per_byte=1.0, out_s_per_byte=10.0)
    net = network(m, 4.0, 1.0, 2.0, 8.0, 8.0, 1.0)
    # 8 replicas at a stride of 4: two to a domain
    assert net.gather_s_per_byte == max(7 / 8, 10 * (1 - 2 / 8) / 2)
    assert (net.data_ranks, net.expert_ranks, net.shard_ranks) == (8.0, 4.0, 2.0)
    assert net.hop_s_per_byte == 10.0
    slow = network(free(up_latency_s=1.0, out_latency_s=10.0), 4.0, 1.0, 2.0, 8.0, 8.0, 1.0)
    assert (slow.shard_latency_s, slow.replica_latency_s) == (1.0, 2 * 2 * 10.0)
    assert (slow.gather_latency_s, slow.expert_gather_latency_s) == (1 + 2 * 10, 2 * 10)
    assert net.replica_s_per_byte == 2 * 10 * (1 - 1 / 4)


sizes = st.sampled_from([2.0, 3.0, 4.0, 8.0, 12.0, 16.0, 64.0, 96.0, 1024.0])


@given(sizes, st.sampled_from([1.0, 2.0, 8.0, 32.0]), st.floats(1.0, 4.0))
def test_more_bandwidth_is_never_slower(n: float, stride: float, faster: float) -> None:
    m = free(up_s_per_byte=2.0, out_s_per_byte=9.0, up_latency_s=1.0, out_latency_s=3.0)
    for quick in (
        m._replace(up_s_per_byte=2.0 / faster),
        m._replace(out_s_per_byte=9.0 / faster),
        m._replace(in_network=1.0),
    ):
        for collective in (all_gather, all_reduce, all_to_all):
            assert collective(quick, 1e3, n, stride) <= collective(m, 1e3, n, stride)


@given(sizes, st.sampled_from([1.0, 2.0, 8.0, 32.0]), st.sampled_from([1, 2, 8, 64]))
def test_a_larger_domain_is_never_slower(n: float, stride: float, times: int) -> None:
    m = free(up_s_per_byte=2.0, out_s_per_byte=9.0, up_latency_s=1.0, out_latency_s=3.0)
    count = int(n * stride) * 64
    small, large = (occupied(m._replace(domain=8.0 * size), count) for size in (1, times))
    for collective in (all_gather, all_reduce, all_to_all):
        assert collective(large, 1e3, n, stride) <= collective(small, 1e3, n, stride)
