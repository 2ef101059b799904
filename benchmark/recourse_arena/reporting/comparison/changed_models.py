"""What changed decision models accept in two runs side by side, person by person; and which changes a run has lost."""

from __future__ import annotations

__all__ = ["ACCEPTED", "Changed", "changed_pairs"]

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.interfaces.metric import Average
from recourse_arena.reporting.comparison.pairing import Key, Pair, Side
from recourse_arena.storage.lasting_table import LASTING, Redecided, kept_redecided

ACCEPTED = Average(lambda people: people["accepted"], "share")
"""Of people with valid advice, whose advice the changed model accepts."""

_CELL = ["dataset", "scenario", "solver", "seed"]
_FACTS = ("accuracy", "acceptance", "agreement", "lost", "gap", "gap_sd", "bits", "bytes")
_OTHER = "changed models differ"
_ALL = "*"

Model = tuple[str, str, bool]
"""Change, model, and whether its threshold is the matched one."""


@dataclass(frozen=True)
class Changed:
    """What changed models of two runs say.

    Arguments:
        pairs: Cell, metric, and its people in both runs with a column `accepted`, nan where somebody does not count.
        lost: Dataset (`*` for all), and what the current run lacks of the baseline.
        gained: The same of what only the current run has.
    """

    pairs: tuple[tuple[Key, str, Pair], ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    gained: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Kept:
    """What changed models of one run say.

    Arguments:
        found: As its folder holds it.
    """

    found: Redecided

    @cached_property
    def cells(self) -> dict[tuple[Key, Model], pd.Series]:
        """Whom each model accepts, by person in each cell: 1 or 0, nan where somebody does not count."""
        accepted = self.found.rows["accepted"].astype(float)
        counts = self.found.rows["counts"].fillna(False).astype(bool)
        rows = self.found.rows.assign(accepted=accepted.where(counts))
        found = {}
        for names, part in rows.groupby([*_CELL, "change", "model", "matched"], sort=False, observed=True):
            dataset, scenario, solver, seed, change, model, matched = map(str, names)
            key = dataset, scenario, solver, int(seed)
            found[key, (change, model, matched == "True")] = part.set_index("person")["accepted"]
        return found

    @cached_property
    def facts(self) -> dict[tuple[str, int, Model], Mapping[str, Any]]:
        """What is known of each model of a dataset and seed."""
        return {
            (str(m["dataset"]), int(m["seed"]), (str(m["change"]), str(m["model"]), bool(m["matched"]))): m
            for m in self.found.models
        }

    def models(self, seeds: set[tuple[str, int]]) -> dict[tuple[str, str], set[tuple[str, int]]]:
        """Return model and seed of each dataset and change, of some datasets and seeds."""
        names: dict[tuple[str, str], set[tuple[str, int]]] = {}
        for dataset, seed, (change, model, _) in self.facts:
            if (dataset, seed) in seeds:
                names.setdefault((dataset, change), set()).add((model, seed))
        return names

    def reason(self, dataset: str, change: str) -> str:
        """Return why a change says nothing of a dataset, if that is known."""
        said = [note["reason"] for note in self.found.notes if (note["dataset"], note["change"]) == (dataset, change)]
        return f": {said[0]}" if said else ""


def changed_pairs(before: Side, after: Side, cells: Mapping[Key, object]) -> Changed:
    """Return what changed models accept in both runs, for the cells that can be compared.

    Where nothing random lies between two cells, nothing does under a changed model either, as long as that is the
    same one by all that is known of it.

    Arguments:
        before: The run to hold on to.
        after: The run to judge.
        cells: The cells of both runs: those that are a :class:`Pair` can be compared.
    """
    found = [kept_redecided(side.result) if _has(side) else None for side in (before, after)]
    if found[0] is None and found[1] is None:
        return Changed()
    if found[0] is None or found[1] is None:
        there, other = (before, after) if found[1] is None else (after, before)
        said = ((_ALL, f"only in {there.name}: {other.name} keeps no {LASTING} of its people"),)
        return Changed(lost=said) if found[1] is None else Changed(gained=said)
    one, two = _Kept(found[0]), _Kept(found[1])
    compared = {key: pair for key, pair in cells.items() if isinstance(pair, Pair)}
    seeds = {(key[0], key[3]) for key in compared}
    lost, gained = _lacks(one, two, before.name, seeds), _lacks(two, one, after.name, seeds)
    return Changed(tuple(_pairs(one, two, compared)), tuple(lost), tuple(gained))


def _has(side: Side) -> bool:
    return side.result.path is not None and (side.result.path / LASTING).exists()


def _lacks(one: _Kept, two: _Kept, name: str, seeds: set[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """Yield dataset and what one run has of it that the other lacks, in words."""
    others = two.models(seeds)
    for (dataset, change), models in one.models(seeds).items():
        gone = sorted(models - others.get((dataset, change), set()))
        part = ", ".join(f"{model}, seed {seed}" for model, seed in gone) if len(gone) < len(models) else ""
        if gone:
            yield dataset, f"{f'{part} of ' if part else ''}{change} only in {name}{two.reason(dataset, change)}"


def _pairs(one: _Kept, two: _Kept, cells: Mapping[Key, Pair]) -> Iterator[tuple[Key, str, Pair]]:
    for (key, model), accepted in one.cells.items():
        other = two.cells.get((key, model))
        if key not in cells or other is None:
            continue
        where = (key[0], key[3], model)
        same = _alike(one.facts.get(where, {}), two.facts.get(where, {}))
        pair, (change, name, matched) = cells[key], model
        frames = [
            pd.DataFrame({"accepted": values.reindex(people["person"].astype("int64")).to_numpy()})
            for values, people in ((accepted, pair.baseline), (other, pair.current))
        ]
        notes = pair.notes if same else (*pair.notes, _OTHER)
        changed = replace(pair, baseline=frames[0], current=frames[1], exact=pair.exact and same, notes=notes)
        yield key, f"accepted by {name}{', matched' if matched else ''} ({change})", changed


def _alike(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Return whether all that is known of two models is the same."""
    first, second = (
        [np.nan if facts.get(name) is None else float(facts[name]) for name in _FACTS] for facts in (one, two)
    )
    return bool(np.allclose(first, second, rtol=1e-6, atol=1e-9, equal_nan=True))
