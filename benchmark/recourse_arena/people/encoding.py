"""People as columns of numbers between which distances mean something: what networks and gradients work on."""

from __future__ import annotations

__all__ = ["Encoding", "onto_simplex"]

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from recourse_arena.people.features import FeatureTable, Kind


@dataclass(frozen=True)
class Encoding:
    """Numbers and ordinal ranks standardised, binaries 0 or 1, a column for each level of a category.

    The columns of a category lie in alphabetical order of its levels' names, so that no renaming of codes changes
    what is computed from them.

    Arguments:
        features: The features.
        mean: What is subtracted of each feature, `(features,)`; 0 for what is not standardised.
        sd: What it is divided by then, `(features,)`; 1 for what is not standardised.

    Example:
        >>> from recourse_arena import Feature
        >>> table = FeatureTable((Feature("age"), Feature("home", Kind.CATEGORICAL, levels=("rent", "own"))))
        >>> encoding = Encoding.fitted(table, torch.tensor([[20.0, 0.0], [40.0, 1.0]]))
        >>> encoding.names
        ('age', 'home=own', 'home=rent')
        >>> z = encoding.encode(torch.tensor([[30.0, 0.0]]))
        >>> z.tolist(), encoding.decode(z).tolist()
        ([[0.0, 0.0, 1.0]], [[30.0, 0.0]])
    """

    features: FeatureTable
    mean: Tensor
    sd: Tensor

    @classmethod
    def fitted(cls, features: FeatureTable, x: Tensor, *, standardise_binaries: bool = False) -> Encoding:
        """Return the encoding on the scale of training people `x` `(people, features)`.

        Arguments:
            features: The features.
            x: The people.
            standardise_binaries: Whether binaries are standardised as numbers are, instead of being 0 and 1.
        """
        scaled = torch.tensor(
            [f.kind not in (Kind.CATEGORICAL, *(() if standardise_binaries else (Kind.BINARY,))) for f in features]
        )
        mean, sd = x.mean(0), x.std(0).clamp(min=1e-6)
        return cls(features, torch.where(scaled, mean, 0.0), torch.where(scaled, sd, 1.0))

    @classmethod
    def restored(cls, features: FeatureTable, state: Mapping[str, Tensor]) -> Encoding:
        """Return the encoding whose `mean` and `sd` were kept."""
        return cls(features, state["mean"], state["sd"])

    def __len__(self) -> int:
        return len(self.owner)

    @cached_property
    def owner(self) -> Tensor:
        """The feature that each column belongs to, long `(columns,)`."""
        return torch.tensor([j for j, f in enumerate(self.features) for _ in range(_width(f))])

    @cached_property
    def codes(self) -> Tensor:
        """The code that each column of a category stands for, `(columns,)`; -1 for all others."""
        codes = [code for f in self.features for code in (f.alphabetical if f.kind is Kind.CATEGORICAL else (-1,))]
        return torch.tensor(codes)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What each column is called."""
        pairs = zip(self.owner.tolist(), self.codes.tolist(), strict=True)
        features = self.features.features
        return tuple(
            features[j].name if code < 0 else f"{features[j].name}={features[j].levels[code]}" for j, code in pairs
        )

    def columns_of(self, name: str) -> Tensor:
        """Return the columns of the feature called `name`, `(its columns,)`."""
        return (self.owner == self.features.index(name)).nonzero()[:, 0]

    def spread(self, values: Tensor) -> Tensor:
        """Return what is said of features `(..., features)` for each of their columns, `(..., columns)`."""
        return values if self._plain else values[..., self.owner]

    def encode(self, x: Tensor) -> Tensor:
        """Return people `(..., features)` as columns `(..., columns)`."""
        z = (x - self.mean.to(x.dtype)) / self.sd.to(x.dtype)
        if self._plain:
            return z
        wide = z[..., self.owner]
        return torch.where(self.codes < 0, wide, (wide == self.codes).to(wide.dtype))

    def decode(self, z: Tensor) -> Tensor:
        """Return the nearest legal people `(..., features)` of columns `(..., columns)`, whether or not they are any.

        Numbers are taken back to their units, whole ones rounded, all kept within the bounds of their features; of a
        category the level with the greatest column is taken, in a tie the first in alphabetical order.
        """
        parts = []
        for j, feature in enumerate(self.features):
            columns = self._columns[j]
            if feature.kind is Kind.CATEGORICAL:
                parts.append(self.codes[columns][z[..., columns].argmax(-1)].to(z.dtype))
                continue
            value = z[..., columns[0]] * self.sd[j].to(z.dtype) + self.mean[j].to(z.dtype)
            parts.append((value.round() if feature.whole else value).clamp(feature.lower, feature.upper))
        return torch.stack(parts, -1)

    @property
    def state(self) -> dict[str, Tensor]:
        """What :meth:`restored` takes."""
        return {"mean": self.mean, "sd": self.sd}

    @cached_property
    def _columns(self) -> list[Tensor]:
        return [(self.owner == j).nonzero()[:, 0] for j in range(len(self.features))]

    @cached_property
    def _plain(self) -> bool:
        return not self.features.mixed


def onto_simplex(place: Tensor) -> Tensor:
    """Return the nearest shares `(..., parts)` that are at least 0 and sum to 1; those of parts at `-inf` are 0.

    That is what keeps the columns of a category a mixture of its levels. By the sort of Held, Wolfe and Crowder
    (Mathematical Programming 1974).

    Example:
        >>> onto_simplex(torch.tensor([0.75, 0.75, -torch.inf]))
        tensor([0.5000, 0.5000, 0.0000])
    """
    ordered = place.sort(dim=-1, descending=True).values
    excess = ordered.cumsum(-1) - 1
    count = (ordered * torch.arange(1, ordered.shape[-1] + 1) > excess).sum(-1, keepdim=True).clamp(min=1)
    return (place - excess.gather(-1, count - 1) / count).clamp(min=0)


def _width(feature: object) -> int:
    return len(feature.levels) if feature.kind is Kind.CATEGORICAL else 1  # type: ignore[attr-defined]
