"""The fairness case of arXiv 2604.08030 (Figure 4): what individual constraints do to groups of people."""

from __future__ import annotations

__all__ = [
    "CLAIMS",
    "GAPS_HEADS",
    "GROUPS",
    "MEANS_HEADS",
    "READING",
    "SCENARIOS",
    "Case",
    "cases",
    "fairness_case",
    "gaps",
    "means",
    "weighed",
]

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.reporting.paper.evidence import Claim, ClaimVerdict, Evidence, Within
from recourse_arena.reporting.paper.markdown import code, interval, number, section, table
from recourse_arena.reporting.results.estimate import Estimate
from recourse_arena.storage.run_files import RunFiles

BASELINE = "hard-4"
SCENARIOS = {
    BASELINE: "baseline",
    "hard-2@assigned-at-random": "at random",
    "hard-2@assigned-by-income": "by income",
    "hard-2@assigned-by-race": "by race",
}
"""Its scenarios, and what is said of them: everything actionable, or two features by an assigned profile."""

GROUPS: dict[str, dict[str, str]] = {
    "women": {"gender": "female"},
    "men": {"gender": "male"},
    "non-white": {"race": "non-white"},
    "white": {"race": "white"},
    "non-white women": {"gender": "female", "race": "non-white"},
    "white women": {"gender": "female", "race": "white"},
    "non-white men": {"gender": "male", "race": "non-white"},
    "white men": {"gender": "male", "race": "white"},
}
"""The groups, by the words of their attributes."""

_ASSIGNED = tuple(name for name in SCENARIOS if name != BASELINE)
_COLUMNS = ("group_gender", "group_race", "valid", "plausible", "cost", "logp_counterfactual")
_SOLVERS = ("icarma", "grid")

READING = """\
Cost is the unweighted one and log-density that of the counterfactual under the flow, in nats; both are means over
people with valid advice. A gap is the first group's mean less the second's, with Welch's 95 % interval. Changes of a
gap between scenarios are over people with valid advice in all of them, whose values are subtracted before groups are
compared. A solver that gives up on people who are hard to help looks cheap for their group: see the shares of valid and
attained (valid and plausible) advice beside the cost."""
"""How the numbers come about, in words."""

Terms = Mapping[str, float]
"""Weights of scenarios."""


@dataclass(frozen=True)
class Case:
    """What a solver tells the people of Loan in the fairness case.

    Arguments:
        solver: The solver.
        people: For each scenario a row per person (the index): `gender, race, valid, attained`, and of those with valid
            advice `cost` and `log-density`.
    """

    solver: str
    people: Mapping[str, pd.DataFrame]

    @classmethod
    def of(cls, results: Sequence[RunFiles], solver: str) -> Case | None:
        """Return the case from the first run and seed that hold its baseline; none if none does."""
        for result in results:
            ours = _told(result, solver)
            baseline = ours[ours["scenario"] == BASELINE]
            if len(baseline):
                ours = ours[ours["seed"] == baseline["seed"].iloc[0]]
                found = {name: _read(ours[ours["scenario"] == name]) for name in SCENARIOS}
                return cls(solver, {name: frame for name, frame in found.items() if len(frame)})
        return None

    def members(self, scenario: str, group: str) -> pd.DataFrame:
        """Return the people of a group in a scenario."""
        frame = self.people[scenario]
        return frame[np.logical_and.reduce([frame[name] == word for name, word in GROUPS[group].items()])]

    def gap(self, measure: str, terms: Terms, first: str, second: str) -> Estimate | None:
        """Return by how much the mean of a weighted sum of scenarios is higher in the first group than in the second.

        None if a scenario or a group is not there. The interval is Welch's (The generalization of Student's problem,
        Biometrika 34, 1947).
        """
        if any(scenario not in self.people for scenario in terms):
            return None
        groups = [self._values(measure, terms, group) for group in (first, second)]
        if min(map(len, groups)) < 2 or max(map(np.ptp, groups)) == 0:
            return None
        from scipy.stats import ttest_ind  # here: it takes seconds to load

        found = ttest_ind(*groups, equal_var=False).confidence_interval(0.95)
        value = groups[0].mean() - groups[1].mean()
        return Estimate(float(value), float(found.low), float(found.high), sum(map(len, groups)))

    def _values(self, measure: str, terms: Terms, group: str) -> np.ndarray:
        columns = [weight * self.members(scenario, group)[measure] for scenario, weight in terms.items()]
        return pd.concat(columns, axis=1, join="inner").dropna().sum(axis=1).to_numpy(dtype=float)


