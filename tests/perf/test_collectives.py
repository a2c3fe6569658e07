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
    point_to_point,
)
from gigawatt.perf.experts import experts
from gigawatt.perf.messages import messages
from gigawatt.perf.network import network

from .plain import cut, free, model


def test_a_group_of_12_on_domains_of_8_shares_a_domain_by_fours() -> None:
    assert members(8.0, 1.0, 12.0) == 4.0
    assert members(8.0, 1.0, 4.0) == 4.0
    assert members(8.0, 2.0, 16.0) == 4.0
    assert members(8.0, 16.0, 4.0) == 1.0


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


def test_a_message_to_the_next_rank_takes_the_network_between_them() -> None:
    m = free(up_s_per_byte=1.0, out_s_per_byte=10.0, building=64.0, building_s_per_byte=100.0)
    assert [float(point_to_point(m, 1.0, d)) for d in (4.0, 8.0, 64.0)] == [1.0, 10.0, 100.0]


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
