"""What becomes of an action if fate is not kept: the noise of what follows from it is drawn anew."""

from __future__ import annotations

__all__ = ["DRAWS", "FreshNoise"]

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.randomness import generator
from recourse_arena.people.features import FeatureTable
from recourse_arena.problem.graph import CausalGraph
from recourse_arena.problem.model_protocols import CausalModel, Decisions

DRAWS = 20
"""How often the noise of each person is drawn anew."""

_PEOPLE = 4_096
"""People who have draws of their own; the one after them has those of the first again."""

_POOL = 10_000
"""Training people whose noise is what noise looks like: the first so many."""

_ROWS = 512
"""People looked at together: with their draws they need so much memory, however many people ask."""


@dataclass(frozen=True)
class FreshNoise:
    """Draws of the noise that stands behind what follows from an action.

    A counterfactual keeps the noise of everything that is not acted upon, as if fate repeated itself. People who act
    are decided on again later, when part of it is another one (Wang, Plecko and Bareinboim, Causal Algorithmic
    Recourse, arXiv 2605.11373). Here, as a reading of that: what does not follow from the action stays as observed;
    of what does follow, and is not acted upon itself, the noise `u` becomes `u'`, feature by feature, joined by a
    Gaussian copula: `z' = stability z + sqrt(1 - stability^2) e`, where `z` and `z'` are normal scores of `u` and `u'`
    among the noise of training people, and `e` is standard normal. The noise of a count under a flow is known up to
    its cell only, so that `u` itself is drawn there.

    By default `stability` is 0: all noise is drawn from its distribution, given what was observed of the causes. That
    is the interventional distribution of Karimi et al. (NeurIPS 2020, subpopulation-based recourse), which takes no
    assumption that data of one moment could not test. With 1 nothing is drawn but the place of counts in their cells.

    Arguments:
        model: The causal model through which actions take effect.
        graph: What follows from what in it.
        pool: Noise of training people, `(people, features)`, each column in ascending order.
        uniform: Draws from [0, 1), `(people, draws, features)`: new noise, by the number of a person.
        places: Draws from [0, 1), `(people, draws, features)`: places in cells.
        cells: Width of the cells, 0 where noise is known exactly, `(features,)`.
        stability: How much of the noise stays, from 0 to 1.

    Raises:
        ArenaError: If the stability is out of range.
    """

    model: CausalModel
    graph: CausalGraph
    pool: Tensor
    uniform: Tensor
    places: Tensor
    cells: Tensor
    stability: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.stability <= 1:
            raise ArenaError(f"stability: expected a number from 0 to 1, got {self.stability}")

    @classmethod
    def of(
        cls,
        model: CausalModel,
        graph: CausalGraph,
        training: Tensor,
        cells: Tensor,
        *,
        seed: int,
        dataset: str,
        stability: float = 0.0,
    ) -> FreshNoise:
        """Return draws that all solvers on a dataset and seed meet.

        Arguments:
            model: The causal model through which actions take effect.
            graph: What follows from what in it.
            training: People whose noise is what noise looks like, `(people, features)`.
            cells: Width of the cells in which noise is known, 0 where it is known exactly, `(features,)`.
            seed: The seed.
            dataset: The dataset's name.
            stability: How much of the noise stays.
        """
        people, features = training[:_POOL], training.shape[1]

        def draws(what: str, *shape: int) -> Tensor:
            return torch.rand(*shape, features, generator=generator(seed, dataset, "redrawn", what))

        spread = (draws("pool", len(people)) - 0.5) * cells
        pool = model.abduct(people + spread).sort(0).values
        new, places = (draws(what, _PEOPLE, DRAWS) for what in ("noise", "places"))
        return cls(model, graph, pool, new, places, cells, stability)

    def accepted(
        self,
        decisions: Decisions,
        features: FeatureTable,
        person: Tensor,
        factual: Tensor,
        mask: Tensor,
        values: Tensor,
    ) -> Tensor:
        """Return the share of draws in which an action leads to a positive decision, `(people,)`.

        Counts that follow are decided on as whole numbers here: with its noise drawn in its cell, a count is known.

        Arguments:
            decisions: Who decides.
            features: The features.
            person: The number of each person, `(people,)`.
            factual: Who they are, `(people, features)`.
            mask: What they act upon, bool `(people, features)`.
            values: What they set it to, `(people, features)`.
        """
        parts = zip(*(part.split(_ROWS) for part in (person, factual, mask, values)), strict=True)
        shares = [self._accepted(decisions, features, *part) for part in parts]
        return torch.cat(shares) if shares else factual.new_zeros(0)

    def counterfactuals(self, person: Tensor, factual: Tensor, mask: Tensor, values: Tensor) -> Tensor:
        """Return what becomes of each person in each draw, `(draws, people, features)`.

        It is the counterfactual of somebody who shares with the factual all that does not follow from the action, and
        has the drawn noise in what does.
        """
        follows = self._follows(mask)
        noise = torch.where(follows & ~mask, self._noise(person, factual), self.model.abduct(factual))
        stranger = torch.where(follows, self.model.predict(noise), factual)
        after = self.model.counterfactual(stranger, mask, values)
        return torch.where(follows & ~mask, after, torch.where(mask, values, factual))

    def _accepted(
        self,
        decisions: Decisions,
        features: FeatureTable,
        person: Tensor,
        factual: Tensor,
        mask: Tensor,
        values: Tensor,
    ) -> Tensor:
        after = self.counterfactuals(person, factual, mask, values)
        counts = self._follows(mask) & ~mask & features.whole
        return decisions.accepts(torch.where(counts, after.round(), after)).to(factual.dtype).mean(0)

    def _follows(self, mask: Tensor) -> Tensor:
        """Return what follows from what is acted upon, bool like the mask."""
        behind = self.graph.reach & ~torch.eye(len(self.graph.names), dtype=torch.bool)
        return (mask.float() @ behind.float()) > 0

    def _noise(self, person: Tensor, factual: Tensor) -> Tensor:
        """Return noise for each draw, `(draws, people, features)`."""
        rows = person.remainder(_PEOPLE)
        uniform = self.uniform[rows].transpose(0, 1)
        if self.stability == 0:
            return self._quantile(uniform)
        own = self.model.abduct(factual + (self.places[rows].transpose(0, 1) - 0.5) * self.cells)
        if self.stability == 1:
            return own
        scores = self.stability * _normal_score(self._rank(own), len(self.pool))
        scores = scores + math.sqrt(1 - self.stability**2) * _normal_score(uniform, len(self.pool))
        return self._quantile(torch.special.ndtr(scores))

    def _quantile(self, share: Tensor) -> Tensor:
        """Return the noise below which a share of training people lie, feature by feature."""
        place = (share * len(self.pool)).long().clamp(max=len(self.pool) - 1)
        return self.pool.gather(0, place.flatten(0, -2)).reshape(share.shape)

    def _rank(self, noise: Tensor) -> Tensor:
        """Return the share of training people with less noise, feature by feature."""
        columns = noise.flatten(0, -2).T.contiguous()
        return (torch.searchsorted(self.pool.T.contiguous(), columns).T / len(self.pool)).reshape(noise.shape)


def _normal_score(share: Tensor, people: int) -> Tensor:
    """Return normal scores of shares of so many people; nobody is infinitely far off."""
    half = 0.5 / people
    return torch.special.ndtri(share.clamp(half, 1 - half))
