"""The fairness case: gaps between groups, and what the paper says about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jinja2 import Environment, PackageLoader
from scipy.stats import t as student

from recourse_arena.reporting.figures.drawing.figure_data import FigureData, NoData
from recourse_arena.reporting.paper.evidence import ClaimVerdict
from recourse_arena.reporting.paper.fairness import (
    CLAIMS,
    GROUPS,
    SCENARIOS,
    Case,
    fairness_case,
    page_section,
    weighed,
)
from recourse_arena.reporting.result import Result

ROOT = Path(__file__).parents[3]
BASELINE, RANDOM, INCOME, RACE = SCENARIOS


def town(people=400, *, women=0.0, race=0.0, seed=0):
    """Return people whose cost is higher, and log-density lower, by so much for women and for non-white people."""
    draws = np.random.default_rng(seed)
    gender, colour = np.arange(people) % 2, np.arange(people) // 2 % 2
    worse = women * gender + race * colour + draws.normal(0, 0.1, people)
    return pd.DataFrame(
        {
            "gender": np.where(gender, "female", "male"),
            "race": np.where(colour, "non-white", "white"),
            "valid": True,
            "attained": True,
            "cost": 1 + worse,
            "log-density": -10 - worse,
        }
    )


def case(**gaps):
    return Case(
        "icarma",
        {name: town(**gaps.get(words.split()[-1], {}), seed=i) for i, (name, words) in enumerate(SCENARIOS.items())},
    )


AS_PUBLISHED = {
    "baseline": {"women": 0.2},
    "random": {"women": 0.4},
    "income": {"women": 0.9},
    "race": {"women": 0.5, "race": 0.6},
}


def verdicts(case):
    return [ClaimVerdict.of_all(part.verdict for part in claim.weigh(case)) for claim in CLAIMS]


def test_a_gap_is_a_difference_of_means_with_the_interval_of_welch():
    found = case(baseline={"women": 0.3}).gap("cost", {BASELINE: 1.0}, "women", "men")
    groups = [town(women=0.3).query("gender == @word")["cost"] for word in ("female", "male")]
    parts = [group.var(ddof=1) / len(group) for group in groups]
    freedom = sum(parts) ** 2 / sum(part**2 / (len(group) - 1) for part, group in zip(parts, groups, strict=True))
    margin = student.ppf(0.975, freedom) * np.sqrt(sum(parts))
    middle = groups[0].mean() - groups[1].mean()
    assert found == pytest.approx((middle, middle - margin, middle + margin, 400))


def test_a_change_of_a_gap_leaves_out_whoever_has_no_valid_advice_in_one_scenario():
    people = {BASELINE: town(women=0.3), RANDOM: town(women=0.3)}
    people[RANDOM].loc[:99, ["cost", "log-density"]] = np.nan
    found = Case("icarma", people).gap("cost", {RANDOM: 1.0, BASELINE: -1.0}, "women", "men")
    assert found is None  # the same value for everybody: nothing to take an interval of
    people[RANDOM]["cost"] += np.where(people[RANDOM]["gender"] == "female", 0.5, 0.0) + 0.01 * np.arange(400)
    found = Case("icarma", people).gap("cost", {RANDOM: 1.0, BASELINE: -1.0}, "women", "men")
    assert found.people == 300
    assert found.value == pytest.approx(0.5 + 0.01)  # every second one is a woman, who comes one later


def test_every_claim_holds_where_people_fare_as_published():
    assert verdicts(case(**AS_PUBLISHED)) == [ClaimVerdict.HOLDS] * len(CLAIMS)


@pytest.mark.parametrize(
    ("place", "gaps"),
    [
        (0, {"baseline": {"women": -0.2}}),
        (1, {"random": {"women": 0.0}}),
        (2, {"income": {"women": 0.3}}),
        (3, {"income": {"women": 0.9, "race": 0.6}}),
        (3, {"race": {"women": 0.5, "race": -0.6}}),
        (4, {"race": {"women": -0.5, "race": 0.6}}),
    ],
)
def test_a_claim_does_not_hold_where_people_fare_otherwise(place, gaps):
    assert verdicts(case(**{**AS_PUBLISHED, **gaps}))[place] is ClaimVerdict.FAILS


def test_what_is_not_there_cannot_be_told():
    alone = Case("icarma", {BASELINE: town(women=0.2)})
    assert verdicts(alone) == [ClaimVerdict.HOLDS, *[ClaimVerdict.UNKNOWN] * 4]


def test_groups_are_gender_race_and_both():
    people = case().members(BASELINE, "non-white women")
    assert len(people) == 100
    assert set(people["gender"]) == {"female"}
    assert set(people["race"]) == {"non-white"}
    assert sum(len(case().members(BASELINE, group)) for group in GROUPS) == 3 * 400


@pytest.fixture(scope="module")
def reference():
    folder = ROOT / "results" / "paper"
    if not (folder / "people.parquet").exists():
        pytest.skip("results/paper is not here")
    return Result.read(folder)


def test_the_reference_results_say_what_every_group_is_told(reference):
    text = fairness_case([reference])
    claims = weighed(Case.of([reference], "icarma"))
    verdicts = [verdict for _, claim, parts in claims for verdict in (claim, *(part.verdict for part in parts))]
    for verdict in ClaimVerdict:
        assert text.count(f"| {verdict} ") == verdicts.count(verdict)
    people = reference.people.query(
        "dataset == 'loan' and solver == 'grid' and scenario == @RACE and group_gender == 'female' and valid"
    )
    row = next(line for line in text.partition("`grid`")[2].splitlines() if line.startswith("| by race       | women"))
    assert f"{people['cost'].mean():.3f}" in row


def test_the_page_has_a_section_on_it_only_where_a_run_holds_it(reference, arena):
    def section(result):
        environment = Environment(loader=PackageLoader("recourse_arena.reporting.page"), autoescape=True)
        found = page_section([result])
        return environment.get_template("sections/fairness.html").render(fairness=found).strip()

    shown = section(reference)
    assert all(claim.sentence.replace("'", "&#39;") in shown for claim in CLAIMS)
    gap = Case.of([reference], "grid").gap("cost", {RACE: 1.0}, "non-white", "white")
    assert f"{gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]" in shown
    assert section(arena(solvers=["grid"], scenarios=["hard-1"])) == ""


def test_runs_without_the_case_have_no_such_section(arena):
    result = arena(solvers=["grid"], scenarios=["hard-1"])
    assert fairness_case([result]) == ""
    pytest.importorskip("matplotlib")
    from recourse_arena.reporting.figures.fairness import fairness

    with pytest.raises(NoData, match="fairness"):
        fairness(FigureData(result))
