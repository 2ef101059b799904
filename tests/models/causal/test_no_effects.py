"""The world in which nothing follows from anything."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recourse_arena import ArenaError
from recourse_arena.models.causal.no_effects import NoEffects

WORLD = NoEffects()
tables = arrays("float32", (4, 3), elements=st.floats(-1e6, 1e6, width=32)).map(torch.from_numpy)
masks = arrays(bool, (4, 3)).map(torch.from_numpy)


@given(tables, masks, tables)
def test_only_what_is_acted_on_changes(x, mask, values):
    after = WORLD.counterfactual(x, mask, values)
    for i in range(4):
        for j in range(3):
            assert after[i, j] == (values[i, j] if mask[i, j] else x[i, j])
    assert torch.equal(
        WORLD.counterfactual(x[:, None], mask[None], values[None])[1, 2], torch.where(mask, values, x[1])[2]
    )


@given(tables)
def test_the_noise_behind_people_is_themselves(x):
    assert torch.equal(WORLD.predict(WORLD.abduct(x)), x)


def test_it_says_of_nobody_how_likely_they_are_and_draws_nobody():
    with pytest.raises(ArenaError, match="plausibility is judged by neighbours there"):
        WORLD.log_density(torch.zeros(1, 2))
    with pytest.raises(ArenaError, match="draws nobody"):
        WORLD.sample(3, torch.Generator())
