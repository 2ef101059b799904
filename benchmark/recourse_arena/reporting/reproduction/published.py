"""What papers report of methods that are here, and which number of ours is meant to be the same."""

from __future__ import annotations

__all__ = ["Published", "published"]

import csv
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Published:
    """One published number.

    Arguments:
        method: The method, as its authors call it.
        source: The arXiv id of the paper.
        dataset: The dataset, as it is called here.
        decision: Its kind of decision model, as the paper says it.
        measure: What is measured, as the paper says it.
        value: The number, as printed.
        world: The dataset of the suite `reproduction` with its options; empty where nothing here measures it.
        solver: The solver with its options.
        ours: The measure of :data:`~recourse_arena.reporting.reproduction.measured.MEASURES`, or the change of decision
            models that counterfactuals are to outlast.
        others: Other measures that may have been meant, told beside it.
        public: Whether the settings that decide it are public, so that the number should come out.
        said: What is public, and what is a reading.
        looked: What was looked into where it is missed.
    """

    method: str
    source: str
    dataset: str
    decision: str
    measure: str
    value: str
    world: str
    solver: str
    ours: str
    others: tuple[str, ...]
    public: bool
    said: str
    looked: str = ""

    @property
    def number(self) -> float:
        """The number."""
        return float(self.value)

    @property
    def rounding(self) -> float:
        """By how much it may be off because it is printed with so many decimals.

        Example:
            >>> next(one for one in published() if one.value == "1.56").rounding
            0.005
        """
        return 0.5 * 10.0 ** -len(self.value.partition(".")[2])


def published() -> tuple[Published, ...]:
    """Return every published number of the table.

    Example:
        >>> sorted({one.method for one in published()})
        ['COLS', 'CVAS', 'PROBE', 'PROPLACE', 'ROAR', 'TreX', 'fixed predictions']
    """
    with (files("recourse_arena.reporting.reproduction") / "published.csv").open(encoding="utf-8") as file:
        return tuple(
            Published(
                **{name: text for name, text in row.items() if name not in ("others", "public")},
                others=tuple(filter(None, row["others"].split(";"))),
                public=row["public"] == "yes",
            )
            for row in csv.DictReader(file)
        )
