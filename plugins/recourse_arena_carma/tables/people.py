"""People of a table as the networks see them, and where each may go."""

from __future__ import annotations

__all__ = ["TablePeople", "encoded"]

from dataclasses import dataclass, fields

import torch
from torch import Generator, Tensor

from recourse_arena import Box, EncodedClassifier, NotApplicable, Problem


@dataclass(frozen=True)
class TablePeople:
    """A batch of people, with what is computed once of each.

    Arguments:
        x: Factual features, `(people, features)`.
        z: The same encoded, which is their noise where nothing follows from anything, `(people, columns)`.
        described: What the networks see of a person: `z`, and half the log odds of a positive decision,
            `(people, columns + 1)`.
        lower: Least values, `(people, features)`.
        upper: Greatest values, `(people, features)`.
        levels: Columns of the levels that a category may change to, bool `(people, columns)`.
        open: Features that can be changed at all, bool `(people, features)`.
    """

    x: Tensor
    z: Tensor
    described: Tensor
    lower: Tensor
    upper: Tensor
    levels: Tensor
    open: Tensor

    @classmethod
    def of(cls, problem: Problem, x: Tensor, box: Box) -> TablePeople:
        """Return the people `x` `(people, features)`, each within bounds of their own."""
        classifier = encoded(problem)
        z = classifier.encoding.encode(x)
        described = torch.cat((z, classifier.encoded_logit(z)[:, None] / 2), 1)
        levels = _levels(problem, z, box)
        whole = problem.features.whole
        lowest, highest = (
            torch.where(whole, r, b) for r, b in ((box.lower.ceil(), box.lower), (box.upper.floor(), box.upper))
        )
        elsewhere = (lowest < highest) | (lowest != x)
        open_ = torch.where(problem.features.categorical, _by_feature(problem, levels), elsewhere)
        return cls(x, z, described, box.lower, box.upper, levels, open_)

    @classmethod
    def to_learn_from(cls, problem: Problem, synthetic: int, draws: Generator) -> TablePeople:
        """Return the negatively decided training people, and where these are fewer than `synthetic` some of others.

        There is no model to draw others from: `synthetic` less those who are there have each feature of one of two
        training people, and the refused ones of them are kept.
        """
        known = problem.training.x
        lacking = max(0, synthetic - len(problem.asking(problem.training)))
        parents = torch.randint(len(known), (2, lacking), generator=draws)
        first = torch.rand(lacking, known.shape[1], generator=draws) < 0.5
        x = torch.cat((known, torch.where(first, known[parents[0]], known[parents[1]])))
        x = x[~problem.decisions.accepts(x)]
        box = problem.box.directed(x, problem.features)
        beyond = box.lower > box.upper  # the way up is closed to who stands above everything feasible
        return cls.of(problem, x, Box(torch.where(beyond, x, box.lower), torch.where(beyond, x, box.upper)))

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, people: Tensor) -> TablePeople:
        return TablePeople(*(getattr(self, field.name).index_select(0, people) for field in fields(self)))


def encoded(problem: Problem) -> EncodedClassifier:
    """Return the classifier, through whose encoded columns gradients pass.

    Raises:
        NotApplicable: If it does not say how people look to it.
    """
    if not isinstance(problem.classifier, EncodedClassifier):
        raise NotApplicable(f"the decision model of {problem.dataset} does not say how it encodes people")
    return problem.classifier


def _levels(problem: Problem, z: Tensor, box: Box) -> Tensor:
    """Return the other levels in each person's box, of which those that no training person has are a last resort."""
    encoding = encoded(problem).encoding
    codes = encoding.codes
    inside = (encoding.spread(box.lower) <= codes) & (codes <= encoding.spread(box.upper))
    possible = (codes >= 0) & inside & (z == 0)
    common = possible & (encoding.encode(problem.training.x) > 0).any(0)
    return torch.where(encoding.spread(_by_feature(problem, common)), common, possible)


def _by_feature(problem: Problem, columns: Tensor) -> Tensor:
    """Return which features have any of `columns` `(people, columns)`, bool `(people, features)`."""
    found = torch.zeros(len(columns), len(problem.features), dtype=torch.long)
    return found.index_add(1, encoded(problem).encoding.owner, columns.long()) > 0
