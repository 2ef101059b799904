"""Whether the advice of a run lasts: what changed models make of it, in the forms that it can be written in."""

from __future__ import annotations

__all__ = ["LASTING_FORMS", "SAID_FIRST", "Lasting"]

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from tabulate import tabulate

from recourse_arena.base.names import plain
from recourse_arena.reporting.lasting.anew import anew_of
from recourse_arena.reporting.lasting.price import margins_of, price_of
from recourse_arena.reporting.lasting.shares import FACTS, MODEL, advice_of, models_of, solvers_of
from recourse_arena.reporting.leaderboard.escaping import csv_safe, for_markdown
from recourse_arena.storage.lasting_table import Redecided
from recourse_arena.storage.run_files import RunFiles

LASTING_FORMS = ("table", "md", "csv", "json")

SAID_FIRST = (
    "A model that accepts more people lets more advice last, whatever happened to it: read VD beside the acceptance "
    "rate, who is accepted already and who early, and in the rows at matched acceptance."
)
"""What is said before any number."""

_ADVICE = {
    "change": "change",
    "model": "model",
    "threshold": "threshold",
    "already": "already",
    "early": "early",
    "vd": "VD",
    "vd_stay": "VD stay",
    "delivered": "delivered",
    "lasts": "lasts",
}
_MODELS = {
    "change": "change",
    "model": "model",
    "threshold": "threshold",
    "accuracy": "accuracy",
    "acceptance": "acceptance",
    "agreement": "agreement",
    "lost": "lost",
    "gap": "logit gap",
    "gap_sd": "its sd",
    "bits": "bits",
    "bytes": "bytes",
}
_TABLES: Mapping[str, Mapping[str, str]] = {
    "models": _MODELS,
    "solvers": {"scenario": "scenario", "solver": "solver", "attainability": "attainability"},
    "anew": {
        **{name: name for name in ("scenario", "solver", "change", "model", "threshold", "counted")},
        "crg": "gap",
        "crg_median": "median",
        "similarity": "direction",
        "overlap": "overlap",
        "infeasible": "none anew",
    },
    "price": {
        **{name: name for name in ("scenario", "plain", "asked", "found", "lost")},
        "ratio": "cost ratio",
        "both": "people",
    },
    "margins": {
        **{name: name for name in ("scenario", "solver", "change", "model", "threshold")},
        "margin95": "margin (sd)",
        "vd": "VD there",
        "already": "already",
        "price95": "cost ratio",
        "lost95": "lost",
    },
}
"""Tables of a dataset: columns with their heads."""

_WORDS = {
    "solvers": "who has valid and plausible advice, and for whom it lasts under each change",
    "anew": "recourse anew under the changed model beside advice before: the gap in cost, over people whom both refuse",
    "price": "what it costs to ask for a margin, or to last, beside the same solver without: ratio of mean costs",
    "margins": "the least margin at which advice lasts for 95 % of validation people, and what it costs test people",
}
_WITH_INTERVAL = ("vd", "vd_stay", "delivered", "lasts", "crg", "ratio", "price95")
_SUMMARIES = ("all ", "mean of ", "worst of ")


