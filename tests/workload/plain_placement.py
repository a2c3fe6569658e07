"""Placement once more, in plain Python: no arrays, no cuts of a pool, one instant after another.

Time is a sorted list of instants; between two of them every free count is a number in a dictionary.
Written from the rules, not from the code it checks.
"""

from __future__ import annotations

import itertools
import math
from typing import Any


class Free:
    """Free packages by instant: (machine, place) → count, from each instant to the next."""

    def __init__(self, capacity: Any, seconds: Any) -> None:
        machines, places, months = len(capacity), len(capacity[0]), len(seconds)
        self.seconds, self.end = seconds, float(months)
        self.all = {
            float(t): {
                (m, p): float(capacity[m][p][t]) for m in range(machines) for p in range(places)
            }
            for t in range(months)
        }
        self.left = {t: dict(row) for t, row in self.all.items()}

    def times(self, since: float) -> list[float]:
        return [t for t in sorted(self.left) if t >= since]

    def until(self, t: float) -> float:
        return min([u for u in self.left if u > t], default=self.end)

    def length_s(self, t: float) -> float:
        return (self.until(t) - t) * self.seconds[math.floor(t)]

    def cut(self, t: float) -> None:
        if t not in self.left and t < self.end:
            before = max(u for u in self.left if u < t)
            self.all[t], self.left[t] = dict(self.all[before]), dict(self.left[before])


def least_of(speed: Any) -> float:
    return math.inf if speed is None else max(speed.least, 1.0)


def in_order(
    there: dict[int, float], least: dict[int, float], mine: dict[int, float], limit: float
) -> dict[int, float]:
    """Sizes of machines, each grown in turn; one that stays too small gives up what it has, to all."""
    while True:
        sizes = dict(mine)
        for m in there:
            size = min(there[m], limit - sum(sizes.values()) + sizes[m])
            if size < least[m] and mine[m]:
                mine = {**mine, m: 0.0}
                break
            sizes[m] = size if size >= least[m] else 0.0
        else:
            return sizes


def just(
    order: list[int], there: dict[int, float], least: dict[int, float], count: float
) -> dict[int, float]:
    """Sizes that make up a count, the first by order that do; none of them if none do."""
    for taken in itertools.product((True, False), repeat=len(order)):
        # machines behind those that make up the count already are not needed
        some: list[int] = []
        for m, wanted in zip(order, taken, strict=True):
            if wanted and sum(there[k] for k in some) < count:
                some.append(m)
        if any(there[m] < least[m] for m in some):
            continue
        if sum(least[m] for m in some) <= count <= sum(there[m] for m in some):
            sizes = dict.fromkeys(order, 0.0) | {m: least[m] for m in some}
            for m in some:
                sizes[m] += min(there[m] - least[m], count - sum(sizes.values()))
            return sizes
    return dict.fromkeys(order, 0.0)


def fill(held: dict[Any, float], offer: dict[Any, float], m: int, size: float) -> None:
    """Hold so many packages of a machine, place by place."""
    mine = sorted(spot for spot in held if spot[0] == m)
    if not size:
        held |= dict.fromkeys(mine, 0.0)
    for spot in mine:
        held[spot] += min(offer[spot] - held[spot], size - sum(held[other] for other in mine))


def one_alternative(
    free: Free, c: Any, case: int, begin: float, spots: list[tuple[int, int]], order: list[int]
) -> dict[str, Any]:
    """Cluster and end of a campaign on given spots; takes nothing."""
    held: dict[tuple[int, int], float] = dict.fromkeys(spots, 0.0)
    limit = c.count
    started = c.grow
    done, start, pre, finish = 0.0, math.nan, math.nan, math.nan
    history = []
    for t in free.times(begin):
        offer = {}
        for m, p in spots:
            most = math.floor(free.left[t][m, p] + 1e-6)
            if c.share < 1.0:
                most = min(most, math.floor(c.share * free.all[t][m, p] + 1e-6))
            offer[m, p] = most
        for m in range(len(c.speeds)):
            total = sum(n for (k, _), n in offer.items() if k == m)
            if total < least_of(c.speeds[m]):
                offer |= {spot: 0.0 for spot in spots if spot[0] == m}
        size = {m: sum(n for (k, _), n in offer.items() if k == m) for m in order}
        least = {m: least_of(c.speeds[m]) for m in order}
        for spot in spots:
            held[spot] = min(held[spot], offer[spot])
        begins = not started and sum(size.values()) > 0.0
        if begins and math.isinf(c.count):
            started, limit = True, sum(size.values())
        elif begins:
            wanted = in_order(size, least, dict.fromkeys(order, 0.0), c.count)
            if sum(wanted.values()) < c.count:
                wanted = just(order, size, least, c.count)
            if sum(wanted.values()) == c.count:
                started = True
                for m in order:
                    fill(held, offer, m, wanted[m])
        if started:
            mine = {m: sum(n for (k, _), n in held.items() if k == m) for m in order}
            sizes = in_order(size, least, mine, limit)
            for m in order:
                fill(held, offer, m, sizes[m])
        rate, used = 0.0, dict.fromkeys(spots, 0.0)
        for m in order:
            size = sum(n for (k, _), n in held.items() if k == m)
            kept = float(c.speeds[m].flop_per_s(size, case)[0]) if size else 0.0
            rate += kept
            if kept > 0.0:
                used |= {spot: n for spot, n in held.items() if spot[0] == m}
        if rate > 0.0 and math.isnan(start):
            start = t
        length = free.length_s(t)
        history.append((t, used))
        for name, budget in (("pre", c.pretraining_flop), ("all", c.budget_flop)):
            if rate > 0.0 and done < budget <= (done + rate * length) * (1.0 + 1e-12):
                part = min((budget - done) / (rate * length), 1.0)
                at = t + part * (free.until(t) - t)
                at = free.until(t) if part > 1.0 - 1e-12 else at
                pre, finish = (at if name == "pre" else pre), (at if name == "all" else finish)
        done += rate * length
        if not math.isnan(finish):
            break
    return {"start": start, "pre": pre, "finish": finish, "history": history, "done": done}