def _told(result: RunFiles, solver: str) -> pd.DataFrame:
    """Return what a run tells people of Loan in these scenarios; nobody if it does not record their groups."""
    people = result.read_people(lambda column: column in (*_COLUMNS, "person"), required=())
    if people is None or not {*_COLUMNS, "person"} <= set(people):
        return pd.DataFrame(columns=[*_COLUMNS, "person", "scenario", "seed"])
    chosen = people["dataset"].eq("loan") & people["solver"].eq(solver) & people["scenario"].isin(SCENARIOS)
    return people[chosen]


def _read(people: pd.DataFrame) -> pd.DataFrame:
    valid = people["valid"].to_numpy(dtype=bool)
    return pd.DataFrame(
        {
            "gender": people["group_gender"].astype(str).to_numpy(),
            "race": people["group_race"].astype(str).to_numpy(),
            "valid": valid,
            "attained": valid & people["plausible"].to_numpy(dtype=bool),
            "cost": people["cost"].where(valid).to_numpy(dtype=float),
            "log-density": people["logp_counterfactual"].where(valid).to_numpy(dtype=float),
        },
        index=people["person"].to_numpy(dtype=int),
    )


_WORSE = {"cost": Within("higher", low=0.0), "log-density": Within("lower", high=0.0)}
"""Where each measure is for whoever fares worse."""


def _weigh(case: Case, what: str, terms: Terms, first: str, second: str) -> Iterator[Evidence]:
    for measure, worse in _WORSE.items():
        gap = case.gap(measure, terms, first, second)
        numbers = f"{number(gap.value, sign=True)} {interval(gap, sign=True)}" if gap else "missing"
        yield Evidence(f"{measure}, {first} less {second}, {what}", numbers, worse.words, worse.verdict(gap))


def _women_in_the_baseline(case: Case) -> Iterator[Evidence]:
    yield from _weigh(case, "baseline", {BASELINE: 1.0}, "women", "men")


def _women_under_assignments(case: Case) -> Iterator[Evidence]:
    for name in _ASSIGNED:
        yield from _weigh(case, f"{SCENARIOS[name]} less baseline", {name: 1.0, BASELINE: -1.0}, "women", "men")


def _women_under_income(case: Case) -> Iterator[Evidence]:
    income = "hard-2@assigned-by-income"
    for name in _ASSIGNED:
        if name != income:
            yield from _weigh(case, f"by income less {SCENARIOS[name]}", {income: 1.0, name: -1.0}, "women", "men")


def _race_only_by_race(case: Case) -> Iterator[Evidence]:
    race = "hard-2@assigned-by-race"
    yield from _weigh(case, "by race", {race: 1.0}, "non-white", "white")
    for name, words in SCENARIOS.items():
        if name != race:
            yield from _weigh(case, f"half of by race, less {words}", {race: 0.5, name: -1.0}, "non-white", "white")


def _non_white_women(case: Case) -> Iterator[Evidence]:
    for other in ("white women", "non-white men", "white men"):
        yield from _weigh(case, "by race", {"hard-2@assigned-by-race": 1.0}, "non-white women", other)


_SOURCE = "Figure 4"
CLAIMS = (
    Claim("With everything actionable women pay more and get less plausible advice.", _SOURCE, _women_in_the_baseline),
    Claim("They do more so under every assignment of constraints.", _SOURCE, _women_under_assignments),
    Claim("The gap between women and men is widest where income assigns them.", _SOURCE, _women_under_income),
    Claim(
        "Gaps by race appear from race-correlated constraints alone (others: less than half as wide).",
        _SOURCE,
        _race_only_by_race,
    ),
    Claim("With race-correlated constraints non-white women fare worst.", _SOURCE, _non_white_women),
)
"""What the paper reports of iCARMA."""


