"""Categories relaxed: shares of their levels that sum to one, moved by gradients, and what they are rounded to."""

from __future__ import annotations

__all__ = ["Relaxation"]

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from recourse_arena import Adam, FeatureTable, NotApplicable, onto_simplex
from recourse_arena_wachter.aim import SLACK, Aim
from recourse_arena_wachter.descent import DECAY, TARGET, Descent, Pull

_TRACE = 1e-3
"""Least share that has to have left the factual level for a category to count as moved."""


@dataclass(frozen=True)
class Relaxation:
    """Actions on encoded columns: of each category, the levels have shares that are at least 0 and sum to 1.

    The logit is that of columns between two levels, so that gradients say which level helps most. Changing category
    costs in proportion to the share that leaves the factual level.

    Arguments:
        aim: Decision and distance of the people who ask.

    Raises:
        NotApplicable: If the classifier has no encoded columns.
    """

    aim: Aim

    def __post_init__(self) -> None:
        if not hasattr(self.aim.problem.classifier, "encoded_logit"):
            raise NotApplicable(f"the decision model of {self.aim.problem.dataset} has no logit between two categories")

    def __len__(self) -> int:
        """Return how many columns there are."""
        return len(self._encoding)

    @cached_property
    def factual(self) -> Tensor:
        """The people as columns, `(people, columns)`."""
        return self._encoding.encode(self.aim.request.factual)

    @cached_property
    def allowed(self) -> Tensor:
        """Levels that a person may have, bool `(people, columns)`: the factual ones, and those they can change to."""
        request, encoding = self.aim.request, self._encoding
        inside = (encoding.codes >= encoding.spread(request.box.lower)) & (
            encoding.codes <= encoding.spread(request.box.upper)
        )
        return self._categories & ((inside & encoding.spread(request.actionable)) | (self.factual > 0))

    def shares(self, descent: Descent, *, start: Tensor | None = None) -> Tensor:
        """Return the columns `(people, columns)` of the nearest accepted point seen, or of the last one where none is.

        Those of categories hold shares. Numbers are moved together with them.

        Arguments:
            descent: How many steps there are.
            start: Where to start, in columns of categories and, for numbers, in widths of the box from the factual.
        """
        place = self._still if start is None else start
        nearest, distance = place.clone(), torch.full_like(place[:, 0], torch.inf)
        pull = Pull.first(place[:, 0])
        for number in range(descent.rounds):
            place = place.detach().clone().requires_grad_()
            adam = Adam([place], descent.rate * DECAY**number)
            accepted = torch.zeros_like(pull.now, dtype=torch.bool)
            for _ in range(descent.steps):
                logit, change = self._logit(place), self._distance(place)
                accepted = logit.detach() >= SLACK
                nearer = accepted & (change.detach() < distance)
                distance = torch.where(nearer, change.detach(), distance)
                nearest = torch.where(nearer[:, None], place.detach(), nearest)
                adam.zero_grad()
                (pull.now * (logit - TARGET) ** 2 + change).sum().backward()
                adam.step()
                with torch.no_grad():
                    place.copy_(self._projected(place.nan_to_num()))
            pull = pull.after(accepted)
        return torch.where(distance.isfinite()[:, None], nearest, place.detach())

    def elsewhere(self, where: Tensor) -> Tensor:
        """Return a start away from the factual: at `where` `(people, columns)`, from 0 to 1, between the box's ends.

        Shares are the nearest to `where` that sum to 1.
        """
        lowest, highest = (self._encoding.spread(end) for end in self._reach)
        return self._projected(torch.where(self._categories, where, lowest + (highest - lowest) * where))

    def rounded(self, shares: Tensor, *, most: int) -> tuple[Tensor, Tensor]:
        """Return what shares `(people, columns)` are rounded to: people `(rows,)` and values `(rows, features)`.

        The first row of each person leaves all categories as they are, the second changes the one that lost most of
        its factual share to the level with the greatest, the third the next one as well, up to `most` of them.
        """
        encoding, factual, numbers = self._encoding, self.aim.request.factual, self._values(shares)
        moving = torch.where(self.allowed & (self.factual == 0), shares, 0.0)
        columns = [(encoding.owner == j).nonzero()[:, 0] for j in self._features]
        moved = torch.stack([moving[:, own].sum(1) for own in columns], 1)
        codes = torch.stack([encoding.codes[own][moving[:, own].argmax(1)] for own in columns], 1).to(factual.dtype)
        place = moved.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        people, rows = [], []
        for count in range(min(most, len(self._features)) + 1):
            changed = (place < count) & (moved > _TRACE)
            values = numbers.clone()
            values[:, self._features] = torch.where(changed, codes, factual[:, self._features])
            new = (changed.sum(1) == count).nonzero()[:, 0]
            people.append(new)
            rows.append(values[new])
        return torch.cat(people), torch.cat(rows)

    def _logit(self, place: Tensor) -> Tensor:
        z = torch.where(self._categories, place, self._encoding.encode(self._values(place)))
        return self.aim.problem.classifier.encoded_logit(z)  # type: ignore[attr-defined]

    def _distance(self, place: Tensor) -> Tensor:
        parts = self.aim.parts(self._values(place))[:, ~self._table.categorical].sum(1)
        moved = torch.where(self._categories, place * (1 - self.factual), 0.0)
        return parts + (moved * self._encoding.spread(self._another)).sum(1)

    def _values(self, place: Tensor) -> Tensor:
        """Return numbers `(people, features)`; categories are as they were."""
        return self.aim.request.factual + place[:, self._first] * self._width

    def _projected(self, place: Tensor) -> Tensor:
        """Return the nearest place with numbers inside the box, and shares that are at least 0 and sum to 1."""
        lowest, highest = (self._encoding.spread(end) for end in self._reach)
        found = torch.where(self._categories, 0.0, torch.minimum(torch.maximum(place, lowest), highest))
        columns, real = self._groups
        shares = torch.where(real & self.allowed[:, columns], place[:, columns], -torch.inf)
        found[:, columns[real]] = onto_simplex(shares)[:, real]
        return found

    @cached_property
    def _still(self) -> Tensor:
        """The factual as a place, numbers moved into the box."""
        return self._projected(torch.where(self._categories, self.factual, 0.0))

    @cached_property
    def _another(self) -> Tensor:
        """Distance of another level of each category, `(people, features)`; any other, so one code further will do."""
        request = self.aim.request
        return self.aim.parts(torch.where(self._table.categorical, request.factual + 1, request.factual))

    @cached_property
    def _width(self) -> Tensor:
        request = self.aim.request
        free = request.actionable & ~self._table.categorical
        return torch.where(free, request.box.upper - request.box.lower, 0.0)

    @cached_property
    def _reach(self) -> tuple[Tensor, Tensor]:
        """How far down and up numbers may go, in widths of the box, `(people, features)` each."""
        request, free = self.aim.request, self._width > 0
        scale = torch.where(free, self._width, 1.0)
        lowest, highest = (
            torch.where(free, (end - request.factual) / scale, 0.0) for end in (request.box.lower, request.box.upper)
        )
        return lowest, highest

    @cached_property
    def _groups(self) -> tuple[Tensor, Tensor]:
        """Columns of each category, `(categories, levels)`, the shorter filled up; and which are no filling."""
        columns = [(self._encoding.owner == j).nonzero()[:, 0] for j in self._features]
        most = max(len(own) for own in columns)
        filled = torch.stack([torch.cat([own, own[:1].expand(most - len(own))]) for own in columns])
        return filled, torch.arange(most) < torch.tensor([len(own) for own in columns])[:, None]

    @cached_property
    def _categories(self) -> Tensor:
        """Which columns are levels of a category, bool `(columns,)`."""
        return self._encoding.codes >= 0

    @cached_property
    def _first(self) -> Tensor:
        """The first column of each feature, long `(features,)`."""
        return torch.tensor([int((self._encoding.owner == j).nonzero()[0]) for j in range(len(self._table))])

    @cached_property
    def _features(self) -> list[int]:
        """The categories."""
        found: list[int] = self._table.categorical.nonzero()[:, 0].tolist()
        return found

    @property
    def _table(self) -> FeatureTable:
        return self.aim.request.features

    @property
    def _encoding(self) -> Any:
        return self.aim.problem.classifier.encoding  # type: ignore[attr-defined]
