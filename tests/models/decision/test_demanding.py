"""Several decision models as one: who is accepted, by how much, and the one network that they make."""

from __future__ import annotations

import pickle

import pytest
import torch

from recourse_arena import Feature, FeatureTable, Kind
from recourse_arena.base.errors import NotApplicable
from recourse_arena.models.decision.demanding import Demanding, DemandingLogits, DemandingNetwork, demanding
from recourse_arena.models.decision.relu import ReluClassifier

FEATURES = FeatureTable(
    (Feature("age"), Feature("home", Kind.CATEGORICAL, levels=("rent", "own", "free")), Feature("debt"))
)
HIDDEN = ((8, 4), (), (6,), (7, 3, 2), (3,))


def networks(count):
    """Return networks of different depths and scales."""
    torch.manual_seed(count)
    found = [ReluClassifier(FEATURES, hidden).requires_grad_(False) for hidden in HIDDEN[:count]]
    for model in found:
        model.mean.copy_(torch.tensor([1.0, 0.0, 1.0]) * torch.randn(3))
        model.sd.copy_(torch.tensor([1.0, 0.0, 1.0]) * torch.rand(3) + torch.tensor([0.5, 1.0, 0.5]))
        model.layers[-1].weight.mul_(20)
        model.layers[-1].bias.sub_(model.logit(people(300)).quantile(0.3))  # most are accepted by each
    return found


def people(count):
    draws = torch.Generator().manual_seed(count)
    home = torch.randint(3, (count,), generator=draws)
    return torch.stack([torch.randn(count, generator=draws), home.float(), torch.randn(count, generator=draws)], 1)


def columns(model, x):
    """Return people in data units with a column of 0 or 1 for each level, as affine maps take them."""
    encoding = model.encoding
    codes = encoding.codes
    return torch.where(codes >= 0, x[:, encoding.owner] == codes, x[:, encoding.owner]).double()


@pytest.mark.parametrize("count", range(1, 6))
def test_the_network_of_several_says_the_least_of_what_they_say(count):
    models, x = networks(count), people(300)
    margins = [0.05 * k for k in range(count)]
    both = demanding(models, margins)
    assert isinstance(both, DemandingNetwork)
    least = torch.stack([m.logit(x) - margin for m, margin in zip(models, margins, strict=True)]).amin(0)
    z = columns(both, x)
    for k, (weight, bias) in enumerate(both.affine_maps):
        z = (z.relu() if k else z) @ weight.T + bias
    torch.testing.assert_close(z[:, 0].float(), least, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(both.logit(x), least)
    torch.testing.assert_close(both.encoded_logit(both.encoding.encode(x)), least, atol=1e-5, rtol=1e-5)
    every = [model.exact_logit(x) >= margin for model, margin in zip(models, margins, strict=True)]
    assert torch.equal(both.accepts(x), torch.stack(every).all(0))
    assert torch.equal(both.probability(x) >= 0.5, least.sigmoid() >= 0.5)
    assert 0 < both.accepts(x).sum() < 300


def test_it_travels_and_its_gradient_is_that_of_the_least():
    models, x = networks(2), people(20)
    both = pickle.loads(pickle.dumps(demanding(models, [0.0, 0.0])))
    z = both.encoding.encode(x).requires_grad_()
    (slope,) = torch.autograd.grad(both.encoded_logit(z).sum(), z)
    first = models[0].logit(x) < models[1].logit(x)
    (own,) = torch.autograd.grad(models[0].encoded_logit(z).sum(), z)
    assert torch.equal(slope[first], own[first])
    assert not torch.equal(slope[~first], own[~first])


class Sure:
    """A model with scores and nothing else."""

    def accepts(self, x):
        return self.probability(x) >= 0.5

    def probability(self, x):
        return x[..., 0].sigmoid()


class Silent:
    def accepts(self, x):
        return x[..., 0] >= 0


def test_less_can_be_read_of_models_that_tell_less():
    (network,), x = networks(1), people(100)
    scored = demanding([Sure(), network], [1.0, 0.0])
    assert type(scored) is Demanding
    assert torch.equal(scored.accepts(x), (x[:, 0] >= 1) & network.accepts(x))
    assert type(demanding([network, Clipping(network)], [0.0, 0.0])) is DemandingLogits
    with pytest.raises(NotApplicable, match="decisions only"):
        demanding([Silent()], [0.1])


class Clipping:
    """A model with logits of encoded people, whose layers cannot be read."""

    def __init__(self, network):
        self.network, self.encoding = network, network.encoding

    def accepts(self, x):
        return self.logit(x) >= 0

    def logit(self, x):
        return self.network.logit(x).clamp(max=3)

    def encoded_logit(self, z):
        return self.network.encoded_logit(z).clamp(max=3)