_GAPS = (("women", "men"), ("non-white", "white"), ("non-white women", "white men"))
_MEANS = ("valid", "attained", "cost", "log-density")


def cases(results: Sequence[RunFiles]) -> list[Case]:
    """Return the cases of iCARMA and of the oracle, as far as runs hold more than their baseline."""
    found = (Case.of(results, solver) for solver in _SOLVERS)
    return [case for case in found if case is not None and len(case.people) > 1]


def weighed(case: Case) -> list[tuple[str, ClaimVerdict, list[Evidence]]]:
    """Return each claim with its verdict and what it rests on; nothing for a solver of which the paper claims none."""
    if case.solver != "icarma":
        return []
    found = [(claim.sentence, list(claim.weigh(case))) for claim in CLAIMS]
    return [(sentence, ClaimVerdict.of_all(part.verdict for part in parts), parts) for sentence, parts in found]


def means(case: Case) -> list[list[str]]:
    """Return what each group is told, by scenario: scenario, group, people, and shares and means in words."""
    rows = []
    for scenario in case.people:
        for group in GROUPS:
            them = case.members(scenario, group)
            values = [them[name].mean() for name in _MEANS]
            shown = [number(None if np.isnan(value) else float(value)) for value in values]
            rows.append([SCENARIOS[scenario], group, str(len(them)), *shown])
    return rows


def gaps(case: Case) -> list[list[str]]:
    """Return the gaps between groups, by scenario: which, scenario, and each measure in words."""
    rows = []
    for first, second in _GAPS:
        for scenario in case.people:
            found = [case.gap(measure, {scenario: 1.0}, first, second) for measure in _WORSE]
            shown = [f"{number(gap.value, sign=True)} {interval(gap, sign=True)}" if gap else "-" for gap in found]
            rows.append([f"{first} less {second}", SCENARIOS[scenario], *shown])
    return rows


MEANS_HEADS = ["constraints", "group", "people", *_MEANS]
GAPS_HEADS = ["gap", "constraints", *_WORSE]


def page_section(results: Sequence[RunFiles]) -> dict[str, Any]:
    """Return what a leaderboard's page says of the fairness case; without cases if no run holds it."""
    found = cases([result for result in results if result.path is not None])  # some live in memory only
    return {
        "reading": READING,
        "claims": [claim for case in found for claim in weighed(case)],
        "cases": [{"solver": case.solver, "gaps": gaps(case), "means": means(case)} for case in found],
        "gaps_heads": GAPS_HEADS,
        "means_heads": MEANS_HEADS,
    }


def fairness_case(results: Sequence[RunFiles]) -> str:
    """Return a section on the fairness case; nothing if no run holds more than its baseline."""
    found = cases(results)
    if not found:
        return ""
    parts = [READING]
    for case in found:
        if claims := weighed(case):
            parts += ["### Does each claim hold here?", _claims(claims), "### Evidence", _evidence(claims)]
    for case in found:
        parts.append(f"### {code(case.solver)} by group")
        parts += [table(means(case), MEANS_HEADS, (2, 3, 4, 5, 6)), table(gaps(case), GAPS_HEADS, (2, 3))]
    return section("Fairness case (Figure 4)", *parts)


def _claims(claims: list[tuple[str, ClaimVerdict, list[Evidence]]]) -> str:
    rows = []
    for place, (sentence, verdict, parts) in enumerate(claims, 1):
        agree = f"{sum(part.verdict == ClaimVerdict.HOLDS for part in parts)} of {len(parts)}"
        rows.append([str(place), sentence, str(verdict), agree])
    return table(rows, ["", "claim", "here", "comparisons that hold"], numbers=(0, 3))


def _evidence(claims: list[tuple[str, ClaimVerdict, list[Evidence]]]) -> str:
    rows = [
        [str(place), part.what, part.numbers, part.claimed, str(part.verdict)]
        for place, (_, _, parts) in enumerate(claims, 1)
        for part in parts
    ]
    return table(rows, ["claim", "comparison", "gap", "claimed", "here"], numbers=(0,))
