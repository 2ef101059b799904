"""What a `cs-training.csv` holds, and whether it is one that is known."""

from __future__ import annotations

__all__ = ["PUBLIC", "Contents", "describe"]

from dataclasses import dataclass
from pathlib import Path

from pandas import DataFrame

from recourse_arena_gmsc.file import LABEL, read


@dataclass(frozen=True)
class Contents:
    """Counts that tell one version of the file from another.

    Arguments:
        rows: Borrowers.
        defaults: Those with `SeriousDlqin2yrs == 1`.
        missing_income: Those without a monthly income.
        missing_dependents: Those without a number of dependants.
    """

    rows: int
    defaults: int
    missing_income: int
    missing_dependents: int

    @classmethod
    def of(cls, table: DataFrame) -> Contents:
        """Return the counts of the file's rows."""
        return cls(
            rows=len(table),
            defaults=int(table[LABEL].sum()),
            missing_income=int(table["MonthlyIncome"].isna().sum()),
            missing_dependents=int(table["NumberOfDependents"].isna().sum()),
        )

    def __str__(self) -> str:
        return (
            f"{self.rows:,} rows, {self.defaults:,} defaults, "
            f"{self.missing_income:,} without income, {self.missing_dependents:,} without dependents"
        )


PUBLIC = Contents(rows=150_000, defaults=10_026, missing_income=29_731, missing_dependents=3_924)
"""The full file of the competition, `kaggle.com/c/GiveMeSomeCredit`."""

_PART = "093528afc55897dd5ff1d6018c6e8c80a6406f3d0cc9a70804d9f70543cdf5c9"


def describe(path: Path, digest: str) -> str:
    """Return in a few lines what the file with SHA-256 `digest` holds, and which of the known ones it is."""
    table = read(path)
    contents = Contents.of(table)
    known = "other content than the public file: unknown"
    if contents == PUBLIC:
        known = "the full public file"
    elif digest == _PART:
        known = "the known part of the public file with 19,999 rows"
    complete = len(table.dropna())
    share = contents.defaults / contents.rows
    return f"{path}\nsha256 {digest}\n{contents} ({share:.1%} defaults); {complete:,} rows complete\n{known}"
