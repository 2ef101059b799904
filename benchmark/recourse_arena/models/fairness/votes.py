"""Equalised odds by the reductions of fairlearn: a vote of several models that were trained on other weights each."""

from __future__ import annotations

__all__ = ["MeanVote", "equalised"]

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError, described
from recourse_arena.people.people import People
from recourse_arena.problem.model_protocols import Decisions

_EPS = 0.01
"""By how much the constraint may be violated in training: that of the authors of *Fair Recourse for All*."""

_ROUNDED = 1e-9
"""Weights add up to 1 but for rounding."""


@dataclass(frozen=True)
class MeanVote:
    """Several models that vote; accepted is who has half of the votes by weight.

    A randomised classifier draws one of them for each decision, so that the same person may be accepted today and
    refused tomorrow. Nobody draws here: the mean of the votes decides.

    Arguments:
        models: The models.
        weights: Weight of each vote, float64 `(models,)`.
        given: Weight of votes for everybody, whoever they are, float64 `()`.

    Example:
        >>> class Above:
        ...     def __init__(self, limit): self.limit = limit
        ...     def accepts(self, x): return x[..., 0] > self.limit
        >>> vote = MeanVote((Above(0.0), Above(2.0)), torch.tensor([0.4, 0.5]).double(), torch.tensor(0.1).double())
        >>> vote.probability(torch.tensor([[-1.0], [1.0], [3.0]])).tolist(), vote.accepts(torch.tensor([1.0])).item()
        ([0.1, 0.5, 1.0], True)
    """

    models: tuple[Any, ...]
    weights: Tensor
    given: Tensor

    def probability(self, x: Tensor) -> Tensor:
        """Return the mean vote `(...,)` on people `x` `(..., features)`, float64."""
        found = torch.full(x.shape[:-1], float(self.given), dtype=torch.float64)
        for model, weight in zip(self.models, self.weights.tolist(), strict=True):
            found += weight * model.accepts(x)
        return found

    def accepts(self, x: Tensor) -> Tensor:
        """Return who is accepted, bool `(...,)`."""
        return self.probability(x) >= 0.5 - _ROUNDED


def equalised(fit: Callable[[People, Tensor], Decisions], training: People, groups: Tensor) -> MeanVote:
    """Return the mean vote of what fairlearn's exponentiated gradient finds under equalised odds.

    Agarwal et al., *A reductions approach to fair classification* (ICML 2018), at eps = .01.

    Arguments:
        fit: Fits a model to people, each with a weight, float64 `(people,)`.
        training: The people.
        groups: Group of each, whole numbers `(people,)`.

    Raises:
        ArenaError: If fairlearn is not installed, or finds nothing.
    """
    try:
        from fairlearn.reductions import EqualizedOdds, ExponentiatedGradient
    except ImportError as error:
        raise ArenaError(
            f"decision.fair=equalized-odds needs fairlearn ({error});\n`pip install 'recourse-arena[fair]'` installs it"
        ) from None
    reduction = ExponentiatedGradient(_learner(fit), EqualizedOdds(), eps=_EPS)
    x, y = training.x.numpy(), training.y.numpy().astype(int)
    try:
        reduction.fit(x, y, sensitive_features=groups.numpy())
    except ArenaError:
        raise
    except Exception as error:  # whatever it comes up with
        raise ArenaError(f"decision.fair=equalized-odds: fairlearn: {described(error)}"[:600]) from None
    models, weights, given = [], [], 0.0
    for place, weight in reduction.weights_.items():
        if weight <= 0:
            continue
        found = reduction.predictors_[place]
        if hasattr(found, "model_"):
            models.append(found.model_)
            weights.append(float(weight))
        else:  # where one label has all the weight, it takes a constant
            given += float(weight) * float(found.predict(x[:1])[0])
    return MeanVote(tuple(models), torch.tensor(weights).double(), torch.tensor(given).double())


def _learner(fit: Callable[[People, Tensor], Decisions]) -> Any:
    """Return an estimator, as scikit-learn has them, of models of ours."""
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Learner(ClassifierMixin, BaseEstimator):
        def __init__(self, fitting: Callable[[People, Tensor], Decisions]) -> None:
            self.fitting = fitting

        def fit(self, x: Any, y: Any, sample_weight: Any) -> Any:
            people = People(_tensor(x), torch.from_numpy(np.asarray(y, dtype=np.float32)))
            self.classes_ = np.array([0, 1])
            self.model_ = self.fitting(people, torch.from_numpy(np.asarray(sample_weight, dtype=np.float64)))
            return self

        def predict(self, x: Any) -> Any:
            return self.model_.accepts(_tensor(x)).numpy().astype(int)

    return Learner(fit)


def _tensor(x: Any) -> Tensor:
    return torch.from_numpy(np.asarray(x, dtype=np.float32))
