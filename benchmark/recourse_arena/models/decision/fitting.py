"""Fitting the decision model to labelled people."""

from __future__ import annotations

__all__ = ["fit_classifier"]

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import generator
from recourse_arena.interfaces.recipes import DecisionRecipe
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.models.optimizers import Adam, Descent
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.features import FeatureTable
from recourse_arena.people.people import People


def fit_classifier(
    recipe: DecisionRecipe,
    train: People,
    *,
    seed: int,
    report: ProgressHook = silent,
    features: FeatureTable | None = None,
    weights: Tensor | None = None,
) -> ReluClassifier:
    """Return a classifier fitted by (cost-sensitive) cross-entropy from Xavier-uniform weights and zero biases.

    CARMA initialises its networks so; that its decision model starts there as well is a reading. From PyTorch's
    own initial weights, which are smaller, the slow default recipe ends less accurate (Loan: .91 against .93).

    Arguments:
        recipe: How it is trained.
        train: Whom it learns from.
        seed: The seed.
        report: Hears how far it is.
        features: Their features; numbers by default.
        weights: How much each person counts in the loss, `(people,)`; all alike by default.
    """
    draws = generator(seed, "classifier")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ReluClassifier(features or train.x.shape[1], recipe.hidden)
    for layer in model.layers:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=draws)
            nn.init.zeros_(layer.bias)
    known = model.encoding.features
    model.set_scale(Encoding.fitted(known, train.x, standardise_binaries=recipe.standardise_binaries))
    z = model.encoding.encode(train.x)
    weight = torch.where(train.y == 1, 1.0, recipe.negative_weight)
    if weights is not None:
        weight = weight * weights.to(weight.dtype)
    optimizer = {"sgd": Descent, "adam": Adam}[recipe.optimizer](model.parameters(), recipe.learning_rate)
    for epoch in range(recipe.epochs):
        for batch in torch.randperm(len(z), generator=draws).split(recipe.batch):
            logit = model.layers(z[batch]).squeeze(-1)
            loss = binary_cross_entropy_with_logits(logit, train.y[batch], weight=weight[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        report((epoch + 1) / recipe.epochs, loss)
    return model.eval().requires_grad_(False)
