"""From what solvers recommend to actions that can be told: in presentable values, and judged in those."""

from __future__ import annotations

__all__ = ["Candidates", "Found"]

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

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

_AROUND = {1: 6, 2: 5, 3: 4, 4: 3}
"""From the last step before a value, how many steps outwards are tried of each feature, by how many are acted upon."""

_BACK = 65
"""Values on the way back to where a person is that are tried."""

_MANY = ((1,), (2,))
"""Steps outwards that are tried of all features alike where more are acted upon."""


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

        A value is told in the coarsest steps in which advice around it still holds and is as likely as asked for, the
        easiest of those tried; as it was found, if in none. What is moved by less than is worth telling is left alone.

        Arguments:
            request: What each row asks: the constraints that count.
            found: What was found.
        """
        told: list[Found] = []
        worth = [self._worth_telling(request, one) for one in found]
        left: list[tuple[Found, Found | None]] = [(one, None) for one in worth if bool(one.mask.any())]
        for digits in (*_DIGITS, None):
            tried = [self._tried(request, one, digits) for one, _ in left]
            best = self._best(request, [one for one, _ in left], tried)
            told += [then for then, good in best if good and then is not None]
            left = [(one, second or then) for (one, second), (then, good) in zip(left, best, strict=True) if not good]
        told += [second for _, second in left if second is not None]
        kept = self._tightened(request, told)
        if not kept:
            return []
        rows, mask, values = torch.tensor([one.row for one in kept]), *_stacked(kept)
        actions = self.exactly(request[rows], mask, values, [one.solver for one in kept])
        return [(one.row, action) for one, action in zip(kept, actions, strict=True)]

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

    def _tightened(self, request: Request, told: Sequence[Found]) -> list[Found]:
        """Return actions, of each row and set of features the easiest, with no value farther off than it need be.

        Solvers stop where they find something. Each value in turn, the dearest first, is moved as far back as the
        advice stays as good as it was, the rest as it is.

        Arguments:
            request: What each row asks.
            told: Valid actions in values as they are told.
        """
        easiest: dict[tuple[object, ...], tuple[float, Found]] = {}
        for one in told:
            key = (one.row, *one.mask.tolist())
            price = float(request[torch.tensor([one.row])].cost(one.values[None], one.mask[None])[0])
            if key not in easiest or price < easiest[key][0]:
                easiest[key] = (price, one)
        kept = [one for _, one in easiest.values()]
        for place in range(max((int(one.mask.sum()) for one in kept), default=0)):
            tried = [self._back(request, one, place) for one in kept]
            best = self._best(request, kept, tried)
            kept = [one if better is None else better for one, (better, _) in zip(kept, best, strict=True)]
        return kept

    def _back(self, request: Request, one: Found, place: int) -> Tensor:
        """Return an action, and with its `place`-dearest value in steps on the way back, `(tries, features)`."""
        asked = request[torch.tensor([one.row])]
        parts = asked.unit_cost.per_feature(asked.factual, one.values[None])[0] * asked.weights[0] * one.mask
        column = int(parts.argsort(descending=True, stable=True)[place])
        if not one.mask[column] or request.features.categorical[column]:
            return one.values[None]
        factual, there = (float(x[column]) for x in (asked.factual[0], one.values))
        step = float(self.steps.size[column])
        number, end = factual / step, there / step
        first = math.ceil(number + 0.5) if end > number else math.floor(number - 0.5)
        numbers = torch.linspace(first, end, _BACK, dtype=torch.double).round().unique()
        values = one.values.repeat(len(numbers) + 1, 1)
        values[:-1, column] = self.steps.at(numbers, column).to(values.dtype)
        between = (values[:, column] - factual) * (values[:, column] - there) <= 0
        return values[between]

    def _worth_telling(self, request: Request, one: Found) -> Found:
        """Return an action without what it hardly moves."""
        factual = request.factual[one.row]
        mask = one.mask & self.steps.worth_telling(factual, one.values)
        return replace(one, mask=mask, values=torch.where(mask, one.values, factual))

    def _tried(self, request: Request, one: Found, digits: int | None) -> Tensor:
        """Return the values of an action as they could be told, `(tries, features)`: as found, or in steps around."""
        if digits is None:
            return one.values[None]
        columns = one.mask.nonzero()[:, 0]
        around = _AROUND.get(len(columns))
        offsets = [*product(range(around), repeat=len(columns))] if around else [ways * len(columns) for ways in _MANY]
        steps = replace(self.steps, power=self.steps.power - digits)
        factual, there = request.factual[one.row].double(), one.values.double()
        side = (there - factual).sign()
        number = there / steps.size
        before = torch.where(side > 0, (number - 1e-6).ceil() - 1, (number + 1e-6).floor() + 1)
        outwards = torch.zeros(len(offsets), len(factual), dtype=torch.double)
        outwards[:, columns] = torch.tensor(offsets, dtype=torch.double)
        values = steps.at(before + side * outwards)
        box = request.box
        inside = torch.minimum(torch.maximum(values, box.lower[one.row].double()), box.upper[one.row].double())
        whole = request.features.categorical
        return torch.where(one.mask, torch.where(whole, there, inside), factual).to(one.values.dtype).unique(dim=0)

    def _best(
        self, request: Request, found: Sequence[Found], tried: Sequence[Tensor]
    ) -> list[tuple[Found | None, bool]]:
        """Return the easiest valid try of each action, and whether it is as likely as asked for; such ones first."""
        if not found:
            return []
        counts = [len(values) for values in tried]
        rows = torch.tensor([one.row for one in found]).repeat_interleave(torch.tensor(counts))
        mask = torch.cat([one.mask.expand(count, -1) for one, count in zip(found, counts, strict=True)])
        asked, advice = request[rows], Recommendation.do(mask, torch.cat([*tried]))
        valid = self.judge.look(asked, advice).valid
        cost, good = torch.full((len(rows),), torch.inf), torch.zeros(len(rows), dtype=torch.bool)
        some = valid.nonzero()[:, 0]  # how likely the others are does not matter, and may take long to tell
        if len(some):
            judge = replace(self.judge, fresh=None, heldout=None)
            records = judge(asked[some], Recommendation.do(mask[some], advice.values[some]))
            cost[some] = torch.from_numpy(records["weighted_cost"].to_numpy(zero_copy_only=False).copy())
            plausible = torch.from_numpy(records["plausible"].to_numpy(zero_copy_only=False).astype(bool))
            good[some] = plausible | (not asked.plausibility)
        best: list[tuple[Found | None, bool]] = []
        parts = (part.split(counts) for part in (valid, good, cost))
        for one, values, ok, well, price in zip(found, tried, *parts, strict=True):
            wanted = well if well.any() else ok
            place = int(torch.where(wanted, price, torch.inf).argmin())
            best.append((replace(one, values=values[place]), bool(well.any())) if wanted.any() else (None, False))
        return best


def _stacked(found: Sequence[Found]) -> tuple[Tensor, Tensor]:
    return torch.stack([one.mask for one in found]), torch.stack([one.values for one in found])
