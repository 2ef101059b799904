"""Features of a person: what kind of value each holds, and who may move it."""

from __future__ import annotations

__all__ = ["WHO", "Direction", "Feature", "FeatureTable", "Kind", "Role"]

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.people.rules import AtMost, Rule

if TYPE_CHECKING:
    import torch

WHO = "person"
"""The column of files of answers that says who answers."""


class Kind(StrEnum):
    """What values a feature takes; every kind but `continuous` lives on whole numbers."""

    CONTINUOUS = "continuous"
    INTEGER = "integer"
    BINARY = "binary"
    ORDINAL = "ordinal"
    CATEGORICAL = "categorical"


class Role(StrEnum):
    """Who may move a feature.

    `mutable` features move only as the causal effect of others; `actionable` ones may also be acted upon.
    """

    IMMUTABLE = "immutable"
    MUTABLE = "mutable"
    ACTIONABLE = "actionable"


class Direction(StrEnum):
    """Which way a person may move a feature, from where they are; what follows from other actions is free of it."""

    ANY = "any"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class Feature:
    """One feature.

    Arguments:
        name: Its name; also the column name in every file.
        kind: What values it takes.
        role: Who may move it.
        lower: Smallest possible value.
        upper: Largest possible value.
        levels: Names of the values 0, 1, ... of a binary, ordinal or categorical feature. A categorical one needs
            them: its codes have no meaning but these names, and no order.
        sensitive: Whether results are broken down by its values.
        description: One line for people, with the unit.
        direction: Which way a person may act on it, from where they are.
        unit: What its numbers are of, as it is written behind them: `years`, `DM`. It is for people alone.

    Example:
        >>> Feature("income", role=Role.ACTIONABLE, lower=0.0).whole
        False
        >>> Feature("sex", kind=Kind.BINARY, lower=1.0, upper=0.0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: feature 'sex': lower 1.0 is above upper 0.0
    """

    name: str
    kind: Kind = Kind.CONTINUOUS
    role: Role = Role.MUTABLE
    lower: float = -math.inf
    upper: float = math.inf
    levels: tuple[str, ...] = ()
    sensitive: bool = False
    description: str = ""
    direction: Direction = Direction.ANY
    unit: str = field(default="", repr=False)  # digests of declarations are made of what is shown of features

    def __post_init__(self) -> None:
        if not self.name:
            raise ArenaError("a feature needs a name")
        if self.direction not in list(Direction):
            raise unknown(f"direction of feature {self.name!r}", str(self.direction), list(Direction))
        object.__setattr__(self, "direction", Direction(self.direction))
        if self.kind is Kind.CATEGORICAL:
            self._check_categories()
        if self.levels and self.kind in (Kind.CONTINUOUS, Kind.INTEGER):
            raise ArenaError(f"feature {self.name!r}: a feature of kind {self.kind} has no named levels")
        if self.kind is Kind.BINARY and len(self.levels) not in (0, 2):
            raise ArenaError(f"feature {self.name!r}: a binary feature has two levels, got {len(self.levels)}")
        if self.levels or self.kind is Kind.BINARY:
            highest = len(self.levels) - 1 if self.levels else 1
            object.__setattr__(self, "lower", max(self.lower, 0.0))
            object.__setattr__(self, "upper", min(self.upper, float(highest)))
        if not self.lower <= self.upper:
            raise ArenaError(f"feature {self.name!r}: lower {self.lower} is above upper {self.upper}")

    def _check_categories(self) -> None:
        if len(self.levels) < 2:
            raise ArenaError(f"feature {self.name!r}: a categorical feature needs the names of two levels or more")
        if len(set(self.levels)) < len(self.levels):
            raise ArenaError(f"feature {self.name!r}: two levels have one name")
        if self.direction is not Direction.ANY:
            raise ArenaError(f"feature {self.name!r}: categories have no order, so there is no way {self.direction}")

    @property
    def whole(self) -> bool:
        """Whether values are whole numbers."""
        return self.kind is not Kind.CONTINUOUS

    @property
    def alphabetical(self) -> tuple[int, ...]:
        """The codes of its levels by their names in alphabetical order: an order that no renaming of codes changes.

        Example:
            >>> Feature("purpose", Kind.CATEGORICAL, levels=("repairs", "car", "radio")).alphabetical
            (1, 2, 0)
        """
        return tuple(sorted(range(len(self.levels)), key=self.levels.__getitem__))

    def word(self, value: float) -> str:
        """Return a value in words: the name of the level where it has one, else the number.

        Example:
            >>> Feature("housing", Kind.CATEGORICAL, levels=("rent", "own")).word(1.0), Feature("age").word(31.5)
            ('own', '31.5')
        """
        if self.levels and value == int(value) and 0 <= value < len(self.levels):
            return self.levels[int(value)]
        return f"{value:.6g}"


