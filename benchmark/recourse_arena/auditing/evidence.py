"""What an audit rests on: the fitted models, who was asked, and the advice that each person would be given."""

from __future__ import annotations

__all__ = ["Advice", "Evidence"]

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from recourse_arena.auditing.levels import LEVELS, PROVER, Level
from recourse_arena.base.errors import ArenaError
from recourse_arena.execution.worker.fitted_dataset import FittedDataset
from recourse_arena.people.groups import groups_in_words
from recourse_arena.people.people import People
from recourse_arena.problem.outcome import Outcome
from recourse_arena.problem.scenario import Scenario
from recourse_arena.reporting.results.counterfactuals import counterfactuals
from recourse_arena.storage.run_files import RunFiles

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

MOST_GROUPS = 12
"""Values that a sensitive feature may have for people to be told apart by it."""


@dataclass(frozen=True)
class Advice:
    """What each person would be told at a level: the cheapest way that works and leads to somebody at least as likely
    as they are; where there is none, the cheapest that works.

    Everything has the order of `Evidence.persons`.

    Arguments:
        helped: Who has a way that works.
        likely: Who has one that leads to somebody at least as likely.
        proved: For whom it is proved that there is none.
        cost: Its weighted cost; nan without a way.
        after: Who they would be; themselves without a way, `(people, features)`.
        acted: What they would act on, bool `(people, features)`.
        grades: What they can act on, 0 where it is ruled out, `(people, features)`.
        levels: How many grades there are.
    """

    helped: Bools
    likely: Bools
    proved: Bools
    cost: Floats
    after: Tensor
    acted: Tensor
    grades: NDArray[np.int64]
    levels: int

    @property
    def stuck(self) -> Bools:
        """For whom no way was found and none is proved to be missing."""
        return np.asarray(~self.helped & ~self.proved)


