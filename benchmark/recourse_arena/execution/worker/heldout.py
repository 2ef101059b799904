"""What is plausible by a ruler that no solver is handed: another model, of other people, for the judge alone."""

from __future__ import annotations

__all__ = ["heldout_flow", "heldout_neighbours", "other_people"]

import torch

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.randomness import derive_seed, generator
from recourse_arena.execution.worker.fitted_models import kept_or_fitted, restored_flow
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.models.causal.fitting import fit_flow
from recourse_arena.models.causal.flow import CausalFlow
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.encoding import Encoding
from recourse_arena.people.people import People, Split, Splits
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.problem.model_protocols import Decisions
from recourse_arena.storage.artefact_cache import ArtefactCache

_FEWEST = 20
"""People below which no flow is fitted."""


def other_people(splits: Splits) -> People:
    """Return people that the flow was not fitted to, and who do not ask for recourse.

    They are the training people of the decision model where these are others than the flow's, as in populations that
    are drawn from equations; else the flow's validation people, on whom it chose its epoch and nothing more. Neither
    are test people: a model that was fitted to whoever asks would find them likelier than strangers.
    """
    decision, flow = splits.decision.train, splits.flow.train
    same = decision.x.shape == flow.x.shape and bool((decision.x == flow.x).all())
    return splits.flow.validation if same else decision


def heldout_flow(
    dataset: Dataset, splits: Splits, keys: ModelKeys, *, seed: int, cache: ArtefactCache
) -> CausalFlow | None:
    """Return a causal flow of other people, another kind and another seed, from the cache where it is kept.

    A tenth of its people choose the epoch. None where there is no causal graph, or too few people for one.
    """
    people, recipe = other_people(splits), dataset.flow.other()
    if not keys.heldout or len(people) < _FEWEST:
        return None
    order = torch.randperm(len(people), generator=generator(seed, "heldout", "split"))
    train, chosen = people[order[len(order) // 10 :]], people[order[: len(order) // 10]]
    split = Split(train, chosen, chosen)
    try:
        return kept_or_fitted(
            cache,
            "heldout",
            keys.heldout,
            fit=lambda: fit_flow(dataset.features, dataset.graph, recipe, split, seed=derive_seed(seed, "heldout")),
            state=CausalFlow.state_dict,
            restore=lambda state: restored_flow(dataset, recipe, state),
        )
    except ArenaError:  # they are all alike in something: there is no such ruler then
        return None


def heldout_neighbours(encoding: Encoding, splits: Splits, decisions: Decisions) -> Neighbours | None:
    """Return accepted people among others than those whose neighbours solvers look at; none if there are too few."""
    people = other_people(splits)
    accepted = people.x[decisions.accepts(people.x)]
    return Neighbours(encoding, accepted) if len(accepted) > 1 else None
