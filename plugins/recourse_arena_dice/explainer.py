"""DiCE asked about one person at a time."""

from __future__ import annotations

__all__ = ["Explainer"]

import copy
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from recourse_arena import ArenaError, Outcome, Problem, Request, derive_seed
from recourse_arena_dice.answer import Answer
from recourse_arena_dice.oracle import Decider, Encoded, OutOfCalls
from recourse_arena_dice.quiet import quiet
from recourse_arena_dice.table import OUTCOME, Table

_NOTHING_FOUND = "No counterfactuals found"
"""How the message begins with which DiCE says so; the class of its exception says no more than "wrong use"."""


@dataclass(frozen=True)
class Explainer:
    """DiCE with the training people of a problem.

    Arguments:
        problem: What the solver may know.
        table: How people look to DiCE.
        data: DiCE's own view of the training people.
        method: Its method.
        counterfactuals: How many it is asked for.
        samples: How many points its random method draws.
        calls: Most times it may ask the classifier for one person.
        weights: What proximity and diversity weigh in its gradient method.
        seed: Seed of all draws.
    """

    problem: Problem
    table: Table
    data: Any
    method: str
    counterfactuals: int
    samples: int
    calls: int
    weights: tuple[float, float]
    seed: int

    @classmethod
    def of(cls, problem: Problem, *, seed: int, **options: Any) -> Explainer:
        """Return DiCE with the training people of `problem`.

        Raises:
            ArenaError: If dice-ml cannot be imported.
        """
        table = Table(problem.features, problem.training)
        with quiet(seed):
            dice = _dice()
            known = table.with_every_level(problem.training.x)
            labelled = table.frame(known)
            labelled[OUTCOME] = problem.decisions.accepts(known).long().numpy()
            data = dice.Data(
                dataframe=labelled,
                continuous_features=table.continuous,
                outcome_name=OUTCOME,
                continuous_features_precision=table.precision,
            )
        return cls(problem, table, data, seed=seed, **options)

    def __call__(self, one: Request) -> Answer:
        """Return the cheapest action among the counterfactuals of one person, a request of length 1."""
        if not one.actionable.any():
            return Answer(Outcome.INFEASIBLE)
        try:
            who = one.features.alphabetical(one.factual) if one.features.mixed else one.factual
            with quiet(derive_seed(self.seed, "dice", who.numpy().tobytes().hex())):
                found = self._counterfactuals(one)
        except OutOfCalls:
            return Answer(Outcome.TIMED_OUT, reason=f"asked the classifier {self.calls} times")
        except Exception as error:  # whatever DiCE raises for one person concerns nobody else
            outcome = Outcome.NOT_FOUND if str(error).startswith(_NOTHING_FOUND) else Outcome.FAILED
            return Answer(outcome, reason=f"{type(error).__name__}: {error}")
        return self._cheapest(one, found)

    def _counterfactuals(self, one: Request) -> Tensor:
        """Return all counterfactuals that DiCE finds, `(counterfactuals, features)`."""
        data = copy.copy(self.data)  # DiCE keeps ranges and weights of whoever it was last asked about
        explainer = _dice().Dice(data, self._model(data, one.factual), method=self.method)
        mask = one.actionable[0]
        given: dict[str, Any] = {"sample_size": self.samples} if self.method == "random" else {}
        if self.method == "gradient":
            given = dict(zip(("proximity_weight", "diversity_weight"), self.weights, strict=True))
        result = explainer.generate_counterfactuals(
            self.table.frame(one.factual),
            total_CFs=self.counterfactuals,
            desired_class=1,
            features_to_vary=[name for name, free in zip(self.table.names, mask.tolist(), strict=True) if free],
            permitted_range=self.table.permitted(one.box, mask),
            posthoc_sparsity_algorithm="binary",  # linear takes a step of the last digit at a time
            **given,
        )
        example = result.cf_examples_list[0]
        frames = [frame for frame in (example.final_cfs_df, example.final_cfs_df_sparse) if frame is not None]
        return self.table.tensor(pd.concat(frames, ignore_index=True))

    def _model(self, data: Any, factual: Tensor | None = None) -> Any:
        dice = _dice()
        if self.method != "gradient":
            # To DiCE, "sklearn" is anything with the methods of scikit-learn's classifiers.
            return dice.Model(model=Decider(self.problem, self.table, self.calls, factual), backend="sklearn")
        encoding = list(data.one_hot_encode_data(data.data_df[data.feature_names]).columns)
        network = Encoded(self.problem, self.table, encoding, self.calls)
        return dice.Model(model=network, backend="PYT", func="ohe-min-max")

    def _cheapest(self, one: Request, found: Tensor) -> Answer:
        changed = (found - one.factual).abs() > self.table.tolerance
        mask = one.actionable & changed
        values = torch.where(mask, one.snap(found), one.factual)
        accepted = self.problem.decisions.accepts(values)
        if one.features.rules:
            accepted &= ~one.features.broken_rules(one.factual, values).any(-1)
        cost = torch.where(accepted, one.cost(values, mask), torch.inf)
        if not accepted.any():
            return Answer(Outcome.NOT_FOUND, reason="DiCE's counterfactuals, put into the box, are refused")
        best = int(cost.argmin())
        return Answer(Outcome.SOLVED, mask[best], values[best])


def _dice() -> Any:
    try:
        import dice_ml
    except ImportError as error:
        raise ArenaError(
            f"solver dice: dice-ml cannot be imported ({error});\n`pip install 'recourse-arena[dice]'` installs it"
        ) from None
    return dice_ml
