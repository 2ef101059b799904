"""German: Statlog German Credit, 1,000 borrowers with features of all kinds; the table is shipped."""

from __future__ import annotations

__all__ = ["German"]

from pathlib import Path
from typing import ClassVar

from recourse_arena import Dataset, TableDataset, hookimpl


class German(TableDataset):
    """Borrowers of a German bank; favourable is a good risk.

    Statlog (German Credit Data), H. Hofmann, UCI Machine Learning Repository, doi:10.24432/C5NC77, CC BY 4.0. What its
    codes mean, and who calls what immutable, is said in `german.toml`.

    Example:
        >>> len(German().features), German().features.count_actionable
        (20, 11)
    """

    name: ClassVar[str] = "german"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "real borrowers (Statlog German Credit), 20 features of all kinds, no graph, shipped"
    toml: ClassVar[Path] = Path(__file__).with_name("german.toml")
    shipped: ClassVar[bool] = True


@hookimpl
def recourse_datasets() -> list[type[Dataset]]:
    """Return the dataset."""
    return [German]
