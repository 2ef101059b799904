"""Strategic Subject List: whom the Chicago police scored, as the field reads its table."""

from __future__ import annotations

__all__ = ["subjects"]

import numpy as np

from recourse_arena import ArenaError, Cells

_HIGH = 345
"""The least score that is unfavourable."""
_RACES = {"BLK": "BLK", "WBH": "BLK", "WHI": "WHI", "WWH": "WHI"}
"""Codes of race that stay, and what they count as: WBH and WWH are Black and white Hispanic people."""


def subjects(cells: Cells) -> Cells:
    """Return the people whose sex is known and who count as Black or white, with `race` and whether the score is high.

    As *FACTS* (Kavouras et al., NeurIPS 2023) reads the table: WBH counts as BLK and WWH as WHI; whose race is unknown
    (U) or sex is (X), and people coded I or API, are left out.

    Raises:
        ArenaError: If a score is no number, with file and line.
    """
    races = np.array([_RACES.get(code, "") for code in cells.column("RACE CODE CD")], dtype=object)
    kept = (races != "") & np.isin(cells.column("SEX CODE CD").astype(str), ("F", "M"))
    cells, races = cells[kept], races[kept]
    high = [_high(score, place) for score, place in zip(cells.column("SSL SCORE"), cells.places, strict=True)]
    added = {"race": races, "high score": np.array(high, dtype=object)}
    return Cells({**cells.columns, **added}, cells.places, cells.what)


def _high(score: str, place: str) -> str:
    try:
        return "yes" if float(score) >= _HIGH else "no"
    except ValueError:
        raise ArenaError(f"{place}: column 'SSL SCORE': expected a number, got {score[:80]!r}") from None
