"""Tuning of a solver's options: every trial is fitted on training people and judged on validation people."""

from __future__ import annotations

__all__ = ["Tuning", "tune"]

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.version import PROTOCOL, __version__
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.runner import evaluate
from recourse_arena.execution.summary import summarise
from recourse_arena.execution.worker.fitted_dataset import FittedDataset, prepare
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.planning.plan import Plan, make_plan
from recourse_arena.planning.solver_card import cards_of
from recourse_arena.problem.outcome import Outcome
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.files import write_atomically
from recourse_arena.storage.run_record import provenance
from recourse_arena.tuning.objective import Objective
from recourse_arena.tuning.study import Study, Trial, import_optuna
from recourse_arena.tuning.tunable import Tunable


def tune(
    solver: str,
    *,
    dataset: str,
    scenarios: Sequence[str],
    objective: str,
    out: Path,
    registry: Registry,
    data: Path,
    cache: ArtefactCache,
    only: Sequence[str] = (),
    trials: int = 30,
    seed: int = 0,
    seeds: Sequence[int] = (0,),
    people: int | None = None,
    progress: Progress | None = None,
) -> Tuning:
    """Search the options of a solver for those that maximise an objective, and write what comes out.

    The folder gets `trials.csv` (a row per trial) and `tuning.json`, anew after every trial. The same call on the same
    folder goes on where it stopped, also towards more trials, and ends as if it had never stopped.

    Arguments:
        solver: Its name; options in it (`icarma?steps=1500`) are fixed and not tuned.
        dataset: Name of the dataset.
        scenarios: Names of the scenarios; the value of a trial is the mean of the objective over them and the seeds.
        objective: Expression over metrics, larger is better; see :class:`~recourse_arena.tuning.objective.Objective`.
        out: The folder.
        registry: What is plugged in.
        data: Data directory.
        cache: Where fitted models are kept.
        only: The options to tune; all of the solver's space if empty.
        trials: How many trials there are in the end, the defaults among them.
        seed: Seed of the search.
        seeds: Seeds of data, models and training.
        people: How many validation people are asked about for each seed; if none, all who are decided negatively.
        progress: Who hears of each trial.

    Raises:
        ArenaError: If Optuna is missing, or names, options, expression or folder are wrong; no trial has run then.
    """
    import_optuna()
    tunable = Tunable.of(solver, registry, dataset=dataset, only=only)
    goal = _goal(objective, registry)
    block = Block((dataset,), tuple(map(registry.scenario, scenarios)), (solver,), people)
    plan = make_plan(Suite("tuning", "", (block,), seeds=tuple(seeds)), registry, data=data)
    registry.want_metrics(goal.metrics)
    materials = {
        (dataset, one): _asking(prepare(dataset, seed=one, data=data, cache=cache, registry=registry))
        for one in dict.fromkeys(seeds)
    }
    search = _Search(tunable, goal, plan, materials, registry, data, cache)
    setting = search.setting(seed)
    study = Study(out, setting)
    tuning = Tuning(tunable, goal, study.trials, setting, provenance(registry.used))
    progress = progress or Progress()
    progress.begin({str(number): 1.0 for number in range(len(study.trials), trials)})
    try:
        for number in range(len(study.trials), trials):
            asked, options = study.ask(tunable.space, tunable.defaults, seed=seed)
            progress.step(str(number), f"trial {number} (the last is {trials - 1}): {tunable.variant(options)}")
            trial = search.judged(number, options)
            study.tell(asked, trial)
            progress.done(str(number))
            if trial.reason:
                progress.say(f"failed trial {number}: {trial.reason}")
            tuning = replace(tuning, trials=study.trials)
            tuning.write(out)
    finally:
        progress.end()
    tuning.write(out)
    return tuning


def _goal(text: str, registry: Registry) -> Objective:
    """Return an objective; plugins are asked for their metrics only if it names one that the suite has not."""
    try:
        return Objective.parse(text, registry.measured)
    except ArenaError:
        return Objective.parse(text, registry.metrics)


