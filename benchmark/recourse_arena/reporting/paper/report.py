"""How runs compare with arXiv 2604.08030: every published value beside ours, and whether each claim holds."""

from __future__ import annotations

__all__ = ["PaperReport"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from recourse_arena.base.errors import ArenaError
from recourse_arena.planning.built_in_suites import PUBLISHED_RULE
from recourse_arena.reporting.paper.attainability import against_oracle, against_population_level
from recourse_arena.reporting.paper.claims import CLAIMS, READING
from recourse_arena.reporting.paper.evidence import ClaimVerdict
from recourse_arena.reporting.paper.fairness import fairness_case
from recourse_arena.reporting.paper.markdown import code, number, section, table
from recourse_arena.reporting.paper.optimality import how_far_from_optimal
from recourse_arena.reporting.paper.published import TABLES, TARGETS, published
from recourse_arena.reporting.paper.replicated import NAMED, NUMBERS, SEEDS, Replicated
from recourse_arena.reporting.paper.training_seeds import training_seeds
from recourse_arena.reporting.results.cells import Cells
from recourse_arena.reporting.results.comparability import refuse_mixed
from recourse_arena.storage.run_files import RunFiles


@dataclass(frozen=True)
class PaperReport:
    """What runs say about the paper.

    Arguments:
        results: The runs; where two hold the same cell and seed, the first one counts.
        cells: Their cells.
        values: Every published value and ours.
    """

    results: Sequence[RunFiles]
    cells: Cells
    values: list[Replicated]

    @classmethod
    def of(cls, results: Sequence[RunFiles]) -> PaperReport:
        """Return the report on runs.

        Raises:
            ArenaError: If the runs cannot be read side by side, or hold none of the published cells.
        """
        refuse_mixed(results)
        cells = Cells.of(results)
        values = [Replicated.of(row, cells) for row in published().to_dict("records") if row["table"] != "runtime"]
        replicates = any(value.ours or value.seeds for value in values if value.table in TABLES)
        if not replicates and not how_far_from_optimal(results):
            solvers = dict.fromkeys(cell.solver for cell, _ in cells.records)
            raise ArenaError(
                f"no published cell is solved in these runs (their solvers: {', '.join(solvers) or 'none'}).\n"
                "Published are the suites table-1, table-2, table-3, table-5, table-6 and gmsc, with solvers named "
                "exactly\nas there: grid (the oracle), icarma, icarma?preferences=scenario. "
                "`recourse-arena run table-1` makes such a run."
            )
        return cls(results, cells, values)

    def markdown(self, about: str | None = None) -> str:
        """Return it in Markdown.

        Arguments:
            about: `paper` for everything, `optima` for how far from certified optima runs end only; by default
                `optima` for runs that hold no published cell.

        Raises:
            ArenaError: If it should be about optima, and nobody's is certified.
        """
        if about is None:
            about = "paper" if any(v.ours or v.seeds for v in self.values if v.table in TABLES) else "optima"
        if about == "optima":
            return f"# Advice against certified optima\n\n{self._run()}\n\n{self._optima()}\n"
        parts = [
            "# Replication of arXiv 2604.08030",
            self._run(),
            self._missed(),
            self._counts(),
            self._claims(),
            *(self._table(name, title) for name, title in TABLES.items()),
            self._rule(),
            against_oracle(self.cells),
            against_population_level(self.cells),
            training_seeds(self.cells),
            fairness_case(self.results),
            how_far_from_optimal(self.results),
            self._table("re-simulation", "The oracle in a re-simulation with independently released data and models"),
            self._evidence(),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _optima(self) -> str:
        found = how_far_from_optimal(self.results)
        if not found:
            raise ArenaError(
                "nobody's optimum is certified in these runs; `recourse-arena run certified` makes such a run"
            )
        return found

    def _run(self) -> str:
        rows = [[code(r.path), *_described(r.info)] for r in self.results]
        heads = ["folder", "suite", "command", "seeds", "people", "started", "versions", "processor"]
        used = {name: s["version"] for r in self.results for name, s in r.info["solvers"].items()}
        solvers = ", ".join(f"{code(name)} {code(version)}" for name, version in used.items())
        materials = [
            [code(dataset), str(seed), code(m["version"]), str(m["asking"]), *(code(m[x][:8] or "-") for x in _DIGESTS)]
            for (dataset, seed), m in sorted(self.cells.materials.items())
        ]
        based = "Which data and models a run rests on, and how many people ask, is not recorded in these runs."
        if materials:
            based = table(materials, ["dataset", "seed", "version", "people asking", *_DIGESTS], numbers=(1, 3))
        read = ", ".join(f"{code(dataset)} {seed}" for dataset, seed in self.cells.seeds.items())
        text = (
            f"Solvers and their versions: {solvers}. Values are read at seed: {read}; intervals are 95 % over people."
        )
        return section("What was run", table(rows, heads), text, based)

    def _missed(self) -> str:
        missed = sorted((v for v in self.values if v.missed_by), key=lambda v: -v.missed_by)
        judged = sum(value.judged for value in self.values)
        by_mean = {None: "-", 0.0: "yes"}
        rows = [
            [
                *(number(v.missed_by), v.table, *v.named(), *v.numbers(), str(v.target)),
                *("yes" if v.reaches_target else "no", *v.over_seeds(), by_mean.get(v.mean_missed_by, "no")),
            ]
            for v in missed
        ]
        heads = ["missed by", "table", *NAMED, *NUMBERS, "target", "interval reaches it", *SEEDS, "their mean meets it"]
        shown = table(rows, heads, numbers=(0, 5, 6, 7, 8, 9, 11, 12, 13)) if rows else "None."
        several = [v for v in self.values if v.mean_missed_by is not None]
        beyond = sum(bool(v.mean_missed_by) for v in several)
        over = f" The mean over seeds misses {beyond} of the {len(several)} that have several." if several else ""
        text = f"{len(missed)} of {judged} targets are missed at the seed that is read.{over}"
        return section("Missed targets", text, shown, f"Targets: {TARGETS}")

    def _counts(self) -> str:
        rows = []
        for name in [*TABLES, "all"]:
            values = [v for v in self.values if v.table == name or (name == "all" and v.table in TABLES)]
            there = [v for v in values if v.ours]
            cells = (f"{len({(v.table, v.cell) for v in some})}" for some in (there, values))
            judged = sum(v.judged for v in values)
            met = sum(v.verdict == "met" for v in values)
            rows.append([name, " of ".join(cells), f"{len(there)} of {len(values)}", f"{met} of {judged}"])
        shown = table(rows, ["table", "published cells here", "values here", "targets met"], numbers=(1, 2, 3))
        known = {value.cell.solver for value in self.values}
        others = [
            code(name)
            for name in dict.fromkeys(cell.solver for cell, _ in self.cells.records)
            if name not in {*known, PUBLISHED_RULE} and "training_seed=" not in name
        ]
        note = f"Solvers here under whose exact name nothing is published: {', '.join(others)}." if others else ""
        return section("Published cells", shown, note)

    def _rule(self) -> str:
        """Return how iCARMA does that takes its mask network's word, beside the one that tries several sets."""
        rows = [row for row in published().to_dict("records") if row["solver"] == "icarma" and row["table"] in TABLES]
        values = [value for row in rows if (value := Replicated.of(row, self.cells, solver=PUBLISHED_RULE)).ours]
        if not values:
            return ""
        missed = [v for v in values if v.missed_by]
        met = f"{len(values) - len(missed)} of {len(values)} targets met"
        text = (
            "`icarma` here ranks sets of features by mask network and prior together, and tries the next likely ones "
            "where one\ndoes not attain recourse. "
            f"`{PUBLISHED_RULE}` takes the set that the mask network finds likeliest, as published:\n"
            f"the same training, and {met}."
        )
        heads = ["table", *NAMED, *NUMBERS, "target", "", "icarma"]
        shown = [
            [
                *(v.table, *v.named(), *v.numbers(), str(v.target), v.verdict),
                number(self.cells.mean(v.cell._replace(solver="icarma"), v.metric)),
            ]
            for v in values
        ]
        return section("iCARMA with the published rule", text, table(shown, heads, numbers=(4, 5, 6, 7, 8, 10)))

    def _claims(self) -> str:
        rows = []
        for place, claim in enumerate(CLAIMS, 1):
            parts = list(claim.weigh(self.cells))
            verdict = ClaimVerdict.of_all(part.verdict for part in parts)
            shown = next(part for part in parts if part.verdict == verdict)  # what decided it
            agree = f"{sum(part.verdict == ClaimVerdict.HOLDS for part in parts)} of {len(parts)}"
            rows.append(
                [str(place), claim.sentence, claim.source, str(verdict), agree, f"{shown.what}: {shown.numbers}"]
            )
        heads = ["", "claim", "source", "here", "comparisons that hold", "evidence, first of it"]
        return section("Does each claim hold here?", table(rows, heads, numbers=(0, 4)), READING)

    def _evidence(self) -> str:
        parts = []
        for place, claim in enumerate(CLAIMS, 1):
            rows = [[part.what, part.numbers, part.claimed, str(part.verdict)] for part in claim.weigh(self.cells)]
            shown = table(rows, ["comparison", "numbers", "claimed", "here"])
            parts.append(f"### {place}. {claim.sentence}\n\n{shown}")
        return section("Evidence for each claim", *parts)

    def _table(self, name: str, title: str) -> str:
        values = [value for value in self.values if value.table == name]
        if not any(value.ours or value.seeds for value in values):
            return section(title, f"None of its {len(values)} values is in these runs.") if name in TABLES else ""
        seeds = any(len(value.seeds) > 1 for value in values)
        judged = any(value.target for value in values)
        rows = [
            [
                *v.named(),
                *v.numbers(),
                *([str(v.target or "-"), v.verdict] if judged else []),
                str(v.ours.people) if v.ours else "-",
                *(v.over_seeds() if seeds else []),
            ]
            for v in values
        ]
        heads = [*NAMED, *NUMBERS, *(["target", ""] if judged else []), "people"]
        heads += SEEDS if seeds else []
        numbers = tuple(place for place, head in enumerate(heads) if head not in {*NAMED, ""})
        return section(title, self._asked(values[0].cell.dataset), table(rows, heads, numbers), self._reasons(values))

    def _asked(self, dataset: str) -> str:
        asking = self.cells.asking(dataset)
        seed = self.cells.seeds.get(dataset)
        if asking is None:
            return f"Seed {seed}; how many people ask is not recorded."
        part = " The file may be a part of the public one." if dataset == "gmsc" else ""
        return f"Seed {seed}; {asking} people ask.{part}"

    def _reasons(self, values: list[Replicated]) -> str:
        """Say why cells that were run have no value."""
        cells = dict.fromkeys(value.cell for value in values if value.ours is None)
        records = [(cell, self.cells.record(cell)) for cell in cells]
        return "\n".join(
            f"- {cell.scenario}, {cell.solver}: {record['outcome']}: {code(record['reason'])}"
            for cell, record in records
            if record.get("reason")
        )


_DIGESTS = ("file", "classifier", "flow")


def _described(info: dict[str, Any]) -> Iterator[str]:
    """Yield what `run.json` says about a run, in the order of the table's columns."""
    made, cells = info["provenance"], info["cells"]
    yield f"{code(info['suite']['name'])} {code(info['suite']['version'])}"
    yield code(" ".join(["recourse-arena", *made.get("command", [])]))
    yield ", ".join(map(str, sorted({cell["seed"] for cell in cells})))
    people = sorted({cell["people"] for cell in cells if "people" in cell})
    yield "-" if not people else " to ".join(dict.fromkeys((str(people[0]), str(people[-1]))))
    yield code(made.get("started") or "-")
    versions = {**made.get("packages", {}), **{name: made[name] for name in ("python",) if name in made}}
    yield ", ".join(
        f"{name} {code(versions[name])}" for name in ("recourse-arena", "torch", "python") if name in versions
    )
    yield code(made.get("processor") or "-")
