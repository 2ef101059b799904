"""What a metric provides."""

from __future__ import annotations

__all__ = ["Average", "Metric"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from recourse_arena.base.errors import ArenaError, unknown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_WAYS = ("share", "mean", "geometric mean")

Compute = Callable[["pd.DataFrame", Mapping[str, float]], float | None]


@dataclass(frozen=True)
class Average:
    """What a metric averages over people, and how: from it follow its value, intervals, ranks and gates.

    Arguments:
        of: Value of each person from the records of a cell, `(people,)` in their order, missing for people outside its
            population.
        how: `share` of values that are true or false, `mean`, or `geometric mean` of ratios above 0, which few huge
            ones do not drown.
        among_valid: Whether it is about people with a valid recommendation only.
        preference: Whether it says how well preferences are met, so that it means little where they cost nothing.
        certified: Whether it needs certified optima, which few runs have.
        conversation: Whether it needs people who hide what they want, whom few runs have.
        rounding: What rounding may change in a value where nothing is random, relative to it.
        remark: What a reader should know about the values.
        median_excess: Whether the metric's value, and its interval, is the median of the ratios less 1; they are
            compared by their geometric means all the same.

    Raises:
        ArenaError: If there is no such way to average.
    """

    of: Callable[[pd.DataFrame], pd.Series | np.ndarray]
    how: Literal["share", "mean", "geometric mean"] = "share"
    among_valid: bool = False
    preference: bool = False
    certified: bool = False
    conversation: bool = False
    rounding: float = 1e-4
    remark: str = ""
    median_excess: bool = False

    def __post_init__(self) -> None:
        if self.how not in _WAYS:
            raise unknown("way to average", str(self.how), _WAYS)

    @property
    def share(self) -> bool:
        """Whether its values are true or false."""
        return self.how == "share"

    @property
    def rare(self) -> bool:
        """Whether few runs have any value of it: runs without are not compared by it."""
        return self.certified or self.conversation

    @property
    def ratio(self) -> bool:
        """Whether its values are ratios."""
        return self.how == "geometric mean"

    def values(self, people: pd.DataFrame) -> np.ndarray:
        """Return the value of each person as float `(people,)`, nan for people who do not count.

        Raises:
            ArenaError: If it is not one value a person in the order of the records, a share has other values than true
                and false, or a geometric mean values that are not above 0.

        Example:
            >>> import pandas as pd
            >>> Average(lambda people: people["valid"]).values(pd.DataFrame({"valid": [True, False]}))
            array([1., 0.])
        """
        import numpy as np
        import pandas as pd

        found = self.of(people)
        if np.shape(found) != (len(people),):
            raise ArenaError(
                f"expected the values of {len(people)} people, missing for those who do not count; "
                f"got {np.shape(found)}"
            )
        if isinstance(found, pd.Series) and not found.index.equals(people.index):
            raise ArenaError("expected values in the order of the records; got a series with another index")
        plain = isinstance(found, np.ndarray) and found.dtype.kind in "bif"
        values = found.astype(float) if plain else pd.Series(found).to_numpy(dtype="float64", na_value=np.nan)
        known = values[np.isfinite(values)]
        if self.share and not ((known == 0) | (known == 1)).all():
            raise ArenaError(f"expected true or false of each person; got values up to {known.max():g}")
        if self.ratio and (known <= 0).any():
            raise ArenaError(f"expected ratios above 0; got values down to {known.min():g}")
        return np.asarray(values, dtype=np.float64)

    def __call__(self, people: pd.DataFrame, timings: Mapping[str, float]) -> float | None:
        """Return the average over those who count; none if nobody does."""
        import numpy as np

        values = self.values(people)
        known = values[np.isfinite(values)]
        if not len(known):
            return None
        return float(np.exp(np.log(known).mean()) if self.ratio else known.mean())


@dataclass(frozen=True)
class Metric:
    """One metric of a cell: a dataset, a scenario, a solver and a seed.

    A metric that is an average over people says so with `average`: it then has 95 % intervals, ranks, groups and a
    verdict of `compare`, as those of the suite have. Any other one has a value alone.

    Arguments:
        name: Its name; the column in `summary.csv`.
        direction: Which way is better: `higher`, `lower`, or `none` where neither is.
        unit: Unit of its values.
        population: The people it averages over.
        definition: What it is, in one sentence.
        compute: Its value for the records of a cell's people and the cell's timings in seconds (`fit_seconds`,
            `solve_seconds`); none where undefined. Of each feature records have `factual_`, `mask_`, `value_` (whether
            it is acted upon, and set to what) and `after_` (what it is then, where that is neither); beside what the
            judge writes they have `optimal_cost` and `optimality_gap`, if an exact solver certified anybody of the
            dataset, scenario and seed. Default: its average.
        title: Short heading for tables; its name if empty.
        average: What it averages over people; none if it is no average.
        version: Changes whenever `compute` or `average` gives other values: kept ones are then measured anew.
        shown: Whether it has a column in every leaderboard, not only in files and behind "more" of the page.

    Raises:
        ArenaError: If there is neither `compute` nor `average`.
    """

    name: str
    direction: Literal["higher", "lower", "none"]
    unit: str
    population: str
    definition: str
    compute: Compute = None  # type: ignore[assignment]
    title: str = ""
    average: Average | None = None
    version: str = "1"
    shown: bool = False

    def __post_init__(self) -> None:
        if self.compute is None and self.average is None:
            raise ArenaError(f"metric {self.name!r}: expected `compute` or `average`, got neither")
        if self.average is not None and (self.compute is None or isinstance(self.compute, Average)):
            object.__setattr__(self, "compute", self.average)

    def declaration(self) -> dict[str, str]:
        """Return what travels with every file that holds its values."""
        said = {
            "name": self.name,
            "direction": self.direction,
            "unit": self.unit,
            "population": self.population,
            "definition": self.definition,
            "title": self.title or self.name,
        }
        if self.version != "1":
            said["version"] = self.version
        if self.average is not None:
            said["average"] = self.average.how
        if self.shown:
            said["shown"] = "yes"
        return said