@dataclass(frozen=True)
class Tuning:
    """A search and what came out.

    Arguments:
        tunable: What was tuned.
        objective: What was maximised.
        trials: Every trial, in order; the first one holds the defaults.
        setting: All that the trials depend on.
        provenance: On what machine and software the last of them ran.
    """

    tunable: Tunable
    objective: Objective
    trials: tuple[Trial, ...]
    setting: Mapping[str, Any]
    provenance: Mapping[str, Any]

    @property
    def ranked(self) -> list[Trial]:
        """The trials that did not fail, best first; of equals, the earlier first."""
        return sorted((trial for trial in self.trials if trial.value is not None), key=lambda t: -(t.value or 0.0))

    @property
    def best(self) -> Trial | None:
        """The best trial; none if all of them failed."""
        return next(iter(self.ranked), None)

    @property
    def asked(self) -> list[int]:
        """How many validation people are asked about with each seed."""
        applicants = [materials["asking"] for materials in self.setting["materials"]]
        return [min(count, self.setting["people"] or count) for count in applicants]

    def mean(self, trial: Trial, metric: str) -> float | None:
        """Return the mean of a metric over the scenarios in which it is defined; none if there is none."""
        values = [judged[metric] for judged in trial.metrics.values()]
        known = [value for value in values if value is not None]
        return fmean(known) if known else None

    def table(self) -> pd.DataFrame:
        """Return a row per trial: `trial, state, value, seconds, option_*, METRIC[SCENARIO]..., reason`."""
        return pd.DataFrame([self._row(trial) for trial in self.trials])

    def _row(self, trial: Trial) -> dict[str, Any]:
        judged = {
            f"{metric}[{name}]": trial.metrics.get(name, {}).get(metric)
            for name in self.setting["scenarios"]
            for metric in ("value", *self.setting["metrics"])
        }
        return {
            "trial": trial.number,
            "state": "failed" if trial.reason else "done",
            "value": trial.value,
            "seconds": round(trial.seconds, 3),
            **{f"option_{name}": value for name, value in trial.options.items()},
            **judged,
            "reason": trial.reason,
        }

    def write(self, folder: Path) -> None:
        """Write `trials.csv` and `tuning.json`."""
        best = self.best
        record = {
            **self.setting,
            "undefined": "where a metric is undefined the objective is minus infinity: it loses",
            "trials": len(self.trials),
            "failed": sum(bool(trial.reason) for trial in self.trials),
            "defaults": asdict(self.trials[0]) if self.trials else None,
            "best": {"variant": self.tunable.variant(best.options), **asdict(best)} if best else None,
            "provenance": self.provenance,
        }
        write_atomically(folder / "trials.csv", self.table().to_csv(index=False, float_format="%.6g").encode())
        write_atomically(folder / "tuning.json", (json.dumps(record, indent=1) + "\n").encode())


@dataclass(frozen=True)
class _Search:
    tunable: Tunable
    objective: Objective
    plan: Plan
    materials: Mapping[tuple[str, int], FittedDataset]
    registry: Registry
    data: Path
    cache: ArtefactCache

    def setting(self, seed: int) -> dict[str, Any]:
        """Return all that the trials of a search with this seed depend on."""
        cells = self.plan.cells
        return {
            "solver": self.tunable.solver,
            "version": self.tunable.version,
            "space": {name: asdict(place) for name, place in self.tunable.space.items()},
            "defaults": dict(self.tunable.defaults),
            "objective": self.objective.text,
            "dataset": cells[0].dataset,
            "scenarios": list(dict.fromkeys(cell.scenario.name for cell in cells)),
            "seeds": [materials.seed for materials in self.materials.values()],
            "people": cells[0].people,
            "split": "validation",
            "seed": seed,
            "metrics": list(self.registry.measured),
            "materials": [dict(materials.identity) for materials in self.materials.values()],
            "recourse-arena": __version__,
            "protocol": PROTOCOL,
        }

    def judged(self, number: int, options: Mapping[str, Any]) -> Trial:
        """Fit the variant with these options for each seed, judge it under each scenario, and return how it did."""
        start = time.perf_counter()
        try:
            metrics = self._metrics(self.tunable.variant(options))
        except ArenaError as error:
            return Trial(number, options, None, time.perf_counter() - start, reason=str(error))
        value = fmean(judged["value"] or 0.0 for judged in metrics.values())
        return Trial(number, options, value, time.perf_counter() - start, metrics)

    def _metrics(self, name: str) -> dict[str, dict[str, float | None]]:
        """Return by scenario what a variant scores, means over seeds; raise why it cannot be said."""
        cells = tuple(replace(cell, solver=name) for cell in self.plan.cells)
        plan = replace(self.plan, cells=cells, solvers=cards_of(self.registry)([name]))
        records = evaluate(
            plan, lambda *key: self.materials[key], registry=self.registry, data=self.data, cache=self.cache
        )
        for record in records:
            if record.outcome != Outcome.SOLVED:
                raise ArenaError(f"{record.cell.scenario.name}, seed {record.cell.seed}: {record.reason}")
        summary, _ = summarise(records, self.registry)
        table = summary[["scenario", *self.registry.measured]].assign(value=self.objective.of(summary))
        means = table.set_index("scenario").apply(pd.to_numeric).groupby("scenario", sort=False).mean()
        if not means["value"].map(math.isfinite).all():
            undefined = [name for name in self.objective.metrics if summary[name].isna().any()]
            why = f"; undefined: {', '.join(undefined)}" if undefined else ""
            raise ArenaError(f"the objective is {means['value'].tolist()} under {', '.join(means.index)}{why}")
        return {
            str(scenario): {name: None if pd.isna(value) else float(value) for name, value in row.items()}
            for scenario, row in means.iterrows()
        }


def _asking(materials: FittedDataset) -> FittedDataset:
    """Return materials in which validation people ask, never test people."""
    validating = materials.validating()
    if not len(validating.requests):
        raise ArenaError(f"{materials.name}, seed {materials.seed}: no validation person is decided negatively")
    return validating
