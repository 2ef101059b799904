"""A recourse problem: everything a solver may learn from, and nothing it did not declare."""

from __future__ import annotations

__all__ = ["Asking", "Problem"]

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import torch
from torch import Generator, Tensor

from recourse_arena.base.errors import ArenaError, NotApplicable
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.menus.asked import MenuAsked
from recourse_arena.people.box import Box
from recourse_arena.people.features import FeatureTable
from recourse_arena.people.groups import Groups
from recourse_arena.people.people import People
from recourse_arena.problem.actionability import Actionability
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.decisions_only import DecisionsOnly, ScoresOnly
from recourse_arena.problem.graph import CausalGraph
from recourse_arena.problem.knowledge import Knowledge
from recourse_arena.problem.model_protocols import (
    AffineLayers,
    AsLikely,
    CausalModel,
    Classifier,
    Coder,
    Decisions,
    Plausibility,
    Scores,
    TreeEnsemble,
    Trees,
)
from recourse_arena.problem.profile import Profile
from recourse_arena.problem.request import Request
from recourse_arena.problem.scenario import Notion


@dataclass(frozen=True)
class Problem:
    """A dataset with its fixed decision model and causal models, and the preferences to prepare for.

    Arguments:
        dataset: Name of the dataset.
        features: Its features.
        graph: Its causal graph.
        decisions: The fixed decision model as far as the solver may see it.
        cost: The cost on this dataset's scale.
        box: Globally feasible values, `(features,)` each.
        training: Everybody in the recourse training split.
        validation: Everybody in the recourse validation split.
        profile: The cost profile to prepare for.
        draw: Draws actionability for a number of people from the training population of preferences.
        true_scm: The true structural causal model where there is one; withheld unless declared.
        causal_flow: The fitted causal flow; withheld unless declared.
        knows: What the solver declared.
        neighbours: Plausibility by neighbours, where that is the dataset's notion; nothing is withheld with it, for it
            is made of decisions on training people.
        without_effects: The causal model in which nothing follows from anything, where that is assumed of the dataset;
            everybody may see it.
        menu: What is asked of a menu of shared actions; none where each gets an action of their own.
        sparsity: How many features each may be told to act on at most, as composers of menus need to know beforehand;
            none: all.
        protected: The protected groups of training people, a row for each, where the dataset has any; withheld unless
            declared.
        autoencoder: The autoencoder of training people that the solver declares, where one was made for it; everybody
            may see it, for it is made of people alone.
        report: Takes note of how far `fit` or `recommend` is, and of the training loss: whoever runs it shows that.
    """

    dataset: str
    features: FeatureTable
    graph: CausalGraph
    decisions: Decisions
    cost: Cost
    box: Box
    training: People
    validation: People
    profile: Profile
    draw: Callable[[int, Generator], Actionability]
    true_scm: CausalModel | None = None
    causal_flow: CausalModel | None = None
    knows: frozenset[Knowledge] = frozenset(Knowledge)
    neighbours: Plausibility | None = None
    without_effects: CausalModel | None = None
    menu: MenuAsked | None = None
    sparsity: int | None = None
    protected: Groups | None = None
    autoencoder: Coder | None = None
    report: ProgressHook = silent

    def seen_by(self, knows: frozenset[Knowledge]) -> Problem:
        """Return the problem as a solver sees it that declared to know `knows`."""
        return replace(
            self,
            decisions=self._decisions_for(knows),
            true_scm=self.true_scm if Knowledge.SCM in knows else None,
            causal_flow=self.causal_flow if Knowledge.FLOW in knows else None,
            protected=self.protected if Knowledge.GROUPS in knows else None,
            knows=knows,
        )

    def _decisions_for(self, knows: frozenset[Knowledge]) -> Decisions:
        if knows & {Knowledge.CLASSIFIER, Knowledge.STRUCTURE}:
            return self.decisions
        if Knowledge.SCORES in knows and isinstance(self.decisions, Scores):
            return ScoresOnly(self.decisions)
        return DecisionsOnly(self.decisions)

    @property
    def scores(self) -> Scores:
        """The decision model with its probabilities."""
        if Knowledge.SCORES not in self.knows:
            raise self._withheld(Knowledge.SCORES)
        if isinstance(self.decisions, Scores):
            return self.decisions
        raise NotApplicable(f"the decision model of {self.dataset} gives decisions only: it has no scores")

    @property
    def classifier(self) -> Classifier:
        """The differentiable classifier."""
        if Knowledge.CLASSIFIER not in self.knows:
            raise self._withheld(Knowledge.CLASSIFIER)
        if isinstance(self.decisions, Classifier):
            return self.decisions
        raise NotApplicable(f"the decision model of {self.dataset} gives decisions only: it has no logits")

    @property
    def structure(self) -> AffineLayers:
        """The decision model whose layers can be read."""
        if Knowledge.STRUCTURE not in self.knows:
            raise self._withheld(Knowledge.STRUCTURE)
        if isinstance(self.decisions, AffineLayers):
            return self.decisions
        raise NotApplicable(f"the decision model of {self.dataset} has no affine layers that could be read")

    @property
    def trees(self) -> Trees:
        """The trees that the decision model is made of."""
        if Knowledge.STRUCTURE not in self.knows:
            raise self._withheld(Knowledge.STRUCTURE)
        found = self.decisions.trees if isinstance(self.decisions, TreeEnsemble) else None
        if found is None:
            raise NotApplicable(f"the decision model of {self.dataset} has no trees that could be read")
        return found

    @property
    def flow(self) -> CausalModel:
        """The fitted causal flow."""
        if self.causal_flow is None:
            if Knowledge.FLOW in self.knows:
                raise NotApplicable(f"there is no causal flow of {self.dataset}: nothing is assumed to follow there")
            raise self._withheld(Knowledge.FLOW)
        return self.causal_flow

    @property
    def scm(self) -> CausalModel | None:
        """The true structural causal model, or none where the dataset has none."""
        if Knowledge.SCM not in self.knows:
            raise self._withheld(Knowledge.SCM)
        return self.true_scm

    @cached_property
    def groups(self) -> Groups:
        """The protected group of each of the training people; all are in one where the dataset protects nobody."""
        if Knowledge.GROUPS not in self.knows:
            raise self._withheld(Knowledge.GROUPS)
        if self.protected is not None:
            return self.protected
        return Groups(("everybody",), torch.zeros(len(self.training), dtype=torch.int64))

    @property
    def causal_model(self) -> CausalModel:
        """The best causal model the solver may see: the true one if declared and known, else the flow.

        Where nothing is assumed to follow from anything, everybody may see that.
        """
        if self.without_effects is not None:
            return self.without_effects
        return self.flow if self.true_scm is None else self.true_scm

    def density(self, request: Request) -> CausalModel:
        """Return the model whose log-density says what is plausible in `request`.

        Raises:
            ArenaError: If the solver may not see it, or the dataset has none.
        """
        if request.density == "neighbours":
            raise NotApplicable(f"plausibility of {self.dataset} is judged by neighbours, which have no density")
        if request.density == "flow":
            return self.flow
        if self.scm is None:
            raise ArenaError(
                f"plausibility under the true causal model was asked for, but {self.dataset} has none;\n"
                f"ask without !scm-plausibility"
            )
        return self.scm

    def plausible(self, request: Request) -> Plausibility:
        """Return what says what is plausible in `request`: a score, and the least one that is asked for.

        Raises:
            ArenaError: If the solver may not see it, or the dataset has none.
        """
        if request.density != "neighbours":
            return AsLikely(self.density(request))
        if self.neighbours is None:
            raise ArenaError(f"plausibility by neighbours was asked for, but {self.dataset} has none")
        return self.neighbours

    def _withheld(self, what: Knowledge) -> ArenaError:
        return ArenaError(
            f"the solver asked for {what.value!r} but declares to know only "
            f"{', '.join(sorted(k.value for k in self.knows)) or 'nothing'}"
        )

    def asking(self, people: People) -> Tensor:
        """Return those of `people` who are decided negatively, `(asking, features)`."""
        return people.x[~self.decisions.accepts(people.x)]

    def request(
        self,
        factual: Tensor,
        actionability: Actionability,
        *,
        profile: Profile | None = None,
        box: Box | None = None,
        person: Tensor | None = None,
        plausibility: bool = True,
        density: Notion = "flow",
        sparsity: int | None = None,
        menu: MenuAsked | None = None,
    ) -> Request:
        """Return the request of people `factual` `(people, features)`, inside personal bounds if `box` has them.

        People are numbered from 0 unless `person` `(people,)` numbers them. A feature that people may move one way
        only has a bound at their factual. Who stands beyond the feasible range that way, or has bounds that do not meet
        that range, cannot act on it. Where the dataset's own notion of plausibility is its neighbours, that is what
        `flow` asks for.
        """
        limits = self.box.directed(factual, self.features)
        if box is not None:
            limits = limits.personal(box.lower, box.upper, self.features)
        stuck = limits.empty(self.features.whole)
        if stuck.any():
            limits = Box(torch.where(stuck, factual, limits.lower), torch.where(stuck, factual, limits.upper))
            actionability = actionability.without(stuck)
        if density == "flow" and self.neighbours is not None:
            density = "neighbours"
        return Request(
            features=self.features,
            factual=factual,
            actionability=actionability,
            profile=profile or self.profile,
            box=limits,
            unit_cost=self.cost,
            person=torch.arange(len(factual)) if person is None else person,
            plausibility=plausibility,
            density=density,
            sparsity=sparsity,
            menu=menu,
        )

    def noise_bounds(self, model: CausalModel) -> Box:
        """Return the range of the training people's noise under `model`, widened to whole numbers."""
        noise = model.abduct(self.training.x)
        return Box(torch.floor(noise.amin(0)), torch.ceil(noise.amax(0)))


