"""From what solvers recommend to actions that can be told: in presentable values, and judged in those."""

from __future__ import annotations

__all__ = ["Candidates", "Found"]

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena.advice.advising.alternatives import Action
from recourse_arena.advice.advising.likeliness import Likeliness
from recourse_arena.advice.analysis.steps import Steps
from recourse_arena.judging.judge import Judge
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request

_DIGITS = (0, 1, 2)
"""How many digits more values may be told with if advice does not hold in coarser ones."""


@dataclass(frozen=True)
class Found:
    """An action that a solver recommends, not judged yet.

    Arguments:
        row: For which person of a batch it is.
        solver: Who recommends it.
        mask: What is acted upon, bool `(features,)`.
        values: What it is set to, `(features,)`.
    """

    row: int
    solver: str
    mask: Tensor
    values: Tensor


@dataclass(frozen=True)
class Candidates:
    """Judges what solvers found.

    Arguments:
        judge: The judge.
        steps: In which steps values are told.
        likeliness: How likely people are.
    """

    judge: Judge
    steps: Steps
    likeliness: Likeliness

    @torch.no_grad()
    def judged(self, request: Request, found: Sequence[Found]) -> list[tuple[int, Action]]:
        """Return the valid actions among what was found, each with its row, in values as they are told.

        A value is told in the coarsest steps in which advice still holds and is as likely as it was. What is moved by
        less than is worth telling is left alone.

        Arguments:
            request: What each row asks: the constraints that count.
            found: What was found.
        """
        if not found:
            return []
        rows = torch.tensor([one.row for one in found])
        mask, values = torch.stack([one.mask for one in found]), torch.stack([one.values for one in found])
        asked = request[rows]
        told = self._told(asked, mask, values)
        plain = replace(self.judge, fresh=None, heldout=None)
        tried = [self._look(plain, asked, *one) for one in told]
        chosen = _first(torch.stack([good for good, _ in tried]), torch.stack([valid for _, valid in tried]))
        kept: dict[tuple[object, ...], tuple[int, int]] = {}
        for i, way in enumerate(chosen.tolist()):
            if way >= 0:
                acted, then = told[way][0][i], told[way][1][i]
                kept.setdefault((found[i].row, tuple(acted.tolist()), tuple(then[acted].tolist())), (i, way))
        if not kept:
            return []
        places = [*kept.values()]
        which = torch.tensor([i for i, _ in places])
        acted, then = (torch.stack([told[way][part][i] for i, way in places]) for part in (0, 1))
        actions = self.exactly(asked[which], acted, then, [found[i].solver for i, _ in places])
        return [(found[i].row, action) for (i, _), action in zip(places, actions, strict=True)]

    def _told(self, asked: Request, mask: Tensor, values: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return actions in coarser and finer values, and as they were found."""
        ways = []
        for digits in _DIGITS:
            steps = replace(self.steps, power=self.steps.power - digits)
            rounded = steps.rounded(values, away_from=asked.factual, box=asked.box)
            moved = mask & steps.worth_telling(asked.factual, rounded)
            ways.append((moved, torch.where(moved, rounded, asked.factual)))
        moved = mask & self.steps.worth_telling(asked.factual, values)
        return [*ways, (moved, torch.where(moved, values, asked.factual))]

    def _look(self, judge: Judge, asked: Request, mask: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return which actions are valid and likely enough, and which are valid, bool `(actions,)` each."""
        records = judge(asked, Recommendation.do(mask, values, found=mask.any(1)))
        valid = torch.from_numpy(records["valid"].to_numpy(zero_copy_only=False).copy())
        plausible = torch.from_numpy(records["plausible"].to_numpy(zero_copy_only=False).astype(bool))
        return valid & (plausible | (not asked.plausibility)), valid

    @torch.no_grad()
    def exactly(self, asked: Request, mask: Tensor, values: Tensor, solvers: Sequence[str]) -> list[Action]:
        """Return actions as the judge sees them in exactly these values, valid or not.

        Arguments:
            asked: What each row asks.
            mask: What it acts upon, bool `(actions, features)`.
            values: What it sets that to, `(actions, features)`.
            solvers: Who found each.
        """
        advice = Recommendation.do(mask, values)
        records, after = self.judge(asked, advice), self.judge.look(asked, advice).after
        likely = self.likeliness.score(after).tolist()
        told = records.select(["weighted_cost", "valid", "plausible", "redrawn"]).to_pylist()
        own = asked.actionability
        levels = torch.where(mask, own.scores, 0).amax(1) * own.ordered
        return [
            Action(
                mask[i],
                values[i],
                after[i],
                solver,
                effort=float(row["weighted_cost"]),
                hardest=int(levels[i]),
                valid=bool(row["valid"]),
                plausible=bool(row["plausible"]),
                likeliness=likely[i],
                holds=float("nan") if row["redrawn"] is None else float(row["redrawn"]),
            )
            for i, (row, solver) in enumerate(zip(told, solvers, strict=True))
        ]


def _first(good: Tensor, valid: Tensor) -> Tensor:
    """Return the first way `(actions,)` in which each action is good, else valid; -1 if in none.

    Arguments:
        good: Which are good, bool `(ways, actions)`.
        valid: Which are valid.
    """
    wanted = torch.where(good.any(0), good, valid)
    return torch.where(wanted.any(0), wanted.int().argmax(0), -1)