@dataclass(frozen=True, repr=False)
class Lasting:
    """What becomes of the advice of a run under changes of its decision models: displays as its tables.

    Who counts: people whom the decision model refuses, and who were given valid advice.

    - `vd`, validity drop: share of those who count whose counterfactual the changed model refuses;
    - `vd_stay`: the same, of those whom the changed model still refuses as they are;
    - `already`: share of those who count whom it accepts as they are, without any action: they flatter `vd`;
    - `early`: share of those who count whom it accepts at nine tenths of the way (only where they were still refused
      there before): leniency drives it up where it drives `vd` down;
    - `delivered`: share of everybody who asks whose advice is valid before and under the model;
    - `lasts`: share of everybody who asks whose advice is valid before and under all models of the change.

    Where the run has them: recourse anew (`anew`), what lasting costs (`price`), and the least margin at which advice
    lasts for 95 % of validation people (`margins`).

    Source: arXiv 2605.17160 for `vd` (target-failure form) and the recourse gap of `anew`.

    Arguments:
        found: Rows of people, and what is known of each model.
        run: The run that they are of; without one, nothing is said of what needs its records.
    """

    found: Redecided
    run: RunFiles | None = None

    @cached_property
    def models(self) -> pd.DataFrame:
        """What is known of each model; see :func:`~recourse_arena.reporting.lasting.shares.models_of`."""
        return models_of(self.found)

    @cached_property
    def advice(self) -> pd.DataFrame:
        """What becomes of advice; see :func:`~recourse_arena.reporting.lasting.shares.advice_of`."""
        return advice_of(self.found)

    @cached_property
    def anew(self) -> pd.DataFrame:
        """Recourse anew; see :func:`~recourse_arena.reporting.lasting.anew.anew_of`."""
        return pd.DataFrame() if self.run is None else anew_of(self.run, self.found)

    @cached_property
    def price(self) -> pd.DataFrame:
        """What lasting costs; see :func:`~recourse_arena.reporting.lasting.price.price_of`."""
        return pd.DataFrame() if self.run is None else price_of(self.run)

    @cached_property
    def margins(self) -> pd.DataFrame:
        """The margin that suffices; see :func:`~recourse_arena.reporting.lasting.price.margins_of`."""
        return margins_of(self.advice, self.price)

    @cached_property
    def solvers(self) -> pd.DataFrame:
        """Who keeps what they advise; see :func:`~recourse_arena.reporting.lasting.shares.solvers_of`."""
        return pd.DataFrame() if self.run is None else solvers_of(self.run, self.advice)

    @cached_property
    def table(self) -> pd.DataFrame:
        """All of it, a row for each cell and changed model."""
        known = self.models.drop(columns="seeds")
        return self.advice.merge(known, on=["dataset", *MODEL], how="left")

    def text(self) -> str:
        """Return it as plain text."""
        return self._written("simple")

    def markdown(self) -> str:
        """Return it as Markdown."""
        return self._written("github")

    def csv(self) -> str:
        """Return a row for each cell and changed model; a cell is empty where a number is undefined."""
        return str(csv_safe(self.table).to_csv(index=False))

    def json(self) -> str:
        """Return all numbers; null where one is undefined."""
        parts = {name: _records(getattr(self, name)) for name in (*_TABLES, "advice")}
        return json.dumps({**parts, "notes": [*self.found.notes]}, indent=1)

    def render(self, form: str) -> str:
        """Return it in one of :data:`LASTING_FORMS`."""
        return {"table": self.text, "md": self.markdown, "csv": self.csv, "json": self.json}[form]()

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return "".join(
            f"<p>{escape(part)}</p>" if isinstance(part, str) else tabulate(*part, tablefmt="html")
            for part in self._parts()
        )

    def _written(self, form: str) -> str:
        name = plain if form == "simple" else for_markdown
        parts = [
            name(part) if isinstance(part, str) else tabulate(
                [[name(cell) for cell in row] for row in part[0]], part[1], tablefmt=form, disable_numparse=True
            )
            for part in self._parts()
        ]  # fmt: skip
        return "\n\n".join(parts)

    def _parts(self) -> Iterator[str | tuple[list[list[str]], list[str]]]:
        """Yield paragraphs, and tables as rows and heads."""
        yield SAID_FIRST
        for dataset, models in self.models.groupby("dataset", sort=False):
            before = {"change": "none", "model": "as it was", "threshold": "as it is"}
            first = models.iloc[0]
            was = {**before, "accuracy": first["accuracy_before"], "acceptance": first["acceptance_before"]}
            yield f"{dataset}: the decision model and what becomes of it, on {int(first['seeds'])} seed(s)"
            yield [[_shown(row, name) for name in _MODELS] for row in (was, *_records(models))], [*_MODELS.values()]
            advice = self.advice[self.advice["dataset"] == dataset]
            for (scenario, solver), cell in advice.groupby(["scenario", "solver"], sort=False):
                rows = _records(cell)
                yield _in_words(str(dataset), str(scenario), str(solver), rows[0])
                yield [[_shown(row, name) for name in _ADVICE] for row in _summed_up(rows)], [*_ADVICE.values()]
            yield from self._more(str(dataset))
        reasons: dict[tuple[str, str], list[str]] = {}
        for note in self.found.notes:
            reasons.setdefault((note["dataset"], note["reason"]), []).append(note["change"])
        for (dataset, reason), changes in reasons.items():
            yield f"{dataset}, not under {', '.join(dict.fromkeys(changes))}: {reason}"

    def _more(self, dataset: str) -> Iterator[str | tuple[list[list[str]], list[str]]]:
        """Yield what else there is of a dataset: each table behind what it is about."""
        for name, what in _WORDS.items():
            frame: pd.DataFrame = getattr(self, name)
            rows = _records(frame[frame["dataset"] == dataset]) if len(frame) else []
            if not rows:
                continue
            heads = {**_TABLES[name], **{str(c): str(c) for c in frame if str(c).startswith("lasts ")}}
            yield f"{dataset}: {what}"
            yield [[_shown(row, head) for head in heads] for row in _summed_up(rows)], [*map(str, heads.values())]


def _in_words(dataset: str, scenario: str, solver: str, row: Mapping[str, Any]) -> str:
    """Return whose advice a table is about, and how far beyond the boundary it ends."""
    margin = row["margin_sd"]
    ends = "" if margin is None else f"; it ends {margin:.3f} sd of the logit beyond the boundary (median)"
    return f"{dataset}, {scenario}: advice of {solver}, valid for {row['counted']} of {row['people']} who ask{ends}"


def _summed_up(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of a cell without the single models of changes that have several."""
    several = {row["change"] for row in rows if row.get("model", "").startswith(_SUMMARIES)}
    return [row for row in rows if row.get("change") not in several or row["model"].startswith(_SUMMARIES)]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table; none where a number is undefined."""
    return [
        {
            str(name): None if isinstance(value, float) and not np.isfinite(value) else value
            for name, value in row.items()
        }
        for row in frame.astype(object).to_dict("records")
    ]


def _shown(row: Mapping[str, Any], name: str) -> str:
    """Return a cell as people read it: a dash where it is undefined."""
    value = row.get(name)
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    if name == "bytes":
        return f"{value:,.0f}"
    text = f"{value:.2f}" if name in FACTS[8:] else f"{value:.3f}"
    if name in _WITH_INTERVAL and row.get(f"{name}_low") is not None:
        text += f" [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"
    return text
