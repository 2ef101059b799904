"""How long intervals and paired comparisons of a large leaderboard take."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from recourse_arena.statistics.bootstrap import Resamples

PEOPLE, CELLS, SOLVERS = 2400, 40, 8


@pytest.mark.benchmark(group="bootstrap: 2,400 people, 40 cells, 8 solvers, 1,000 resamples, all pairs")
def test_paired_bootstrap(benchmark):
    draws = np.random.default_rng(9)
    values = (draws.random((PEOPLE, CELLS, SOLVERS)) < 0.7).astype(float)
    values[draws.random(values.shape) < 0.2] = np.nan
    pairs = list(combinations(range(SOLVERS), 2))
    first, second = (np.concatenate([values[:, :, pair[i]] for pair in pairs], 1) for i in (0, 1))

    def all_pairs():
        resamples = Resamples.draw(np.zeros(PEOPLE, dtype=np.int64), resamples=1000)
        resamples.means(values.reshape(PEOPLE, -1)).intervals()
        return resamples.means(first - second, differences=True).intervals(symmetric=True)

    benchmark.pedantic(all_pairs, rounds=1)
