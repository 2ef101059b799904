"""German Credit and Give Me Some Credit by thresholds, with the action sets of arXiv 2308.12820."""

from __future__ import annotations

__all__ = ["GermanBinarised", "GmscBinarised"]

from pathlib import Path
from typing import ClassVar

from recourse_arena import Cells, Dataset, TableDataset, hookimpl
from recourse_arena_german import German
from recourse_arena_gmsc import Gmsc

_HERE = Path(__file__).parent


class GermanBinarised(TableDataset):
    """Borrowers of a German bank by thresholds; favourable is a good risk. Sources, action set: `german.toml`.

    Example:
        >>> len(GermanBinarised().features), GermanBinarised().features.count_actionable
        (36, 9)
    """

    name: ClassVar[str] = "german-binarised"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "real borrowers (German Credit) by 36 thresholds, action set of arXiv 2308.12820, shipped"
    toml: ClassVar[Path] = _HERE / "german.toml"

    def read(self, data: Path) -> Cells:
        """Return the borrowers by thresholds."""
        from recourse_arena_binarised.thresholds import german

        return german(German().read(data))

    def files(self, data: Path) -> tuple[Path, ...]:
        """Return where the table of `german` lies."""
        return German().files(data)


class GmscBinarised(TableDataset):
    """Borrowers of Give Me Some Credit by thresholds; favourable is no serious delinquency. Action set: `gmsc.toml`.

    Example:
        >>> len(GmscBinarised().features), GmscBinarised().features.count_actionable
        (23, 13)
    """

    name: ClassVar[str] = "gmsc-binarised"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "real borrowers (Give Me Some Credit) by 23 thresholds, action set of arXiv 2308.12820"
    toml: ClassVar[Path] = _HERE / "gmsc.toml"

    def unavailable(self, data: Path) -> str | None:
        """Return how to get the file of `gmsc` if there is none."""
        return Gmsc().unavailable(data)

    def read(self, data: Path) -> Cells:
        """Return the borrowers by thresholds: complete rows of people of 21 years or older."""
        from recourse_arena import ArenaError
        from recourse_arena_binarised.thresholds import gmsc
        from recourse_arena_gmsc.file import read

        if reason := self.unavailable(data):
            raise ArenaError(reason)
        return gmsc(read(Gmsc().location(data)))

    def files(self, data: Path) -> tuple[Path, ...]:
        """Return where the file of `gmsc` lies."""
        return Gmsc().files(data)


@hookimpl
def recourse_datasets() -> list[type[Dataset]]:
    """Return the datasets."""
    return [GermanBinarised, GmscBinarised]