@dataclass(frozen=True)
class FeatureTable:
    """The features of a dataset, in the order of the tensor columns.

    Arguments:
        features: The features.
        rules: What must hold between the features of a counterfactual.

    Example:
        >>> table = FeatureTable((Feature("age", role=Role.IMMUTABLE), Feature("income", role=Role.ACTIONABLE)))
        >>> table.names, table.index("income"), table.count_actionable
        (('age', 'income'), 1, 1)
    """

    features: tuple[Feature, ...]
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        names = [feature.name for feature in self.features]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ArenaError(f"feature names must be unique; repeated: {', '.join(repeated)}")
        if WHO in (feature.name for feature in self.features if feature.role is Role.ACTIONABLE):
            raise ArenaError(
                f"no feature that people can act on may be called {WHO!r}: in files of answers that column says who "
                f"answers; give it another name (in a TOML file, with the line `column = {WHO!r}`)"
            )
        for rule in self.rules:
            for name in rule.names:
                if isinstance(rule, AtMost) and self[name].kind is Kind.CATEGORICAL:
                    raise ArenaError(f"rule {rule}: {name!r} is categorical, and its codes cannot be summed")
                for code in rule.levels_of(name):
                    if not self[name].lower <= code <= self[name].upper:
                        raise ArenaError(f"rule {rule}: {name!r} has no level with code {code}")

    def __iter__(self) -> Iterator[Feature]:
        return iter(self.features)

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, name: str) -> Feature:
        return self.features[self.index(name)]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names in column order."""
        return tuple(feature.name for feature in self.features)

    def index(self, name: str) -> int:
        """Return the column of the feature called `name`."""
        if name not in self.names:
            raise unknown("feature", name, self.names)
        return self.names.index(name)

    @cached_property
    def actionable(self) -> torch.Tensor:
        """Which features are globally actionable, bool `(features,)`."""
        import torch

        return torch.tensor([feature.role is Role.ACTIONABLE for feature in self.features], dtype=torch.bool)

    @property
    def count_actionable(self) -> int:
        """Number of globally actionable features (K in the paper)."""
        return sum(feature.role is Role.ACTIONABLE for feature in self.features)

    @cached_property
    def whole(self) -> torch.Tensor:
        """Which features hold whole numbers, bool `(features,)`."""
        import torch

        return torch.tensor([feature.whole for feature in self.features], dtype=torch.bool)

    @cached_property
    def categorical(self) -> torch.Tensor:
        """Which features hold codes without order, whose differences mean nothing, bool `(features,)`."""
        import torch

        return torch.tensor([feature.kind is Kind.CATEGORICAL for feature in self.features], dtype=torch.bool)

    @cached_property
    def count_levels(self) -> torch.Tensor:
        """How many named levels each feature has, `(features,)`; 0 without any."""
        import torch

        return torch.tensor([len(feature.levels) for feature in self.features])

    @property
    def mixed(self) -> bool:
        """Whether some feature is categorical."""
        return any(feature.kind is Kind.CATEGORICAL for feature in self.features)

    @cached_property
    def directed(self) -> torch.Tensor:
        """Which way people may act, `(features,)`: 1 up only, -1 down only, 0 both."""
        import torch

        signs = {Direction.ANY: 0, Direction.UP: 1, Direction.DOWN: -1}
        return torch.tensor([signs[feature.direction] for feature in self.features])

    def alphabetical(self, x: torch.Tensor) -> torch.Tensor:
        """Return people with each category as the place of its name in alphabetical order, `(..., features)`.

        What is derived from it, a seed or an order, is the same however the codes are given out.
        """
        found = x.clone()
        for j, feature in enumerate(self.features):
            if feature.kind is Kind.CATEGORICAL:
                places = x.new_tensor(sorted(range(len(feature.levels)), key=feature.alphabetical.__getitem__))
                found[..., j] = places[x[..., j].long().clamp(0, len(places) - 1)]
        return found

    def broken_rules(self, factual: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Return which rules a counterfactual breaks that the factual keeps, bool `(..., rules)`.

        Both are `(..., features)`, and broadcast. Who breaks a rule as they are need not mend it: that is a reading.
        """
        import torch

        factual, after = torch.broadcast_tensors(factual, after)
        before, behind = (dict(zip(self.names, x.unbind(-1), strict=True)) for x in (factual, after))
        if not self.rules:
            return after.new_zeros((*after.shape[:-1], 0), dtype=torch.bool)
        return torch.stack([rule.kept(before) & ~rule.kept(behind) for rule in self.rules], -1)

    def validate(self, x: torch.Tensor, *, what: str = "features") -> torch.Tensor:
        """Return `x` `(people, features)` unchanged, or raise with the row and feature that is wrong."""
        import torch

        if x.ndim != 2 or x.shape[1] != len(self):
            raise ArenaError(f"{what}: expected shape (people, {len(self)}), got {tuple(x.shape)}")
        lower = torch.tensor([feature.lower for feature in self.features], dtype=x.dtype)
        upper = torch.tensor([feature.upper for feature in self.features], dtype=x.dtype)
        self._refuse(~x.isfinite(), x, what, "a finite number")
        self._refuse((x < lower) | (x > upper), x, what, "a value within its bounds")
        self._refuse(self.whole & (x != x.round()), x, what, "a whole number")
        return x

    def _refuse(self, bad: torch.Tensor, x: torch.Tensor, what: str, expected: str) -> None:
        if not bad.any():
            return
        row, column = (int(i) for i in bad.nonzero()[0])
        feature = self.features[column]
        bounds = f" in [{feature.lower:g}, {feature.upper:g}]" if "bounds" in expected else ""
        raise ArenaError(
            f"{what}: row {row}, feature {feature.name!r}: expected {expected}{bounds}, "
            f"got {x[row, column].item():g} ({int(bad.any(1).sum())} of {len(x)} rows are affected)"
        )
