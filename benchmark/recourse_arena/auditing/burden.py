"""What another decision costs people, by group: of those who have a way, and over everybody of the group.

References:
    Gupta, Nokhiz, Roy and Venkatasubramanian, Equalizing recourse across groups (2019): groups are compared by the mean
    cost of recourse of those who are refused.

    Milli, Miller, Dragan and Hardt, The social cost of strategic classification (FAT* 2019): the social burden of a
    group is the mean cost of being accepted over all of its people with a favourable true label; who is accepted pays
    nothing.
"""

from __future__ import annotations

__all__ = ["burden"]

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from recourse_arena.auditing.evidence import Evidence
from recourse_arena.auditing.levels import LEVELS, Level
from recourse_arena.auditing.shares import FEWEST, by_group, mean_of, share_of
from recourse_arena.base.randomness import generator

_DRAWS = 1000
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def burden(evidence: Evidence) -> list[dict[str, Any]]:
    """Return for each level the cost of those who have a way, and the social burden, overall and by group."""
    return [_at(evidence, level) for level in LEVELS]


def _at(evidence: Evidence, level: Level) -> dict[str, Any]:
    cost, asked = evidence.advice(level).cost, evidence.asked
    known = cost[np.isfinite(cost)]
    dearest = float(known.max()) if len(known) else float("nan")
    charged = np.where(np.isfinite(cost), cost, dearest)

    def score(inside: Bools) -> dict[str, Any]:
        mine, deserving = inside[asked], evidence.deserving
        return {
            "burden": mean_of(np.where(mine, cost, np.nan)),
            "social": social_burden(
                evidence.refused[inside], charged[mine], seed=evidence.fitted.seed, without=~np.isfinite(cost[mine])
            ),
            "social_deserving": social_burden(
                evidence.refused[inside & deserving],
                charged[mine & deserving[asked]],
                seed=evidence.fitted.seed,
                without=~np.isfinite(cost[mine & deserving[asked]]),
            ),
        }

    everybody = np.ones(len(evidence.everybody), dtype=bool)
    groups = by_group(evidence.groups, score)
    return {"level": level.name, "dearest": dearest, **score(everybody), "by_group": groups}


def social_burden(refused: Bools, charged: Floats, *, without: Bools, seed: int) -> dict[str, Any]:
    """Return the mean cost over everybody of a group: `mean, low, high, people, refused, without`.

    It is the share of refused people times the mean cost of those of them who were asked about; who is accepted pays
    nothing, who has no way is charged what the dearest way of anybody costs, so that the burden is at least that. Not
    given where fewer than 20 people are refused and asked about, or in the group at all.

    Arguments:
        refused: Who of the group is refused, bool `(group,)`.
        charged: The cost of those of them who were asked about, `(asked,)`.
        without: Who of these has no way, bool `(asked,)`.
        seed: Seed of the bootstrap's draws.
    """
    rate = float(refused.mean()) if len(refused) else float("nan")
    said = {"people": len(refused), "refused": share_of(refused), "without": share_of(without), "asked": len(charged)}
    if len(charged) < FEWEST or len(refused) < FEWEST or not np.isfinite(charged).all():
        return {"mean": None, "low": None, "high": None, **said}
    draws = generator(seed, "audit", "social burden")
    rates = torch.binomial(torch.full((_DRAWS,), float(len(refused))), torch.full((_DRAWS,), rate), generator=draws)
    places = torch.randint(len(charged), (_DRAWS, len(charged)), generator=draws).numpy()
    means = rates.numpy() / len(refused) * charged[places].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return {"mean": rate * float(charged.mean()), "low": float(low), "high": float(high), **said}
