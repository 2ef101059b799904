"""What a solver did to what it was handed is told from what was there before."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from recourse_arena.execution.guard.isolated_inputs import SharedModels, changed, copied


@dataclass(frozen=True)
class Handed:
    values: Tensor
    whole: Tensor


@pytest.fixture
def handed():
    return Handed(torch.tensor([1.0, torch.nan, torch.inf]), torch.tensor([1, 2]))


def test_nan_in_what_is_handed_is_nobodys_fault(handed):
    assert changed(handed, copied(handed)) == []


@pytest.mark.parametrize("value", [1.5, torch.nan, -torch.inf])
def test_a_value_that_is_overwritten_is_named(handed, value):
    own = copied(handed)
    own.values[0] = value
    assert changed(handed, own) == ["values"]
    own = copied(handed)
    own.values[1] = 0.0
    assert changed(handed, own) == ["values"]


def test_weights_that_are_nan_are_not_put_back_again_and_again():
    model = nn.Linear(2, 1)
    with torch.no_grad():
        model.bias.fill_(torch.nan)
    shared = SharedModels({"flow": model})
    assert shared.put_back() == []
    with torch.no_grad():
        model.weight.zero_()
    assert shared.put_back() == ["flow"]
