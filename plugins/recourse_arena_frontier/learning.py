"""Learning where searches end, from training people whom the same search has solved."""

from __future__ import annotations

__all__ = ["learnt", "restored"]

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from recourse_arena import PROFILES, Problem, generator
from recourse_arena_frontier.models.world import World
from recourse_arena_frontier.rows import Rows, padded
from recourse_arena_frontier.search import Search
from recourse_arena_frontier.starting import Guess, Starts, draw_donors

_PEOPLE = 2048
_STARTS = 3
"""Starting points of the searches that are learnt from."""


def learnt(problem: Problem, *, seed: int, careful: bool, subsets: int, people: int, margin: float) -> Search:
    """Return the search for a problem, its regression fitted on the solutions of so many training people."""
    world = World.of(problem, margin)
    donors = draw_donors(problem, generator(seed, "frontier", "donors"))
    search = Search(world, _starts(problem, world, donors), subsets, careful)
    asking = problem.asking(problem.training)
    draws = generator(seed, "frontier", "people")
    asking = asking[torch.randperm(len(asking), generator=draws)[:people].to(asking.device)]
    if not len(asking):
        return search
    inputs, targets = _examples(search, problem, asking, seed)
    if not inputs.shape[1]:
        return search
    guess = Guess.fitted(inputs, targets, generator(seed, "frontier", "guess"))
    return replace(search, starts=replace(search.starts, guess=guess))


def restored(problem: Problem, state: Mapping[str, Tensor], *, careful: bool, subsets: int, margin: float) -> Search:
    """Return the search for a problem, with what was learnt before."""
    world = World.of(problem, margin)
    starts = _starts(problem, world, state["donors"])
    weights = {name: each for name, each in state.items() if name != "donors"}
    return Search(world, replace(starts, guess=Guess(weights) if weights else None), subsets, careful)


def _starts(problem: Problem, world: World, donors: Tensor) -> Starts:
    x = problem.training.x
    sd = x.std(0)
    return Starts(world, donors, x.mean(0)[:, None], torch.where(sd > 0, sd, 1.0)[:, None])


@torch.no_grad()
def _examples(search: Search, problem: Problem, asking: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Return what the regression sees and should say, `(numbers, rows)` each: people under all profiles in turn."""
    plausible = problem.causal_flow is not None
    inputs, targets = [], []
    for number, name in enumerate(sorted(PROFILES)):
        whom = asking[number :: len(PROFILES)]
        if not len(whom):
            continue
        answers = problem.draw(len(whom), generator(seed, "frontier", "preferences", name))
        every = problem.request(whom, answers, profile=PROFILES[name], plausibility=plausible)
        for request in (every[part] for part in torch.arange(len(whom)).split(_PEOPLE)):
            everybody = Rows.of(search.world, request[padded(torch.arange(len(request)))])
            rows, found = search.targets(everybody, len(request), _STARTS)
            if len(rows):
                solved = found.cost.isfinite()
                inputs.append(search.starts.inputs(rows)[:, solved])
                targets.append((found.y / rows.reach)[:, solved])
    if not inputs:
        return asking.T[:, :0], asking.T[:, :0]
    return torch.cat(inputs, 1), torch.cat(targets, 1)