def train(free: Free, c: Any, case: int, ready: float) -> dict[str, Any]:
    nothing = {"start": math.nan, "pre": math.nan, "finish": math.nan, "history": [], "done": 0.0}
    begin = max(ready, c.earliest)
    if math.isnan(ready) or begin >= free.end:
        return nothing
    free.cut(begin)
    places = [p for p in range(len(c.places)) if c.places[p]]

    speed_of = {}
    for m, speed in enumerate(c.speeds):
        if speed is None or math.isinf(speed.least) or least_of(speed) > c.count:
            continue
        ever = [c.share * max(row[m, p] for row in free.all.values()) for p in places] or [0.0]
        most = max(ever) if c.one else sum(ever)
        if most >= least_of(speed):
            size = min(most, c.count)
            speed_of[m] = float(speed.flop_per_s(size, 1)[1]) / size
    order = sorted(speed_of, key=lambda m: -speed_of[m])
    groups = [[p] for p in places] if c.one else [places]
    tried = [
        one_alternative(free, c, case, begin, [(m, p) for m in order for p in group], order)
        for group in groups
    ]
    ended = [t for t in tried if not math.isnan(t["finish"])]
    if ended:
        best = min(ended, key=lambda t: t["finish"])
    else:
        best = max(tried, key=lambda t: t["done"], default=nothing)
    if best["done"] <= 0.0:
        return nothing
    end = free.end if math.isnan(best["finish"]) else best["finish"]
    free.cut(end)
    starts = [t for t, _ in best["history"]]
    for u in free.times(begin):
        if u >= end:
            break
        used = dict(best["history"])[max(t for t in starts if t <= u)]
        for spot, n in used.items():
            free.left[u][spot] = max(free.left[u][spot] - n, 0.0)
    return best


def serve(free: Free, s: Any, case: int) -> list[float]:
    """Tokens per second met, as the mean of each month."""
    met = [0.0] * len(free.seconds)
    for t in free.times(0.0):
        want = float(s.demand_tokens_per_s[math.floor(t)])
        left = want
        for m in s.order:
            each = float(s.tokens_per_s[m][case])
            if each <= 0.0 or left <= 1e-12 * want:
                continue
            unit = max(float(s.unit[m]), 1.0)
            for spot in sorted(spot for spot in free.left[t] if spot[0] == m):
                while free.left[t][spot] + 1e-6 >= unit and left > 1e-12 * want:
                    free.left[t][spot] = max(free.left[t][spot] - unit, 0.0)
                    left = max(left - unit * each, 0.0)
        met[math.floor(t)] += (want - left) * (free.until(t) - t)
    return met


def place(capacity: Any, seconds: Any, campaigns: Any, streams: Any) -> dict[str, Any]:
    """Everything, by name: a list of three answers."""
    lent = {c.name: c.priority for c in campaigns}
    for _ in campaigns:
        for c in campaigns:
            for other in c.after:
                lent[other] = min(lent[other], lent[c.name])
    queue: list[Any] = []
    waiting = list(campaigns)
    while waiting:
        names = {c.name for c in waiting}
        free_ones = [c for c in waiting if not names & set(c.after)]
        free_ones.sort(
            key=lambda c: (lent[c.name], c.priority)
        )  # stable: then the order of the file
        queue.append((lent[free_ones[0].name], 0, free_ones[0]))
        waiting.remove(free_ones[0])
    queue += [(s.priority, 1, s) for s in streams]
    answers: dict[str, Any] = {claim.name: [] for *_, claim in queue}
    for case in range(3):
        free = Free(capacity, seconds)
        for _, kind, claim in sorted(queue, key=lambda item: item[:2]):
            if kind == 0:
                ends = [answers[other][case]["finish"] for other in claim.after]
                ready = math.nan if any(math.isnan(e) for e in ends) else max(ends, default=0.0)
                answers[claim.name].append(train(free, claim, case, ready))
            else:
                answers[claim.name].append(serve(free, claim, case))
    return answers
