"""Who takes accelerators first."""

from __future__ import annotations

from collections.abc import Sequence

from .claims import Campaign, Stream

__all__ = ["queue"]


def queue(campaigns: Sequence[Campaign], streams: Sequence[Stream]) -> list[Campaign | Stream]:
    """Claims in the order in which they are placed.

    Parameters
    ----------
    campaigns, streams : sequence of Campaign, of Stream
        In the order of the file. Campaigns wait for one another in no circle.

    Returns
    -------
    list of Campaign or Stream
        By priority; of one priority training before serving, then the order of the file. A campaign
        lends its priority to those that it waits for, which always stand before it; among those that
        borrow, the own priority decides before the order of the file.

    Examples
    --------
    >>> import numpy as np
    >>> def campaign(name, priority, after=()):
    ...     return Campaign(name=name, pretraining_flop=1.0, speeds=(), places=np.ones(1, bool),
    ...                     priority=priority, after=after)
    >>> found = queue([campaign("a", 100), campaign("b", 200), campaign("c", 50, after=("b",))], [])
    >>> [claim.name for claim in found]
    ['b', 'c', 'a']
    """
    by_name = {campaign.name: campaign for campaign in campaigns}
    position = {campaign.name: at for at, campaign in enumerate(campaigns)}
    lent = {campaign.name: campaign.priority for campaign in campaigns}
    rising = True
    while rising:
        rising = False
        for campaign in campaigns:
            for other in campaign.after:
                if lent[campaign.name] < lent[other]:
                    lent[other], rising = lent[campaign.name], True
    placed: list[str] = []
    while len(placed) < len(by_name):
        ready = [n for n, c in by_name.items() if n not in placed and set(c.after) <= set(placed)]
        placed.append(min(ready, key=lambda n: (lent[n], by_name[n].priority, position[n])))
    first: list[tuple[int, int, Campaign | Stream]] = [(lent[n], 0, by_name[n]) for n in placed]
    then: list[tuple[int, int, Campaign | Stream]] = [(s.priority, 1, s) for s in streams]
    return [claim for *_, claim in sorted(first + then, key=lambda item: item[:2])]
