"""Where people can be taken: columns of the decision model's encoding, within what each can act on."""

from __future__ import annotations

__all__ = ["SLACK", "Ground"]

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import torch
from torch import Tensor

from recourse_arena import Asking, Encoding, NotApplicable, Problem, Request, onto_simplex

SLACK = 1e-4
"""Log odds an accepted counterfactual has at least: the last place of a sum depends on how many people are in it."""

_WHOLE = 1e-3
"""How far a number may be beyond a whole one and still be that one."""


@dataclass(frozen=True)
class Ground(Asking):
    """People, and the features whose values are searched for; of all others they are given.

    Arguments:
        problem: What the solver may know.
        request: The people, a row each; somebody may have several.
        free: Features whose values are searched for, bool `(rows, features)`.
        held: Values of all others, `(rows, features)`; where a category is not as it was, it is acted upon.

    Raises:
        NotApplicable: If categories are free, and the classifier has no encoded columns.
    """

    free: Tensor
    held: Tensor

    @classmethod
    def of(cls, problem: Problem, request: Request) -> Ground:
        """Return the ground of all that people can act on."""
        if request.features.mixed and not hasattr(problem.classifier, "encoded_logit"):
            raise NotApplicable(f"the decision model of {problem.dataset} has no logit between two categories")
        return cls(problem, request, request.actionable, request.factual)

    def __getitem__(self, rows: slice | Tensor) -> Self:
        """Return that of some rows, in some order."""
        return replace(self, request=self.request[rows], free=self.free[rows], held=self.held[rows])

    def holding(self, held: Tensor) -> Ground:
        """Return the ground where categories `(rows, features)` are given, and numbers alone are free."""
        return replace(self, free=self.free & ~self.request.features.categorical, held=held)

    def in_full(self) -> Ground:
        """Return the ground on which acceptance is tested in full; this one, where there is no quicker test."""
        return self

    @property
    def acted(self) -> Tensor:
        """Features acted upon, bool `(rows, features)`."""
        return self.free | (self.held != self.request.factual)

    @cached_property
    def relaxed(self) -> bool:
        """Whether some free feature is a category."""
        return bool((self.free & self.request.features.categorical).any())

    @cached_property
    def encoding(self) -> Encoding:
        """How people look to the decision model; where it does not say, they are standardised."""
        found: Any = getattr(self.problem.classifier, "encoding", None)
        if found is not None:
            return found
        x = self.problem.training.x
        return Encoding(self.request.features, x.mean(0), self.request.unit_cost.sd)

    @cached_property
    def home(self) -> Tensor:
        """What is nearest to the factual inside the box, `(rows, features)`."""
        return self.request.snap(self.request.factual)

    @cached_property
    def start(self) -> Tensor:
        """People as they are, moved into their box where they can act, `(rows, columns)`."""
        return self.projected(self.encoding.encode(self.held))

    @cached_property
    def ends(self) -> tuple[Tensor, Tensor]:
        """Least and greatest columns of numbers, `(rows, columns)` each; where they are not free, both as held."""
        box, encoding = self.request.box, self.encoding
        low, high = (encoding.encode(torch.where(self.free, end, self.held)) for end in (box.lower, box.upper))
        return low, high

    @cached_property
    def categories(self) -> list[tuple[int, Tensor]]:
        """The free categories and their columns."""
        chosen = (self.free & self.request.features.categorical).any(0).nonzero()[:, 0].tolist()
        return [(j, (self.encoding.owner == j).nonzero()[:, 0]) for j in chosen]

    @cached_property
    def _groups(self) -> tuple[Tensor, Tensor]:
        """Columns of each free category, `(categories, levels)`, the shorter filled up; and which are no filling."""
        most = max(len(columns) for _, columns in self.categories)
        filled = [torch.cat([columns, columns[:1].expand(most - len(columns))]) for _, columns in self.categories]
        return torch.stack(filled), torch.tensor([[i < len(own) for i in range(most)] for _, own in self.categories])

    @cached_property
    def _open(self) -> Tensor:
        """Which of these columns are levels that a person may have, bool `(rows, categories, levels)`."""
        columns, real = self._groups
        return real & self.allowed[:, columns]

    @cached_property
    def allowed(self) -> Tensor:
        """Levels that a person may have, bool `(rows, columns)`: those held, and those they can change to."""
        box, encoding = self.request.box, self.encoding
        inside = (encoding.codes >= encoding.spread(box.lower)) & (encoding.codes <= encoding.spread(box.upper))
        here = encoding.spread(self.held) == encoding.codes
        return (inside & encoding.spread(self.free)) | here

    @cached_property
    def speed(self) -> Tensor:
        """How long steps along each column are, `(rows, columns)`: 0 where nothing is free, 1 on average elsewhere.

        Steps follow the slope of the weighted cost: a column that costs twice as much is moved by half.
        """
        encoding, request = self.encoding, self.request
        unit = torch.where(request.features.categorical, 1.0, encoding.sd)
        price = request.unit_cost.per_feature(request.factual, request.factual + unit) * request.weights
        price = torch.where(request.features.categorical, price / 2, price)  # another level moves two columns by 1
        speed = encoding.spread(torch.where(self.free, 1 / price.clamp(min=1e-9), 0.0))
        count = (speed > 0).sum(1, keepdim=True).clamp(min=1)
        return speed / (speed.sum(1, keepdim=True) / count).clamp(min=1e-12)

    def projected(self, place: Tensor) -> Tensor:
        """Return the nearest columns `(rows, columns)` with numbers in the box, and shares that sum to 1."""
        found = torch.minimum(torch.maximum(place, self.ends[0]), self.ends[1])
        if not self.categories:
            return found
        columns, real = self._groups
        shares = onto_simplex(torch.where(self._open, place[:, columns], -torch.inf))
        found[:, columns[real]] = shares[:, real]
        return found

    def logit(self, place: Tensor) -> Tensor:
        """Return the log odds `(rows,)` of columns `(rows, columns)`, also between two levels of a category."""
        if self.relaxed or (
            self.problem.without_effects is not None and hasattr(self.problem.classifier, "encoded_logit")
        ):
            return self.problem.classifier.encoded_logit(place)  # type: ignore[attr-defined]
        return self.action_logit(self.acted, self.values(place))

    def values(self, place: Tensor) -> Tensor:
        """Return features `(rows, features)` of columns; categories are as held."""
        first = place[:, self._first] * self.encoding.sd + self.encoding.mean
        return torch.where(self.free & ~self.request.features.categorical, first, self.held)

    def legal(self, place: Tensor) -> Tensor:
        """Return features `(rows, features)`: the greatest levels, and whole numbers no nearer than the columns are."""
        values = self.values(place)
        for j, columns in self.categories:
            best = self.encoding.codes[columns][place[:, columns].argmax(1)].to(values.dtype)
            values[:, j] = torch.where(self.free[:, j], best, self.held[:, j])
        return self.away(values)

    def away(self, values: Tensor) -> Tensor:
        """Return `values` `(rows, features)` in the box, whole numbers rounded away from the factual."""
        request = self.request
        up = torch.where(values > request.factual, (values - _WHOLE).ceil(), (values + _WHOLE).floor())
        whole = self.free & request.features.whole
        return torch.where(self.free, request.snap(torch.where(whole, up, values)), values)

    def accepts(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return whose action leads to a positive decision and breaks no rule, bool `(rows,)`."""
        after = self.after(mask, values)
        return (self.problem.classifier.logit(after) >= SLACK) & self.keeps_rules(after)

    def cost(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return the weighted cost `(rows,)`."""
        return self.request.cost(values, mask)

    def action_logit(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return the log odds `(rows,)` of a positive decision after `do(x_j = values_j)` for masked j."""
        return self.problem.classifier.logit(self.after(mask, values))

    @cached_property
    def _first(self) -> Tensor:
        """The first column of each feature, long `(features,)`."""
        return torch.tensor([int((self.encoding.owner == j).nonzero()[0]) for j in range(len(self.request.features))])