@dataclass(frozen=True)
class Evidence:
    """What an audit rests on.

    Arguments:
        fitted: People and models.
        found: The run in which solvers looked for ways.
        proofs: The run in which proofs were looked for; none where there was nobody left, or nobody who proves.
        no_proofs: Why proofs could not be had, in words; empty if they could.
        reason: The same as programs say it.
    """

    fitted: FittedDataset
    found: RunFiles
    proofs: RunFiles | None = None
    no_proofs: str = ""
    reason: str = ""

    @cached_property
    def persons(self) -> NDArray[np.int64]:
        """Numbers of the people who were asked about, rising."""
        return np.unique(self._rows(self.found)["person"].to_numpy(dtype=np.int64))

    @cached_property
    def factual(self) -> Tensor:
        """Who they are, `(people, features)`."""
        return self.fitted.requests.applicants.x[torch.from_numpy(self.persons)]

    @cached_property
    def everybody(self) -> People:
        """All people of the part whose refused ones ask."""
        people: People = getattr(self.fitted.splits.recourse, self.fitted.requests.part)
        return people

    @cached_property
    def refused(self) -> Bools:
        """Who of everybody is refused."""
        return np.asarray(~self.fitted.problem.decisions.accepts(self.everybody.x).numpy())

    @cached_property
    def deserving(self) -> Bools:
        """Who of everybody has a favourable true label."""
        return np.asarray(self.everybody.y.numpy() == 1)

    @cached_property
    def asked(self) -> NDArray[np.int64]:
        """The row of each person who was asked about among everybody."""
        return np.flatnonzero(self.refused)[self.persons]

    @cached_property
    def groups(self) -> Mapping[str, NDArray[np.object_]]:
        """The group of everybody in words, by sensitive feature or attribute; and by all of them together."""
        dataset, people = self.fitted.dataset, self.everybody
        words = groups_in_words(dataset.features, people.x)
        if people.attributes is not None:
            words |= groups_in_words(dataset.attributes, people.attributes)
        found = {
            name.removeprefix("group_"): np.array(each, dtype=object)
            for name, each in words.items()
            if 1 < len(set(each)) <= MOST_GROUPS
        }
        if len(found) > 1:
            together = [", ".join(row) for row in zip(*found.values(), strict=True)]
            found[" and ".join(found)] = np.array(together, dtype=object)
        return found

    def advice(self, level: Level) -> Advice:
        """Return what people would be told at a level."""
        return self._advice[level]

    @cached_property
    def _advice(self) -> Mapping[Level, Advice]:
        return {level: self._best(level) for level in LEVELS}

    def _best(self, level: Level) -> Advice:
        rows = self._rows(self.found)
        rows = rows[rows["scenario"] == level.scenario]
        if rows.empty:
            raise ArenaError(f"{self.found.path}: no solver gave advice under {level.scenario}; run.json says why")
        parts, count = [rows], len(self.persons)
        proved = np.zeros(count, dtype=bool)
        if self.proofs is not None:
            more = self._rows(self.proofs)
            more = more[more["scenario"] == level.name.replace(" ", "-")]
            lost = more.loc[(more["outcome"] == Outcome.INFEASIBLE) & (more["solver"].str.startswith(PROVER)), "person"]
            proved = np.isin(self.persons, lost.to_numpy(dtype=np.int64))
            parts.append(more)
        together = pd.concat([part for part in parts if len(part)], ignore_index=True)
        return self._chosen(together, rows, proved)

    def _chosen(self, rows: pd.DataFrame, asked: pd.DataFrame, proved: Bools) -> Advice:
        names, factual = self.fitted.problem.features.names, self.factual
        works = rows[rows["valid"].fillna(False).to_numpy(dtype=bool)]
        works = works.assign(likely=works["plausible"].fillna(False).to_numpy(dtype=bool))
        works = works.sort_values(["person", "likely", "weighted_cost"], ascending=[True, False, True], kind="stable")
        best = works.drop_duplicates("person")
        place = np.searchsorted(self.persons, best["person"].to_numpy(dtype=np.int64))
        helped, likely = np.zeros((2, len(self.persons)), dtype=bool)
        helped[place], likely[place] = True, best["likely"]
        cost = np.full(len(self.persons), np.nan)
        cost[place] = best["weighted_cost"].to_numpy(dtype=float)
        after, acted = factual.clone(), torch.zeros(factual.shape, dtype=torch.bool)
        for j, name in enumerate(names):
            after[place, j] = torch.tensor(best[f"counterfactual_{name}"].to_numpy(dtype="float32"))
            acted[place, j] = torch.tensor(best[f"mask_{name}"].fillna(False).to_numpy(dtype=bool))
        first = asked.drop_duplicates("person").sort_values("person")
        grades = np.stack([first[f"score_{name}"].to_numpy(dtype=np.int64) for name in names], axis=1)
        elicitor = self.fitted.requests.registry.elicitor(Scenario.parse(first["scenario"].iloc[0]).scheme)
        levels = elicitor.levels(self.fitted.problem.features)
        return Advice(
            helped, likely, proved & ~helped, cost, after, acted, np.where(grades > levels, 0, grades), levels
        )

    def _rows(self, run: RunFiles) -> pd.DataFrame:
        return self._found if run is self.found else self._proofs

    @cached_property
    def _found(self) -> pd.DataFrame:
        return _told(self.found, self.fitted.name)

    @cached_property
    def _proofs(self) -> pd.DataFrame:
        assert self.proofs is not None
        return _told(self.proofs, self.fitted.name)


def _told(run: RunFiles, dataset: str) -> pd.DataFrame:
    """Return the people of a run with who they would be, and what they can act on."""
    more = run.read_people(lambda column: column.startswith(("mask_", "score_")))
    if more is None:  # no cell was solved
        return pd.DataFrame(columns=["scenario", "solver", "person", "outcome"])
    columns = [name for name in more if str(name).startswith(("mask_", "score_"))]
    told = counterfactuals(run, dataset, words=False)
    return pd.concat([told, more[columns].reset_index(drop=True)], axis=1)
