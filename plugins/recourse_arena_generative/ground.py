"""Where people can be taken: encoded columns within what each can act on, and what is decided there."""

from __future__ import annotations

__all__ = ["Ground"]

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from recourse_arena import Asking, Encoding, NotApplicable, onto_simplex


@dataclass(frozen=True)
class Ground(Asking):
    """People, and the columns that each can be taken to, in double precision.

    Arguments:
        problem: What the solver may know.
        request: The people.
        encoding: How people look to the generative model.
    """

    encoding: Encoding

    @cached_property
    def factual(self) -> Tensor:
        """The people as they are, `(people, columns)`."""
        return self.encoding.encode(self.request.factual.double())

    @cached_property
    def fixed(self) -> Tensor:
        """Columns of what people cannot act on, bool `(people, columns)`."""
        return self.encoding.spread(~self.request.actionable)

    @cached_property
    def allowed(self) -> Tensor:
        """Levels that people may have, bool `(people, columns)`: those in the box where free, else the factual ones."""
        box, encoding = self.request.box, self.encoding
        inside = (encoding.codes >= encoding.spread(box.lower)) & (encoding.codes <= encoding.spread(box.upper))
        return torch.where(self.fixed, self.factual > 0, inside)

    @cached_property
    def ends(self) -> tuple[Tensor, Tensor]:
        """Least and greatest columns of numbers, `(people, columns)` each; those that are fixed are as they are."""
        request, box = self.request, self.request.box
        low, high = (torch.where(request.actionable, end, request.factual) for end in (box.lower, box.upper))
        return self.encoding.encode(low.double()), self.encoding.encode(high.double())

    @cached_property
    def weights(self) -> Tensor:
        """What a change of each column counts, `(people, columns)`: 1 on average over what the person can act on.

        Weights follow the person's preferences. Another level moves two columns by 1, which count half.
        """
        request = self.request
        own = torch.where(request.actionable, request.weights, 0.0).double()
        mean = own.sum(1, keepdim=True) / request.actionable.sum(1, keepdim=True).clamp(min=1)
        own = own / mean.clamp(min=1e-12)
        return self.encoding.spread(torch.where(request.features.categorical, own / 2, own))

    def inside(self, columns: Tensor) -> Tensor:
        """Return the nearest columns `(..., people, columns)` in each person's box, whose shares sum to 1."""
        found = torch.minimum(torch.maximum(columns, self.ends[0]), self.ends[1])
        for own in self._categories:
            shares = torch.where(self.allowed[:, own], columns[..., own], -torch.inf)
            found[..., own] = onto_simplex(shares)
        return found

    def values(self, columns: Tensor) -> Tensor:
        """Return the legal features `(..., people, features)` nearest to columns `(..., people, columns)`.

        Of a category the greatest of the allowed levels, numbers in the box, whole where they must be; what is fixed is
        as it is. A number as near as rounding to the factual is the factual.
        """
        request, factual = self.request, self.request.factual
        best = torch.where(self.allowed | (self.encoding.codes < 0), columns, -torch.inf)
        found = self.encoding.decode(best).to(factual.dtype)
        same = (found - factual).abs() <= 1e-6 * self.encoding.sd.to(factual.dtype)
        return torch.where(request.actionable, request.snap(torch.where(same, factual, found)), factual)

    def legal(self, columns: Tensor) -> Tensor:
        """Return the columns of the legal people next to columns `(..., people, columns)`, with gradients of these."""
        there = self.encoding.encode(self.values(columns.detach()).to(columns.dtype))
        return columns + (there - columns).detach()

    def cost(self, values: Tensor) -> Tensor:
        """Return the weighted cost `(..., people)` of setting features to `values` `(..., people, features)`."""
        request = self.request
        return request.unit_cost(request.factual, values, self.changed(values), request.weights).double()

    def distance(self, columns: Tensor) -> Tensor:
        """Return the weighted sum of absolute changes of columns `(..., people, columns)`."""
        return ((columns - self.factual).abs() * self.weights).sum(-1)

    def logit(self, columns: Tensor) -> Tensor:
        """Return the log odds `(..., people)` of columns, also between two levels of a category; differentiable.

        Where actions have effects, those of setting everything that is free count.

        Raises:
            NotApplicable: If there are categories, and the classifier has no encoded columns.
        """
        classifier, request = self.problem.classifier, self.request
        if request.features.mixed or self.problem.without_effects is not None:
            if hasattr(classifier, "encoded_logit"):
                ours, spread = self.encoding, self.encoding.spread
                theirs: Encoding = classifier.encoding  # type: ignore[attr-defined]
                scale, shift = spread(ours.sd / theirs.sd), spread((ours.mean - theirs.mean) / theirs.sd)
                return classifier.encoded_logit((columns * scale + shift).to(request.factual.dtype)).double()
            if request.features.mixed:
                raise NotApplicable(f"the decision model of {self.problem.dataset} has no logit between two categories")
        return classifier.logit(self.following(columns)).double()

    def following(self, columns: Tensor) -> Tensor:
        """Return what follows of setting everything that is free to what numbers `(..., people, columns)` say.

        It is `(..., people, features)` and differentiable; only where no feature is categorical.
        """
        request = self.request
        values = (columns * self.encoding.sd + self.encoding.mean).to(request.factual.dtype)
        return self.after(request.actionable, values)

    @cached_property
    def _categories(self) -> list[Tensor]:
        owner = self.encoding.owner
        return [(owner == j).nonzero()[:, 0] for j in self.request.features.categorical.nonzero()[:, 0].tolist()]
