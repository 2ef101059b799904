"""The judge re-applies every action through the reference causal model and checks every constraint itself."""

from __future__ import annotations

__all__ = ["Judge"]

from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa
import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.judging.constraints import violated
from recourse_arena.judging.records import as_records
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.groups import groups_in_words
from recourse_arena.problem.model_protocols import CausalModel, Decisions
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request


@dataclass(frozen=True)
class Judge:
    """Scores recommendations; a solver's word counts for nothing but its outcome label.

    Effects of an action on whole-number features are decided on as the reference model gives them, not rounded: the
    noise behind a count is known up to its cell only, and this is its middle. Acted-upon values must be whole.

    Arguments:
        decisions: The fixed decision model.
        reference: The causal model through which actions take effect: the true one where known, else the flow.
        density: The model whose log-density defines plausibility (the flow, after arXiv 2604.08030), unless the
            request asks for plausibility under the true causal model; none where there is no flow.
        scm: The true causal model where known; its density is recorded beside.
        groups: What else tells groups of those asking: words of a row per person, by column; rows as `Request.person`
            counts them. An outsider, whose number is negative, is in none.
        neighbours: Accepted training people, where plausibility is judged by them.
    """

    decisions: Decisions
    reference: CausalModel
    density: CausalModel | None
    scm: CausalModel | None
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    neighbours: Neighbours | None = None

    @torch.no_grad()
    def __call__(self, request: Request, recommendation: Recommendation) -> pa.Table:
        """Return one record per person, columns as :mod:`~recourse_arena.judging.records` declares them.

        `valid` asks for a positive decision and no violation; `plausible` for a counterfactual at least as likely
        as the factual, under the density that the request names; `violations` counts broken constraints: acted-upon
        features that are forbidden, not finite, outside the person's box or not whole where they must be. A solver
        that proves lower bounds has them recorded as `lower_bound`, next to the `weighted_cost` they bound.

        Raises:
            ArenaError: If shapes or dtypes of the recommendation are wrong, or the density asked for is not known.
        """
        recommendation.check((len(request), len(request.features)))
        factual, acted = request.factual, recommendation.mask & recommendation.solved[:, None]
        values = recommendation.values.to(factual.dtype)
        breaks = violated(request, acted, values).sum(1)
        sound = acted & _can_be(request, values)
        values = torch.where(sound, values, factual)
        after = self.reference.counterfactual(factual, sound, values)
        solved = recommendation.solved
        broken = breaks + request.features.broken_rules(factual, after).sum(1) * solved
        before, likely, least = self._likelihood(request, factual, after)
        records: dict[str, object] = {
            "person": request.person,
            **groups_in_words(request.features, factual),
            **{str(name): _of_applicants(words, request.person) for name, words in self.groups.items()},
            "outcome": recommendation.outcomes,
            "valid": solved & (broken == 0) & self.decisions.accepts(after),
            "plausible": solved & (likely >= least) & (likely > -torch.inf),
            "plausible_scm": self._plausible_under_scm(factual, after, solved),
            "cost": _where(solved, request.unit_cost(factual, values, sound)),
            "weighted_cost": _where(solved, request.cost(values, sound)),
            "l2": _where(solved, torch.where(sound, _change(request, values), 0.0).norm(dim=1)),
            "actions": acted.sum(1),
            "hard_action": _hard_action(request, acted, solved),
            "violations": broken,
            "logp_factual": before,
            "logp_counterfactual": _where(solved & ~before.isnan(), likely),
        }
        if self.neighbours is not None:
            records["inlier_score"] = _where(solved, self.neighbours.score(after))
            records["neighbour_distance"] = _where(solved, self.neighbours.distance(after))
        if recommendation.lower_bound is not None:  # the solver's own word, recorded as such
            records["lower_bound"] = recommendation.lower_bound.float()
        for j, name in enumerate(request.features.names):
            records[f"score_{name}"] = request.actionability.scores[:, j].to(torch.int8)
            records[f"mask_{name}"] = acted[:, j]
            records[f"value_{name}"] = _where(acted[:, j], recommendation.values[:, j])
        return as_records(records)

    def _likelihood(self, request: Request, factual: Tensor, after: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the log-density of the factual (nan without one), and the score that is plausible from a least one."""
        if request.density == "neighbours":
            if self.neighbours is None:
                raise ArenaError("the judge cannot tell what is plausible by neighbours: there are none")
            unknown = factual.new_full((len(factual),), torch.nan)
            return unknown, self.neighbours.score(after), self.neighbours.least(factual)
        density = self._density(request)
        before = density.log_density(factual)
        return before, density.log_density(after), before

    def _density(self, request: Request) -> CausalModel:
        if request.density == "flow":
            if self.density is None:
                raise ArenaError("the judge cannot tell what is plausible under a causal flow: there is none")
            return self.density
        if self.scm is None:
            raise ArenaError("the judge cannot tell what is plausible under the true causal model: none is known")
        return self.scm

    def _plausible_under_scm(self, factual: Tensor, after: Tensor, solved: Tensor) -> pd.arrays.BooleanArray:
        known = self.scm is not None
        plausible = solved
        if self.scm is not None:
            plausible = solved & _as_likely(self.scm.log_density(factual), self.scm.log_density(after))
        return pd.arrays.BooleanArray(plausible.numpy(), torch.full_like(solved, not known).numpy())


def _as_likely(before: Tensor, after: Tensor) -> Tensor:
    """Return whose counterfactual is possible and at least as likely as the factual, bool `(people,)`."""
    return (after >= before) & (after > -torch.inf)


def _can_be(request: Request, values: Tensor) -> Tensor:
    """Return which values can be set at all, bool `(people, features)`: no model knows a level that nobody has."""
    features = request.features
    if not features.mixed:
        return values.isfinite()
    highest = values.new_tensor([len(feature.levels) - 1 for feature in features])
    level = (values >= 0) & (values <= highest) & (values == values.round())
    return values.isfinite() & (level | ~features.categorical)


def _change(request: Request, values: Tensor) -> Tensor:
    """Return the change of each feature, in its unit; 1 for another category, `(people, features)`."""
    change = values - request.factual
    return torch.where(request.features.categorical, (change != 0).to(change.dtype), change)


def _of_applicants(words: pd.Series, person: Tensor) -> list[str | None]:
    """Return the word of each applicant by number; none for an outsider, whose number is negative."""
    known = words.to_list()
    return [known[i] if 0 <= i < len(known) else None for i in person.tolist()]


def _hard_action(request: Request, acted: Tensor, solved: Tensor) -> pd.arrays.BooleanArray:
    hard = (acted & request.actionability.least_preferred).any(1)
    defined = solved & request.actionability.ordered
    return pd.arrays.BooleanArray(hard.numpy(), (~defined).numpy())


def _where(known: Tensor, values: Tensor) -> Tensor:
    return torch.where(known, values.float(), torch.nan)
