"""What the menus of a run do for people and groups, in the forms that it can be written in."""

from __future__ import annotations

__all__ = ["MENU_FORMS", "SAID_FIRST", "Menus", "records"]

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from tabulate import tabulate

from recourse_arena.base.names import plain, short_names
from recourse_arena.reporting.leaderboard.escaping import csv_safe, for_markdown
from recourse_arena.reporting.menus.cells import MenuRun
from recourse_arena.reporting.menus.facts import facts_of
from recourse_arena.reporting.menus.fairness import BOUNDED, fairness_of, groups_said
from recourse_arena.reporting.menus.intersections import intersections_of
from recourse_arena.reporting.menus.prices import KINDS, prices_of
from recourse_arena.reporting.menus.words import actions_said
from recourse_arena.storage.run_files import RunFiles

MENU_FORMS = ("table", "md", "csv", "json")

SAID_FIRST = (
    "A menu that helps nobody treats all groups alike: PD is 0 there. Read PD beside SR, beside who is levelled down "
    "(helped by the same solver without fairness, and left with nothing), and beside the cost gap that the model makes "
    "unavoidable."
)
"""What is said before any number."""

SOCIAL_BURDEN = (
    "Social burden, the cost of those who deserve the favourable decision by their true label (Milli, Miller, Dragan "
    "and Hardt, 2019), is not told: records of people hold no labels. `burden` is the mean cost of a group's people "
    "with recourse, whoever deserves it."
)
"""Why one number of the literature is not there."""

_CELLS = {
    "scenario": "scenario",
    "solver": "solver",
    "sr": "SR",
    "pd": "PD",
    "levelled": "levelled",
    "left_out": "left out",
    "cost_gap": "cost gap",
    "unavoidable": "unavoidable",
    "macro_sr": "SR macro",
    "macro_pd": "PD macro",
    "shared_sr": "SR shared",
    "kappa_low": "kappa",
    "k_gap": "k gap",
    "cluster_pd": "worst cluster",
    "cost": "cost",
    "validity": "valid",
}
_GROUPS = {
    "scenario": "scenario",
    "solver": "solver",
    "group": "group",
    "people": "people",
    "share": "helped",
    "macro": "by one",
    "kappa": "kappa",
    "burden": "burden",
    "available": "may take",
    "choices": "choices",
    "levelled": "levelled",
}
_PRICES = {
    "kind": "price of",
    "scenario": "scenario",
    "solver": "solver",
    "other_scenario": "beside",
    "other": "of",
    "ratio": "cost ratio",
    "both": "people",
    "sr": "SR more",
    "pd": "PD more",
    "levelled": "levelled",
}
_ACROSS = {"scenario": "scenario", "solver": "solver", "by": "by", "sr": "SR", "pd": "PD", "levelled": "levelled",
           "worst": "worst cell", "share": "helped there", "small": "not scored"}  # fmt: skip
_TABLES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "fairness": ("who is helped, and how unequally", _CELLS),
    "groups": ("each group", _GROUPS),
    "across": ("the same menus by other attributes, and by cells of two", _ACROSS),
    "facts": ("differences between groups by the notions of FACTS (arXiv 2306.14978)", {}),
    "prices": ("prices: " + "; ".join(f"{kind}: {words}" for kind, words in KINDS.items()), _PRICES),
}


