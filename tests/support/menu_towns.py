"""Towns so small that every menu of their ladders can be tried: numbers, an ordinal with a direction, a category."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena import (
    PROFILES,
    Actionability,
    Box,
    CausalGraph,
    Cost,
    Direction,
    Feature,
    FeatureTable,
    Groups,
    Kind,
    MenuAsked,
    People,
    Problem,
    Role,
)
from recourse_arena.models.causal.no_effects import NoEffects

FEATURES = FeatureTable(
    (
        Feature("district", Kind.BINARY, Role.IMMUTABLE, levels=("north", "south"), sensitive=True),
        Feature("savings", Kind.INTEGER, Role.ACTIONABLE, lower=0, upper=6),
        Feature("course", Kind.ORDINAL, Role.ACTIONABLE, levels=("none", "first", "second"), direction=Direction.UP),
        Feature("home", Kind.CATEGORICAL, Role.ACTIONABLE, levels=("rented", "owned", "free")),
    )
)


@dataclass
class Rule:
    """Decides by points: a district's, so many for savings and courses, and some for a home; and counts questions."""

    north: float = 0.0
    home: tuple[float, ...] = (0.0, 1.5, 0.5)
    asked: int = 0

    def accepts(self, x: Tensor) -> Tensor:
        self.asked += len(x)
        points = torch.where(x[..., 0] == 0, self.north, 0.0) + 0.7 * x[..., 1] + 1.1 * x[..., 2]
        return points + torch.tensor(self.home)[x[..., 3].long()] >= 4.0


def town(
    seed: int = 0, *, people: int = 120, asked: MenuAsked | None = None, most: int = 3, rule: Rule | None = None
) -> Problem:
    """Return a town whose people can act on up to `most` features each, and weigh them as they like."""
    draws = torch.Generator().manual_seed(seed)
    columns = [torch.randint(n, (people,), generator=draws) for n in (2, 7, 3, 3)]
    x = torch.stack(columns, 1).float()
    rule = rule or Rule(north=float(torch.randn(1, generator=draws)) / 2)
    accepted = rule.accepts(x)
    return Problem(
        dataset="town",
        features=FEATURES,
        graph=CausalGraph(FEATURES.names, {}),
        decisions=rule,
        cost=Cost.fitted(x, ~accepted, FEATURES, "gower"),
        box=Box.spanning(x[~accepted], FEATURES),
        training=People(x, accepted.float()),
        validation=People(x, accepted.float()),
        profile=PROFILES["constant"],
        draw=lambda count, generator: answers(count, generator, most),
        without_effects=NoEffects(),
        menu=asked or MenuAsked(size=2),
        protected=Groups(("north", "south"), x[:, 0].long()),
    )


def answers(people: int, draws: torch.Generator, most: int = 3) -> Actionability:
    """Return answers of people who can act on one feature at least and `most` at most."""
    ranks = torch.rand(people, 3, generator=draws).argsort(1).argsort(1) + 1
    limits = torch.randint(1, most + 1, (people, 1), generator=draws) if most < 3 else torch.full((people, 1), 3)
    scores = torch.where(ranks <= limits, ranks, 4)
    return Actionability(torch.cat([torch.full((people, 1), 4), scores], 1), levels=3)


def every_action(problem: Problem, rungs: int, *, bounds: bool = False) -> Tensor:
    """Return every action of the ladders but to leave everything, `(actions, ladders)`."""
    from recourse_arena_menus.ladders import Ladders

    ladders = Ladders.of(problem, rungs, bounds=bounds)
    rows = [
        row for row in itertools.product(*map(range, ladders.widths.tolist())) if row != tuple(ladders.home.tolist())
    ]
    return torch.tensor(rows)


def asking(problem: Problem, **asked: object) -> Problem:
    """Return the town where something else is asked of menus."""
    return replace(problem, menu=replace(problem.menu or MenuAsked(), **asked))  # type: ignore[arg-type]
