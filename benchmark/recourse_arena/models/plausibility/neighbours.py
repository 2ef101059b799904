"""Plausibility by neighbours: an accepted person who would not stand out among accepted people."""

from __future__ import annotations

__all__ = ["Neighbours"]

import math
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.people.encoding import Encoding

if TYPE_CHECKING:
    from sklearn.neighbors import LocalOutlierFactor

_MOST = 5_000
"""Accepted people whose neighbourhoods are looked at: the first so many, for time and memory grow with them."""

_NEIGHBOURS = 20

_ROWS = 4_096


class Neighbours:
    """The local outlier factor of a counterfactual among accepted training people; an inlier is plausible.

    It is computed by scikit-learn in novelty mode with its own threshold (`contamination="auto"`: a factor of 1.5), on
    encoded columns in which another category is as far as one standard deviation of a number.

    Arguments:
        encoding: The encoding.
        accepted: Accepted training people, `(people, features)`; the first 5,000 count.

    Raises:
        ArenaError: If fewer than two people are accepted.

    References:
        Breunig, Kriegel, Ng and Sander, LOF: identifying density-based local outliers, SIGMOD 2000.
    """

    def __init__(self, encoding: Encoding, accepted: Tensor) -> None:
        if len(accepted) < 2:
            raise ArenaError(
                f"nobody is near enough to be compared with: {len(accepted)} training people are accepted;\n"
                f"the decision model refuses (nearly) everybody"
            )
        self._encoding = encoding
        self._accepted = accepted[:_MOST].clone()

    def score(self, x: Tensor) -> Tensor:
        """Return how little people `x` `(..., features)` stand out, `(...,)`; who has 0 or more is an inlier."""
        z = self._placed(x).reshape(-1, len(self._encoding))
        if not len(z):  # scikit-learn refuses nobody's scores
            return x.new_zeros(x.shape[:-1])
        scores = [torch.from_numpy(self._factor.decision_function(part.numpy())) for part in z.split(_ROWS)]
        return torch.cat(scores).reshape(x.shape[:-1]).to(x.dtype)

    def least(self, factual: Tensor) -> Tensor:
        """Return the least score that is plausible, 0 for everybody, `(...,)`."""
        return factual.new_zeros(factual.shape[:-1])

    def distance(self, x: Tensor) -> Tensor:
        """Return how far the nearest accepted training person is, `(...,)`, in standard deviations of numbers."""
        z = self._placed(x).reshape(-1, len(self._encoding))
        near = [_apart(part, self._places).amin(1) for part in z.split(_ROWS)]
        return torch.cat(near).reshape(x.shape[:-1]).to(x.dtype)

    def _placed(self, x: Tensor) -> Tensor:
        """Return encoded columns in double precision; two columns differ by one category, so each counts half."""
        z = self._encoding.encode(x.double())
        return torch.where(self._encoding.codes < 0, z, z / math.sqrt(2))

    @cached_property
    def _places(self) -> Tensor:
        return self._placed(self._accepted)

    @cached_property
    def _factor(self) -> LocalOutlierFactor:
        try:
            from sklearn.neighbors import LocalOutlierFactor
        except ImportError as error:
            raise ArenaError(
                f"plausibility by neighbours needs scikit-learn ({error}); `pip install scikit-learn`"
            ) from None
        neighbours = min(_NEIGHBOURS, len(self._accepted) - 1)
        return LocalOutlierFactor(n_neighbors=neighbours, novelty=True).fit(self._places.numpy())


def _apart(one: Tensor, other: Tensor) -> Tensor:
    """Return distances without the faster product of matrices, by which nobody is at exactly where they are."""
    return torch.cdist(one, other, compute_mode="donot_use_mm_for_euclid_dist")
