"""What is counted of menus by group, against a plain loop over people."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_actions import MenuDraft

from recourse_arena.base.errors import ArenaError
from recourse_arena.reporting.menus.cells import MenuRun
from recourse_arena.reporting.menus.fairness import fairness_of, groups_said, without_fairness
from recourse_arena.statistics.alike import Alike, spread

SCENARIO = "menu-3+clusters-2!no-plausibility"
PROTECTED = {"race": ["White"]}


def made_up(seed, people=90, actions=3, clusters=2):
    """Return groups, clusters and costs of made-up people; every group has at least 20 of them."""
    draws = np.random.default_rng(seed)
    race = np.array(["White", "Black", "Asian"], dtype=object)[np.arange(people) % 3]
    cost = draws.integers(1, 6, (people, actions)) / 10
    works = draws.random((people, actions)) < draws.random(actions) * np.where(race == "White", 1.0, 0.6)[:, None]
    return race, draws.integers(0, clusters, people), np.where(works, cost, np.inf)


def people_of(race, cluster, costs):
    """Return people as plain records."""
    return [
        {"group": "White" if r == "White" else "other", "cluster": int(c), "costs": [float(x) for x in row]}
        for r, c, row in zip(race, cluster, costs, strict=True)
    ]


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def loop(people, size):
    """Return every measure of a menu by looking at one person after the other."""
    groups = {name: [p for p in people if p["group"] == name] for name in ("White", "other")}
    clusters = sorted({p["cluster"] for p in people})
    found = {"share": {}, "macro": {}, "k": {}}
    for name, own in groups.items():
        found["share"][name] = mean(any(c < math.inf for c in p["costs"]) for p in own)
        macro, k = 0.0, 0.0
        for cluster in clusters:
            room = [p for p in own if p["cluster"] == cluster]
            if room:
                effective = [mean(p["costs"][i] < math.inf for p in room) for i in range(size)]
                macro += len(room) / len(own) * max(effective)
                k += len(room) / len(own) * sum(share >= 0.6 for share in effective)
        found["macro"][name], found["k"][name] = macro, k
    shared = dict.fromkeys(groups, 0.0)
    for cluster in clusters:
        each = [
            {n: sum(p["costs"][i] < math.inf for p in own if p["cluster"] == cluster) / len(own)
             for n, own in groups.items()}
            for i in range(size)
        ]  # fmt: skip
        best = max(each, key=lambda one: mean(one.values()))
        shared = {n: shared[n] + best[n] for n in groups}
    found["shared"] = shared
    budgets = sorted({c for p in people for c in p["costs"] if c < math.inf})
    gaps = [abs(np.subtract(*[mean(min(p["costs"]) <= b for p in own) for own in groups.values()])) for b in budgets]
    found["cost_gap"] = max(gaps, default=0.0)
    found["cluster_pd"] = max(
        abs(
            np.subtract(
                *[mean(min(p["costs"]) < math.inf for p in own if p["cluster"] == c) for own in groups.values()]
            )
        )
        for c in clusters
    )
    found["burden"] = {n: mean(min(p["costs"]) for p in own if min(p["costs"]) < math.inf) for n, own in groups.items()}
    return found


def run_of(tmp_path_factory, draft, **said):
    return MenuRun.of(draft.write(tmp_path_factory.mktemp("menus") / "run", protected=PROTECTED, **said))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_measure_is_what_a_plain_loop_over_people_says(tmp_path_factory, seed):
    race, cluster, costs = made_up(seed)
    draft = MenuDraft().offer(SCENARIO, "menu", costs, race=race, cluster=cluster)
    found = run_of(tmp_path_factory, draft)
    said = loop(people_of(race, cluster, costs), 3)
    (row,), groups = fairness_of(found).to_dict("records"), groups_said(found).set_index("group")
    for name, prefix in (("share", ""), ("macro", "macro_"), ("shared", "shared_")):
        assert row[f"{prefix}sr"] == pytest.approx(mean(said[name].values()))
        assert row[f"{prefix}pd"] == pytest.approx(abs(np.subtract(*said[name].values())))
    assert row["cost_gap"] == pytest.approx(said["cost_gap"])
    assert row["cluster_pd"] == pytest.approx(said["cluster_pd"])
    assert row["k_gap"] == pytest.approx(abs(np.subtract(*said["k"].values())))
    assert row["kappa_low"] == pytest.approx(min(said["k"].values()) / 3)
    for name in ("share", "macro", "k", "burden"):
        assert groups[name].to_dict() == pytest.approx(said[name])
    assert (row["people"], row["groups"], row["by"]) == (90, "White, other", "race")
    assert row["weighted_cost"] == pytest.approx(mean(c for c in costs.min(1) if c < math.inf), rel=1e-6)
    assert row["cost"] == pytest.approx(row["weighted_cost"] / 2, rel=1e-6)


def test_levelling_down_and_whom_a_menu_leaves_out_are_counted_person_by_person(tmp_path_factory):
    race, cluster, costs = made_up(4)
    fair = np.where(np.arange(len(race))[:, None] % 4 == 0, np.inf, costs)
    own = np.where(np.arange(len(race)) % 7, 0.1, np.inf)
    draft = MenuDraft().offer(SCENARIO, "menu", costs, race=race, cluster=cluster)
    draft.offer(SCENARIO, "menu?pd=0.02", fair, race=race, cluster=cluster)
    draft.alone("soft-constant!no-plausibility", "individual", own, race=race)
    rows = fairness_of(run_of(tmp_path_factory, draft)).set_index("solver")
    plain, helped, alone = (np.isfinite(x).tolist() for x in (costs.min(1), fair.min(1), own))
    assert rows.loc["menu?pd=0.02", "levelled"] == pytest.approx(
        mean(a and not b for a, b in zip(plain, helped, strict=True))
    )
    assert math.isnan(rows.loc["menu", "levelled"])  # nothing was traded away
    assert rows.loc["menu", "left_out"] == pytest.approx(mean(a and not b for a, b in zip(alone, plain, strict=True)))
    assert rows.loc["menu", "unavoidable"] == pytest.approx(rows.loc["individual", "cost_gap"])
    assert rows.loc["individual", ["macro_sr", "kappa_low", "levelled"]].isna().all()


def test_above_the_budget_of_a_menu_nobody_has_an_action_of_their_own(tmp_path_factory):
    race, _, costs = made_up(5)
    own = np.where(race == "White", 0.1, 0.3)
    draft = MenuDraft()
    for budget in ("", "+budget-0.2"):
        draft.offer(f"menu-3{budget}!no-plausibility", "menu", np.full_like(costs, np.inf), race=race)
    draft.alone("soft-constant!no-plausibility", "individual", own, race=race)
    rows = fairness_of(run_of(tmp_path_factory, draft)).set_index("scenario")
    assert rows.loc["menu-3!no-plausibility", "left_out"] == 1.0
    assert rows.loc["menu-3+budget-0.2!no-plausibility", "left_out"] == pytest.approx(1 / 3)
    assert rows.loc["menu-3+budget-0.2!no-plausibility", "unavoidable"] == 1.0


def test_small_groups_are_listed_and_not_scored(tmp_path_factory):
    race = ["White"] * 40 + ["Black"] * 30 + ["Asian"] * 12
    sex = ["f", "m"] * 41
    costs = np.where(np.arange(82)[:, None] < 70, 0.1, np.inf)
    draft = MenuDraft().offer("menu-1+by-race-sex!no-plausibility", "menu", costs, race=race, sex=sex)
    draft.offer("menu-1+by-sex!no-plausibility", "menu", costs, race=race, sex=sex)
    found = MenuRun.of(draft.write(tmp_path_factory.mktemp("menus") / "run", protected={"race": []}))
    cells, sexes = fairness_of(found).to_dict("records")
    assert cells["groups"] == "White, f, White, m"
    assert cells["small"] == "Asian, f (6), Asian, m (6), Black, f (15), Black, m (15)"
    assert (cells["sr"], cells["pd"]) == (1.0, 0.0)
    assert (sexes["by"], sexes["pd"]) == ("sex", 0.0)
    assert sexes["sr"] == pytest.approx(35 / 41)


def test_seeds_are_counted_each_and_averaged(tmp_path_factory):
    race = ["White", "Black"] * 30
    helped = np.full((60, 1), 0.2)
    half = np.where(np.array(race)[:, None] == "White", 0.2, np.inf)
    draft = MenuDraft(seeds=(0, 1)).offer("menu-1", "menu", helped, race=race, seed=0)
    draft.offer("menu-1", "menu", half, race=race, seed=1)
    (row,) = fairness_of(run_of(tmp_path_factory, draft)).to_dict("records")
    assert (row["sr"], row["pd"], row["seeds"], row["people"]) == (0.75, 0.5, 2, 120)
    assert [one["pd"] for one in row["by_seed"]] == [0.0, 1.0]


def test_a_scenario_that_names_unknown_groups_says_which_are_known(tmp_path_factory):
    draft = MenuDraft().offer("menu-1+by-faith", "menu", np.ones((50, 1)), race=["White", "Black"] * 25)
    with pytest.raises(ArenaError, match=r"\+by-faith: expected attributes of race"):
        fairness_of(run_of(tmp_path_factory, draft))


def test_offers_that_are_not_numbered_through_are_refused(tmp_path_factory):
    draft = MenuDraft().offer("menu-2", "menu", np.ones((50, 2)), race=["White", "Black"] * 25)
    draft.tables[0] = draft.tables[0].drop(columns="offer_works_1")
    with pytest.raises(ArenaError, match="offers of menus: actions 2, and not from 1 on"):
        run_of(tmp_path_factory, draft)


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_drawing_kinds_of_people_is_drawing_people(seed):
    draws = np.random.default_rng(seed)
    values, group = draws.integers(0, 2, (30, 2)).astype(float), draws.integers(0, 2, 30)
    alike = Alike.of(values, group, 2)
    assert alike.count.sum() == 30
    for g in range(2):
        own = alike.group == g
        if own.any():
            weights = alike.weights[0, own]
            assert weights @ alike.values[own] == pytest.approx(values[group == g].mean(0))
    drawn, weights = alike.drawn(np.ones(2), np.zeros(2), entropy=seed)
    assert weights.shape[1] == len(drawn.count)
    assert weights[:, drawn.group == 0].sum(1) == pytest.approx(1)


def test_intervals_have_a_width_where_all_are_alike_and_hold_the_value(tmp_path_factory):
    race = ["White", "Black"] * 40
    draft = MenuDraft().offer("menu-1", "menu", np.full((80, 1), 0.2), race=race)
    (row,) = fairness_of(run_of(tmp_path_factory, draft)).to_dict("records")
    assert 0.9 < row["sr_low"] < row["sr"] == row["sr_high"] == 1.0
    assert row["pd"] == row["pd_low"] == 0.0 < row["pd_high"] < 0.15


def test_intervals_of_gaps_hold_the_truth_about_as_often_as_they_say():
    """Twice 85 people, helped with .9 and .8: the truth is a gap of .1."""
    inside, chance = 0, np.random.default_rng(0)
    for trial in range(200):
        helped = np.concatenate([chance.random(85) < 0.9, chance.random(85) < 0.8]) * 1.0
        group = np.repeat([0, 1], 85)
        alike = Alike.of(helped[:, None], group, 2)
        drawn, weights = alike.drawn(np.ones(1), np.zeros(1), entropy=trial)
        shares = np.stack([weights[:, drawn.group == g] @ drawn.values[drawn.group == g, 0] for g in (0, 1)], axis=1)
        cloud, value = np.abs(shares[:, 0] - shares[:, 1]), abs(helped[:85].mean() - helped[85:].mean())
        low, high = spread(value, np.array([value]), cloud[None], gap=True)
        inside += low <= 0.1 <= high
    assert inside >= 185


@pytest.mark.parametrize(
    ("solver", "plain"),
    [
        ("menu?pd=0.02", "menu"),
        ("menu?exact=true&pd=0", "menu?exact=true"),
        ("menu?fair=worst", "menu"),
        ("menu?fair=none", None),
        ("fair-sac", None),
    ],
)
def test_the_same_solver_without_fairness(solver, plain):
    assert without_fairness(solver) == plain
