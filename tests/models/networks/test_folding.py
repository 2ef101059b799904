"""A folded network is the network, with its slopes, whatever moves and whatever is connected."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from recourse_arena import ELU, RELU, AffineLayer, Folded


def network(seed: int, widths: tuple[int, ...], share: float) -> list[AffineLayer]:
    """Return layers of whose entries a share is connected."""
    draws = torch.Generator().manual_seed(seed)
    return [
        AffineLayer(
            torch.randn(after, before, generator=draws, dtype=torch.double),
            torch.randn(after, generator=draws, dtype=torch.double),
            torch.rand(after, before, generator=draws) < share,
        )
        for before, after in pairwise(widths)
    ]


def unfolded(layers: list[AffineLayer], activation, x: Tensor) -> Tensor:
    for place, layer in enumerate(layers):
        x = (layer.weight * layer.connected) @ (activation.value(x) if place else x) + layer.bias[:, None]
    return x


@pytest.mark.parametrize("activation", [RELU, ELU], ids=["relu", "elu"])
@pytest.mark.parametrize("share", [0.15, 0.4, 1.0])
@pytest.mark.parametrize("inputs", [[], [2], [0, 3, 4], [0, 1, 2, 3, 4]])
@pytest.mark.parametrize("outputs", [[1], [3, 0, 2], [0, 1, 2, 3]])
def test_a_folded_network_is_the_network_and_so_are_its_slopes(activation, share, inputs, outputs):
    layers = network(len(inputs) + len(outputs), (5, 9, 8, 4), share)
    draws = torch.Generator().manual_seed(0)
    people, change = (torch.randn(5, 20, generator=draws, dtype=torch.double) for _ in range(2))
    chosen, asked = torch.tensor(inputs, dtype=torch.long), torch.tensor(outputs)
    folded = Folded.of(layers, activation, chosen, asked, people)
    moved = change[chosen].requires_grad_()
    expected = unfolded(layers, activation, people.index_add(0, chosen, moved))[asked]
    pull = torch.randn(expected.shape, generator=draws, dtype=torch.double)
    slopes = torch.autograd.grad(expected, moved, pull)[0]

    found, hidden = folded(moved.detach(), folded.constants(people))
    torch.testing.assert_close(found, expected.detach())
    torch.testing.assert_close(folded.back(pull, hidden), slopes)
    several = folded.back(torch.stack([pull, 2 * pull], 1), hidden)
    torch.testing.assert_close(several, torch.stack([slopes, 2 * slopes], 1))
    by_autograd = folded.differentiable(moved, folded.constants(people))
    torch.testing.assert_close(torch.autograd.grad(by_autograd, moved, pull)[0], slopes)

    halved = folded.scaled(torch.full((len(inputs),), 2.0))
    torch.testing.assert_close(halved(moved.detach() / 2, folded.constants(people))[0], found)


def test_what_moves_by_no_input_is_a_constant_and_what_moves_is_none():
    """Two networks side by side, of which one input each moves or does not."""
    both = [
        AffineLayer(torch.ones(6, 2).double(), torch.zeros(6).double(), torch.eye(2).repeat_interleave(3, 0).bool()),
        AffineLayer(torch.ones(2, 6).double(), torch.zeros(2).double(), torch.eye(2).repeat_interleave(3, 1).bool()),
    ]
    like, outputs = torch.zeros(()), torch.arange(2)
    one = Folded.of(both, RELU, torch.tensor([1]), outputs, like)
    assert [tuple(weight.shape) for weight in one.weights] == [(3, 1), (1, 3)]
    assert one.units[0].tolist() == [3, 4, 5]
    assert one.moving.tolist() == [1]
    everything = Folded.of(both, RELU, torch.arange(2), outputs, like)
    assert [tuple(weight.shape) for weight in everything.weights] == [(6, 2), (2, 6)]
    asked_less = Folded.of(both, RELU, torch.arange(2), torch.tensor([0]), like)
    assert asked_less.units[0].tolist() == [0, 1, 2]
