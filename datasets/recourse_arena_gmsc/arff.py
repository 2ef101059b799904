"""OpenML's ARFF file, turned into Kaggle's `cs-training.csv`."""

from __future__ import annotations

__all__ = ["arff_to_csv", "simplified"]

from pathlib import Path

from pandas import DataFrame, Index, Series
from scipy.io.arff import loadarff

from recourse_arena import ArenaError
from recourse_arena_gmsc.file import COLUMNS, LABEL

_ALIASES = {"financialdistressnexttwoyears": LABEL}
_LABELS = {"no": "0", "false": "0", "yes": "1", "true": "1"}


def simplified(name: str) -> str:
    """Return `name` without case and punctuation.

    Example:
        >>> simplified("NumberOfTime30-59Days_Late")
        'numberoftime3059dayslate'
    """
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def arff_to_csv(arff: Path, csv: Path) -> None:
    """Write the borrowers of an ARFF file in the format of Kaggle's `cs-training.csv`.

    Columns may differ from the published names in case, punctuation and order; a missing value becomes `NA`.

    Raises:
        ArenaError: If it is not an ARFF file, or lacks a column.
    """
    table = _table(arff)
    by_name = {simplified(name): name for name in table.columns}
    by_name |= {simplified(alias): by_name[key] for key, alias in _ALIASES.items() if key in by_name}
    missing = [name for name in COLUMNS if simplified(name) not in by_name]
    if missing:
        raise ArenaError(
            f"the downloaded file: expected the columns of Kaggle's cs-training.csv, missing: {', '.join(missing)}\n"
            f"found: {', '.join(map(str, table.columns))}"
        )
    kaggle = DataFrame({name: _text(table[by_name[simplified(name)]]) for name in COLUMNS})
    kaggle[LABEL] = kaggle[LABEL].replace(_LABELS)
    kaggle.index = Index(range(1, len(kaggle) + 1), name="")
    kaggle.to_csv(csv, na_rep="NA", float_format="%.15G", lineterminator="\n", encoding="utf-8")


def _table(arff: Path) -> DataFrame:
    try:
        with arff.open(encoding="utf-8") as file:
            records, _ = loadarff(file)
    except (OSError, ValueError, NotImplementedError, StopIteration) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ArenaError(f"the downloaded file: expected a table in ARFF, got: {reason}") from None
    return DataFrame(records)


def _text(column: Series) -> Series:
    """Return nominal values, which scipy reads as bytes, as text; other columns as they are."""
    if column.dtype != object:
        return column
    text = column.str.decode("utf-8").str.casefold()
    return text.mask(text == "?")
