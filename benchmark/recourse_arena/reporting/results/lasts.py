"""Whose advice lasts under all changes of a run at once, beside what else leaderboards say of a solver."""

from __future__ import annotations

__all__ = ["LASTS", "Lasts", "lasts_of"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recourse_arena.storage.lasting_table import LASTING, kept_redecided
from recourse_arena.storage.run_files import RunFiles

_CELL = ["dataset", "scenario", "solver"]
_SHARE = "share of everybody who asks whose advice is valid before and under every changed decision model of the run"
_BESIDE = "A model that accepts more people lets more advice last: read it beside what the changes did to acceptance."

LASTS: Mapping[str, str] = {
    "name": "lasts",
    "title": "lasts",
    "direction": "higher",
    "unit": "share",
    "population": "everybody who asks",
    "definition": f"{_SHARE[0].upper()}{_SHARE[1:]}, thresholds as they are. {_BESIDE}",
    "shown": "yes",
}
"""What leaderboards say of the column, as metrics are declared."""


@dataclass(frozen=True)
class Lasts:
    """Whose advice lasts.

    Arguments:
        shares: The share of everybody who asks, mean over seeds, by dataset, scenario and solver.
        changes: Under which changes, by dataset; nothing where runs disagree, for shares are then of different things.
    """

    shares: Mapping[tuple[str, str, str], float]
    changes: Mapping[str, tuple[str, ...]]

    def column(self, rows: pd.DataFrame) -> list[float]:
        """Return the share of each row of a leaderboard; nan where no run says anything."""
        return [self.shares.get(key, np.nan) for key in zip(*(rows[name] for name in _CELL), strict=True)]

    def in_words(self) -> list[str]:
        """Return what the shares are of, and under which changes, a line for each dataset."""
        if not self.changes:
            return []
        unsaid = "the runs keep different changes: nothing is said"
        under = {name: f"lasts under {', '.join(of)}" if of else unsaid for name, of in self.changes.items()}
        lines = [f"{dataset}: {words}" for dataset, words in under.items()]
        return [f"lasts: {_SHARE}, thresholds as they are. {_BESIDE}", *lines]


def lasts_of(runs: Sequence[RunFiles]) -> Lasts:
    """Return whose advice lasts in runs that keep what changed models decide.

    Arguments:
        runs: The runs.
    """
    shares: dict[tuple[str, str, str], float] = {}
    changes: dict[str, tuple[str, ...]] = {}
    for run in runs:
        there = run.path is not None and (run.path / LASTING).exists()
        found = kept_redecided(run) if there else None
        if found is None or found.rows.empty:
            continue
        rows = found.rows[~found.rows["matched"].astype(bool)]
        held = (rows["counts"] == True) & (rows["accepted"] == True)  # noqa: E712 - unknown is no
        solver = rows["solver"].map(lambda name, called=run.called: called.get(name, name))
        people = rows.assign(held=held, solver=solver).groupby([*_CELL, "seed", "person"], sort=False)["held"].all()
        seeds = people.groupby([*_CELL, "seed"], sort=False).mean()
        for cell in seeds.groupby(_CELL, sort=False).mean().reset_index().to_dict("records"):
            shares[str(cell["dataset"]), str(cell["scenario"]), str(cell["solver"])] = float(cell["held"])
        for dataset, part in rows.groupby("dataset", sort=False):
            mine = tuple(dict.fromkeys(part["change"]))
            known = changes.setdefault(str(dataset), mine)
            changes[str(dataset)] = known if {*known} == {*mine} else ()
    disputed = {dataset for dataset, names in changes.items() if not names}
    return Lasts({key: share for key, share in shares.items() if key[0] not in disputed}, changes)
