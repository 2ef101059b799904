"""The judge re-applies every action through the reference causal model and checks every constraint itself."""

from __future__ import annotations

__all__ = ["Judge", "Seen"]

from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa
import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.judging.constraints import violated
from recourse_arena.judging.fresh_noise import FreshNoise
from recourse_arena.judging.menus import breaks_menu, offered
from recourse_arena.judging.records import as_records
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.box import Box
from recourse_arena.people.groups import groups_in_words
from recourse_arena.problem.model_protocols import AsLikely, CausalModel, Decisions, Plausibility
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request


@dataclass(frozen=True)
class Seen:
    """What becomes of people who do what they were advised, as far as it decides whether that helps.

    Arguments:
        acted: Features acted upon that can be set at all, bool `(people, features)`.
        values: What they are set to; the factual elsewhere, `(people, features)`.
        after: The counterfactuals, `(people, features)`.
        broken: How many constraints each action breaks, `(people,)`.
        valid: Who has an action, breaks nothing and is decided positively, bool `(people,)`.
    """

    acted: Tensor
    values: Tensor
    after: Tensor
    broken: Tensor
    valid: Tensor


@dataclass(frozen=True)
class Judge:
    """Scores recommendations; a solver's word counts for nothing but its outcome label.

    Effects of an action on whole-number features are decided on as the reference model gives them, not rounded: the
    noise behind a count is known up to its cell only, and this is its middle: a rule that one can give for every model,
    at the price that a decision model may be asked about 5.1 loans. Acted-upon values must be whole.

    Arguments:
        decisions: The fixed decision model.
        reference: The causal model through which actions take effect: the true one where known, else the flow.
        density: The model whose log-density defines plausibility (the flow, after arXiv 2604.08030), unless the
            request asks for plausibility under the true causal model; none where there is no flow.
        scm: The true causal model where known; its density is recorded beside.
        groups: What else tells groups of those asking: words of a row per person, by column; rows as `Request.person`
            counts them. An outsider, whose number is negative, is in none.
        neighbours: Accepted training people, where plausibility is judged by them.
        heldout: A second notion of what is plausible, made from other people, which no solver is ever handed; none
            where there is none.
        fresh: Draws of noise after an action; none where that is not asked about.
        feasible: Values that are feasible for everybody, `(features,)` each; bounds of people that differ are kept
            as their own. None where nobody has any.
    """

    decisions: Decisions
    reference: CausalModel
    density: CausalModel | None
    scm: CausalModel | None
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    neighbours: Neighbours | None = None
    heldout: Plausibility | None = None
    fresh: FreshNoise | None = None
    feasible: Box | None = None

    @torch.no_grad()
    def __call__(self, request: Request, recommendation: Recommendation) -> pa.Table:
        """Return one record per person, columns as :mod:`~recourse_arena.judging.records` declares them.

        `valid` asks for a positive decision and no violation; `plausible` for a counterfactual at least as likely
        as the factual, under the density that the request names, `plausible_scm` under the true causal model and
        `plausible_heldout` by what no solver was handed, each missing where there is none; what is impossible is never
        plausible. `redrawn` is the share of draws of fresh noise in which a valid action leads to a positive decision,
        0 for one that is not valid. `violations` counts broken constraints: acted-upon
        features that are forbidden, not finite, outside the person's box or not whole where they must be. A solver
        that proves lower bounds has them recorded as `lower_bound`, next to the `weighted_cost` they bound. Where
        people pick from a menu, an action that is not on it is a violation, and
        :func:`~recourse_arena.judging.menus.offered` says what is recorded of all its actions.

        Raises:
            ArenaError: If shapes or dtypes of the recommendation are wrong, or the density asked for is not known.
        """
        seen = self.look(request, recommendation)
        factual, solved = request.factual, recommendation.solved
        acted, values, after, valid = recommendation.mask & solved[:, None], seen.values, seen.after, seen.valid
        inlier = None if self.neighbours is None else self.neighbours.score(after)
        before, likely, least = self._likelihood(request, factual, after, inlier)
        records: dict[str, object] = {
            "person": request.person,
            **groups_in_words(request.features, factual),
            **{str(name): _of_applicants(words, request.person) for name, words in self.groups.items()},
            "outcome": recommendation.outcomes,
            "valid": valid,
            "plausible": solved & _as_likely(least, likely),
            "plausible_scm": _plausible(None if self.scm is None else AsLikely(self.scm), factual, after, solved),
            "plausible_heldout": _plausible(self.heldout, factual, after, solved),
            "cost": _where(solved, request.unit_cost(factual, values, seen.acted)),
            "weighted_cost": _where(solved, request.cost(values, seen.acted)),
            "l2": _where(solved, torch.where(seen.acted, _change(request, values), 0.0).norm(dim=1)),
            "actions": acted.sum(1),
            "hard_action": _hard_action(request, acted, solved),
            "violations": seen.broken,
            "logp_factual": before,
            "logp_counterfactual": _where(solved & ~before.isnan(), likely),
            "redrawn": self._redrawn(request, seen.acted, values, valid),
        }
        if self.neighbours is not None and inlier is not None:
            records["inlier_score"] = _where(solved, inlier)
            records["neighbour_distance"] = _where(solved, self.neighbours.distance(after))
        if recommendation.lower_bound is not None:  # the solver's own word, recorded as such
            records["lower_bound"] = recommendation.lower_bound.float()
        records |= offered(request, recommendation, lambda some, advice: self.look(some, advice).valid)
        for j, name in enumerate(request.features.names):
            records[f"score_{name}"] = request.actionability.scores[:, j].to(torch.int8)
            records[f"mask_{name}"] = acted[:, j]
            records[f"value_{name}"] = _where(acted[:, j], recommendation.values[:, j])
        return as_records({**records, **self._before_and_after(request, recommendation, acted, after)})

    @torch.no_grad()
    def look(self, request: Request, recommendation: Recommendation) -> Seen:
        """Return what becomes of people who do what they were advised, without asking how likely that is.

        Raises:
            ArenaError: If shapes or dtypes of the recommendation are wrong.
        """
        recommendation.check((len(request), len(request.features)))
        factual, solved = request.factual, recommendation.solved
        acted, values = recommendation.mask & solved[:, None], recommendation.values.to(factual.dtype)
        breaks = violated(request, acted, values).sum(1)
        sound = acted & _can_be(request, values)
        values = torch.where(sound, values, factual)
        after = self.reference.counterfactual(factual, sound, values)
        broken = breaks + request.features.broken_rules(factual, after).sum(1) * solved
        broken = broken + breaks_menu(request, recommendation, request.cost(values, sound))
        return Seen(sound, values, after, broken, solved & (broken == 0) & self.decisions.accepts(after))

    def _before_and_after(
        self, request: Request, recommendation: Recommendation, acted: Tensor, after: Tensor
    ) -> dict[str, Tensor]:
        """Return what a row lacks to be judged again: the factual, what else changes, and bounds of people's own."""
        factual, columns = request.factual, {}
        told = torch.where(acted, recommendation.values.to(factual.dtype), factual)
        else_changed = recommendation.solved[:, None] & (after != told)
        ends = {} if self.feasible is None else self._own_bounds(request, self.feasible)
        for j, name in enumerate(request.features.names):
            columns[f"factual_{name}"] = factual[:, j].float()
            columns[f"after_{name}"] = _where(else_changed[:, j], after[:, j])
            for end, bounds in ends.items():
                if not bounds[:, j].isnan().all():
                    columns[f"own_{end}_{name}"] = bounds[:, j].float()
        return columns

    def _own_bounds(self, request: Request, feasible: Box) -> dict[str, Tensor]:
        """Return both ends of each person's box where they are not those of everybody, else nan."""
        usual = feasible.directed(request.factual, request.features)
        pairs = {"lower": (request.box.lower, usual.lower), "upper": (request.box.upper, usual.upper)}
        return {
            end: torch.where(request.actionable & (own != all_), own, torch.nan) for end, (own, all_) in pairs.items()
        }

    def _likelihood(
        self, request: Request, factual: Tensor, after: Tensor, inlier: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the log-density of the factual (nan without one), and the score that is plausible from a least one."""
        if request.density == "neighbours":
            if self.neighbours is None or inlier is None:
                raise ArenaError("the judge cannot tell what is plausible by neighbours: there are none")
            unknown = factual.new_full((len(factual),), torch.nan)
            return unknown, inlier, self.neighbours.least(factual)
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

    def _redrawn(self, request: Request, acted: Tensor, values: Tensor, valid: Tensor) -> Tensor:
        """Return the share of draws in which each valid action is accepted, `(people,)`; nan where nothing is drawn."""
        if self.fresh is None:
            return torch.full(valid.shape, torch.nan)
        shares, who = torch.zeros(valid.shape), valid.nonzero()[:, 0]
        people = request.person[who], request.factual[who], acted[who], values[who]
        shares[who] = self.fresh.accepted(self.decisions, request.features, *people).float()
        return shares


def _plausible(notion: Plausibility | None, factual: Tensor, after: Tensor, solved: Tensor) -> pd.arrays.BooleanArray:
    """Return whose advice is plausible, missing for everybody if there is nothing to tell it by."""
    plausible = solved
    if notion is not None:
        plausible = solved & _as_likely(notion.least(factual), notion.score(after))
    return pd.arrays.BooleanArray(plausible.numpy(), torch.full_like(solved, notion is None).numpy())


def _as_likely(before: Tensor, after: Tensor) -> Tensor:
    """Return whose score is at least the least plausible one, and not that of the impossible, bool `(people,)`."""
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