@dataclass(frozen=True, repr=False)
class Menus:
    """What the menus of a run do: displays as its tables.

    Everything is counted seed by seed and averaged over seeds; intervals are over people.

    Arguments:
        found: The run.
    """

    found: MenuRun

    @classmethod
    def of(cls, *runs: RunFiles) -> Menus:
        """Return what the menus of runs do; where two hold the same cell and seed, the first counts.

        Raises:
            ArenaError: If its people or menus cannot be read.
        """
        return cls(MenuRun.of(*runs))

    @cached_property
    def fairness(self) -> pd.DataFrame:
        """A row per menu; see :func:`~recourse_arena.reporting.menus.fairness.fairness_of`."""
        return fairness_of(self.found)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """A row per menu and group; see :func:`~recourse_arena.reporting.menus.fairness.groups_said`."""
        return groups_said(self.found)

    @cached_property
    def across(self) -> pd.DataFrame:
        """Menus by other attributes; see :func:`~recourse_arena.reporting.menus.intersections.intersections_of`."""
        return intersections_of(self.found)

    @cached_property
    def facts(self) -> pd.DataFrame:
        """Notions of FACTS; see :func:`~recourse_arena.reporting.menus.facts.facts_of`."""
        return facts_of(self.found)

    @cached_property
    def prices(self) -> pd.DataFrame:
        """What sharing costs; see :func:`~recourse_arena.reporting.menus.prices.prices_of`."""
        return prices_of(self.found)

    @cached_property
    def actions(self) -> pd.DataFrame:
        """Actions in words; see :func:`~recourse_arena.reporting.menus.words.actions_said`."""
        return actions_said(self.found)

    @cached_property
    def short(self) -> dict[str, str]:
        """What datasets are called where all can be seen: without the options that all variants share."""
        return short_names(dict.fromkeys(cell.dataset for cell in self.found.cells.values()))

    def text(self) -> str:
        """Return it as plain text."""
        return self._written("simple")

    def markdown(self) -> str:
        """Return it as Markdown."""
        return self._written("github")

    def csv(self) -> str:
        """Return a row for each menu; a cell is empty where a number is undefined."""
        return str(csv_safe(self.fairness.drop(columns="by_seed", errors="ignore")).to_csv(index=False))

    def json(self) -> str:
        """Return all numbers; null where one is undefined."""
        parts = {name: records(getattr(self, name)) for name in (*_TABLES, "actions")}
        return json.dumps({**parts, "notes": [SOCIAL_BURDEN]}, indent=1, allow_nan=False)

    def render(self, form: str) -> str:
        """Return it in one of :data:`MENU_FORMS`."""
        return {"table": self.text, "md": self.markdown, "csv": self.csv, "json": self.json}[form]()

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return "".join(
            f"<p>{escape(part)}</p>" if isinstance(part, str) else tabulate(*part, tablefmt="html")
            for part in self.parts()
        )

    def _written(self, form: str) -> str:
        name = plain if form == "simple" else for_markdown
        return "\n\n".join(
            name(part) if isinstance(part, str) else tabulate(
                [[name(cell) for cell in row] for row in part[0]], part[1], tablefmt=form, disable_numparse=True
            )
            for part in self.parts()
        )  # fmt: skip

    def parts(self) -> Iterator[str | tuple[list[list[str]], list[str]]]:
        """Yield paragraphs, and tables as rows and heads."""
        yield SAID_FIRST
        for dataset, short in self.short.items():
            if short != dataset:
                yield f"{short} is {dataset}."
        for dataset in dict.fromkeys(cell.dataset for cell in self.found.menus):
            for name, (what, heads) in _TABLES.items():
                frame: pd.DataFrame = getattr(self, name)
                rows = records(frame[frame["dataset"] == dataset]) if len(frame) else []
                if name == "facts":
                    rows, heads = _across_notions(rows)
                shown = {key: head for key, head in heads.items() if name != "fairness" or _told(key, rows)}
                if rows:
                    yield f"{self.short[dataset]}: {what}{_of_seeds(rows[0])}"
                    yield [[_shown(row, key) for key in shown] for row in rows], [*shown.values()]
            small = {row["small"] for row in records(self.fairness) if row["dataset"] == dataset and row["small"]}
            if small:
                few = "groups of fewer than 20 people on a seed, not scored"
                yield f"{self.short[dataset]}: {few}: {'; '.join(sorted(small))}"
        yield SOCIAL_BURDEN


def _across_notions(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Mapping[str, str]]:
    """Return the notions of each menu beside each other."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    heads = {"scenario": "scenario", "solver": "solver"}
    for row in rows:
        name = f"{row['notion']}, {row['level']}"
        heads[name] = name
        cell = found.setdefault(
            (row["scenario"], row["solver"]), {"scenario": row["scenario"], "solver": row["solver"]}
        )
        cell |= {name: row["difference"], "levelled": row["levelled"]}
    return [*found.values()], {**heads, "levelled": "levelled"}


def _told(name: str, rows: list[dict[str, Any]]) -> bool:
    """Return whether a column is shown: always beside PD what fairness took, others where any row has them."""
    return name in ("sr", "pd", "levelled") or any(row.get(name) is not None for row in rows)


def _of_seeds(row: Mapping[str, Any]) -> str:
    if "seeds" not in row:
        return ""
    return f", by {row['by'] or 'no attribute'}, mean over {row['seeds']} seed(s)"


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table; none where a number is undefined or infinite, within values by group too."""
    return [{str(name): _known(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _known(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_known(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _shown(row: Mapping[str, Any], name: str) -> str:
    """Return a cell as people read it: a dash where it is undefined."""
    value = row.get(name)
    if isinstance(value, dict):
        parts = {group: "never" if part is None else f"{part:.3f}" for group, part in value.items()}
        return ", ".join(f"{group} {words}" for group, words in parts.items()) or "-"
    if value is None or value == "":
        return "-"
    if not isinstance(value, float):
        return str(value)
    if name in ("sr", "pd") and "ratio" in row:
        return f"{value:+.3f}"
    text = f"{value:.3f}"
    ends = [row.get(f"{name}_{end}") for end in ("low", "high")] if name in (*BOUNDED, "ratio") else [None, None]
    if ends != [None, None]:
        low, high = ("unbounded" if end is None else f"{end:.3f}" for end in ends)
        text += f" [{low}, {high}]"
    return text