@dataclass(frozen=True)
class Asking:
    """People who ask, and what comes of what they might do; a solver's own set-up can be a subclass.

    Arguments:
        problem: What the solver may know.
        request: The people.
        causal: Whether actions have effects on other features, under the best causal model that the solver may see.
    """

    problem: Problem
    request: Request
    causal: bool = field(default=True, kw_only=True)

    def __len__(self) -> int:
        return len(self.request)

    def __getitem__(self, people: slice | Tensor) -> Self:
        """Return some of the people: a slice, or indices or a bool tensor `(people,)`."""
        return replace(self, request=self.request[people])

    def after(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return what people become who set masked features to `values`; all `(..., people, features)`."""
        factual = self.request.factual
        if self.causal:
            return self.problem.causal_model.counterfactual(factual, mask, values)
        return values.where(mask, factual)

    def keeps_rules(self, after: Tensor) -> Tensor:
        """Return which counterfactuals `(..., people, features)` break no rule that the factual keeps, bool."""
        features = self.request.features
        if not features.rules:
            return after.new_ones(after.shape[:-1]).bool()
        return ~features.broken_rules(self.request.factual, after).any(-1)

    def accepts(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return which actions `(..., people, features)` lead to a positive decision and keep the rules, bool."""
        after = self.after(mask, values)
        return self.problem.decisions.accepts(after) & self.keeps_rules(after)

    def changed(self, values: Tensor) -> Tensor:
        """Return the features in which `values` differ from the factual, of those that are free: those acted upon."""
        return self.request.actionable & (values != self.request.factual)

    def reaches(self, values: Tensor) -> Tensor:
        """Return whose `values` `(..., people, features)` are an action, of what is changed, that is accepted, bool."""
        mask = self.changed(values)
        return self.accepts(mask, values) & mask.any(-1)

    def inside(self, values: Tensor) -> Tensor:
        """Return which `values` `(..., people, features)` are free and lie in the person's box, bool."""
        request = self.request
        return request.actionable & request.box.contains(values, request.features.whole)
