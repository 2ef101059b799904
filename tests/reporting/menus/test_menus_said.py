"""What is said of menus beside shares: notions of FACTS, prices, other attributes, words; and the forms of it all."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pandas as pd
import pytest
from boards import EVIL, Draft
from click.testing import CliRunner
from shared_actions import MenuDraft

from recourse_arena.base.errors import ArenaError
from recourse_arena.cli import main
from recourse_arena.people.features import Feature, Kind
from recourse_arena.reporting.menus.asked import named_menu
from recourse_arena.reporting.menus.table import Menus, _shown
from recourse_arena.reporting.menus.words import move_in_words
from recourse_arena.reporting.result import Result

OWN = "soft-constant!no-plausibility"
RACE = ["White", "Black"] * 60
SEX = ["f", "f", "m", "m"] * 30


def costs(seed, actions, share=0.7):
    draws = np.random.default_rng(seed)
    return np.where(draws.random((120, actions)) < share, draws.integers(2, 9, (120, actions)) / 10, np.inf)


def drawn():
    """Return a run to be with every kind of pair in it."""
    draft, both = MenuDraft(), {"race": RACE, "sex": SEX}
    for size in (1, 2, 4, 12):
        draft.offer(f"menu-{size}!no-plausibility", "menu", costs(size, size), **both)
    draft.offer("menu-4!no-plausibility!in-sample", "menu", costs(9, 4, 0.9), **both)
    clusters = np.arange(120) % 3
    draft.offer("menu-4+clusters-3!no-plausibility", "menu", costs(8, 4), cluster=clusters, **both)
    draft.offer("menu-4!no-plausibility", "menu?pd=0.02", costs(4, 4, 0.2), **both)
    draft.offer("menu-4!no-plausibility", "climb", costs(5, 4), **both).offer(
        "menu-4!no-plausibility", "fair-sac", costs(6, 4), **both
    )
    return draft.alone(OWN, "individual", np.full(120, 0.1), **both)


@pytest.fixture(scope="module")
def menus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("menus") / "run"
    return Menus.of(drawn().write(folder, protected={"race": ["White"], "sex": []}))


def people(cell):
    return [{"race": "White" if r == "White" else "other", "costs": row} for r, row in zip(RACE, cell, strict=True)]


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def test_the_notions_of_facts_are_what_a_plain_loop_over_people_says(menus):
    cell, size, phi = costs(4, 4), 4, 0.6
    own = {name: [p["costs"] for p in people(cell) if p["race"] == name] for name in ("White", "other")}
    budget = float(np.median([min(c) for c in cell.tolist() if min(c) < math.inf]))
    budgets = sorted({c for row in cell.tolist() for c in row if c < math.inf})

    def micro(rows, b):
        return mean(min(row) <= b for row in rows)

    def macro(rows, b):
        return max(mean(row[i] <= b for row in rows) for i in range(size))

    facts = menus.facts
    facts = facts[(facts["scenario"] == "menu-4!no-plausibility") & (facts["solver"] == "menu")]
    found = {(row["notion"], row["level"]): row for row in facts.to_dict("records")}
    for level, effective in (("micro", micro), ("macro", macro)):
        for notion, value in (
            ("effectiveness", lambda rows, e=effective: e(rows, 99.0)),
            ("within budget", lambda rows, e=effective: e(rows, budget)),
            (
                "cost of effectiveness",
                lambda rows, e=effective: min((b for b in budgets if e(rows, b) >= phi), default=math.inf),
            ),
        ):
            assert found[notion, level]["groups"] == pytest.approx(
                {g: value(rows) for g, rows in own.items()}, rel=1e-6
            )
        gaps = [abs(effective(own["White"], b) - effective(own["other"], b)) for b in budgets]
        assert found["trade-off", level]["difference"] == pytest.approx(max(gaps))
    chosen = {g: sum(mean(row[i] < math.inf for row in rows) >= phi for i in range(size)) for g, rows in own.items()}
    assert found["choice", "macro"]["groups"] == chosen
    burden = {g: mean(min(row) for row in rows if min(row) < math.inf) for g, rows in own.items()}
    assert found["mean recourse", "micro"]["groups"] == pytest.approx(burden, rel=1e-6)


def test_prices_are_of_people_helped_both_ways(menus):
    rows = {(r["kind"], r["scenario"], r["solver"]): r for r in menus.prices.to_dict("records")}
    sharing = rows["sharing", "menu-2!no-plausibility", "menu"]
    paid = [min(row) for row in costs(2, 2).tolist() if min(row) < math.inf]
    assert (sharing["other"], sharing["both"]) == ("individual", len(paid))
    assert sharing["ratio"] == pytest.approx(mean(paid) / 0.1, rel=1e-6)
    assert sharing["ratio_low"] < sharing["ratio"] < sharing["ratio_high"]
    twin = rows["clusters", "menu-4+clusters-3!no-plausibility", "menu"]
    assert (twin["other_scenario"], twin["actions"], twin["other_actions"]) == ("menu-12!no-plausibility", 12, 12)
    held = rows["held out", "menu-4!no-plausibility", "menu"]
    assert held["other_scenario"] == "menu-4!no-plausibility!in-sample"
    assert 0 < held["both"] <= 117
    assert held["sr"] < 0
    assert rows["search", "menu-4!no-plausibility", "climb"]["other"] == "fair-sac"
    assert {kind for kind, _, _ in rows} == {"sharing", "clusters", "held out", "search"}


def test_in_sample_menus_stand_beside_the_same_peoples_own_actions(menus):
    row = menus.fairness.set_index(["scenario", "solver"]).loc[("menu-4!no-plausibility!in-sample", "menu")]
    assert row["left_out"] == 1 - row["validity"]
    assert row["unavoidable"] == 0.0


def test_a_gap_that_one_attribute_hides_its_cells_with_another_show(tmp_path):
    helped = np.array([(r == "White") == (s == "f") for r, s in zip(RACE, SEX, strict=True)])
    draft = MenuDraft().offer("menu-1", "menu", np.where(helped[:, None], 0.1, np.inf), race=RACE, sex=SEX)
    across = Menus.of(draft.write(tmp_path / "run", protected={"race": ["White"], "sex": []})).across.set_index("by")
    assert across["pd"].to_dict() == {"race": 0.0, "sex": 0.0, "race and sex": 1.0}
    assert across.loc["race and sex", ["worst", "share"]].tolist() == ["White, m", 0.0]


def test_pd_never_stands_without_levelling_down_and_undefined_is_a_dash(menus):
    assert json.loads(menus.json())["fairness"][0]["levelled"] is None
    for text in (menus.text(), menus.markdown(), menus._repr_html_()):
        heads = [line for line in text.splitlines() if "PD" in line and "SR" in line and "scenario" in line]
        assert heads
        assert all("levelled" in line for line in heads)
        assert "A menu that helps nobody treats all groups alike" in text
    (first, *_) = csv.DictReader(io.StringIO(menus.csv()))
    assert (first["pd"] != "", first["levelled"]) == (True, "")
    line = next(x for x in menus.text().splitlines() if x.startswith("menu-1!no-plausibility "))
    assert line.split()[8] == "-"


def test_names_are_no_markup_in_any_form(tmp_path):
    draft = MenuDraft().offer("menu-1", EVIL, np.ones((120, 1)), race=RACE, dataset=EVIL)
    menus = Menus.of(draft.write(tmp_path / "run"))
    assert EVIL not in menus.markdown()
    assert EVIL not in menus._repr_html_()


def test_each_action_is_in_words_with_whom_it_works_for_and_who_picks_it(menus):
    rows = menus.actions
    rows = rows[(rows["scenario"] == "menu-2!no-plausibility")].to_dict("records")
    assert [row["words"] for row in rows] == ["hours per week: 10 hours more", "education: at least college"]
    cell = people(costs(2, 2))
    for i, row in enumerate(rows):
        for group in ("White", "other"):
            own = [p["costs"] for p in cell if p["race"] == group]
            assert row["works"][group] == pytest.approx(mean(c[i] < math.inf for c in own))
            picked = mean(min(c) < math.inf and c.tolist().index(min(c)) == i for c in own)
            assert row["picks"][group] == pytest.approx(picked)


@pytest.mark.parametrize(
    ("feature", "move", "amount", "words"),
    [
        (Feature("gain", Kind.INTEGER, unit="dollars"), "add", 9953.0, "gain: 9,953 dollars more"),
        (Feature("visits", Kind.INTEGER), "add", -2.0, "visits: 2 less"),
        (Feature("school", Kind.ORDINAL, levels=("low", "high")), "at most", 0.0, "school: at most low"),
        (Feature("town", Kind.CATEGORICAL, levels=("a", "b")), "set", 1.0, "town: b"),
    ],
)
def test_moves_in_words(feature, move, amount, words):
    assert move_in_words(feature, move, amount) == words


def test_a_table_of_menus_that_is_none_is_refused(tmp_path):
    draft = MenuDraft().offer("menu-1", "menu", np.ones((120, 1)), race=RACE)
    draft.rows[0]["move"] = "steal"
    with pytest.raises(ArenaError, match="move in .*menus.csv.*steal"):
        _ = Menus.of(draft.write(tmp_path / "run")).actions
    table = pd.read_csv(tmp_path / "run" / "menus.csv").drop(columns="move")
    table.to_csv(tmp_path / "run" / "menus.csv", index=False)
    with pytest.raises(ArenaError, match="missing move"):
        _ = Menus.of(Result.read(tmp_path / "run")).actions


def test_a_run_without_menus_has_none(tmp_path):
    menus = Menus.of(Draft(people=20).solve("hard-2", "grid", 0.5).write(tmp_path / "run"))
    assert not menus.found.menus
    assert menus.fairness.empty


@pytest.mark.parametrize(
    ("name", "family", "alone", "actions"),
    [
        ("menu-4", "menu", "soft-constant", 4),
        ("menu-4+ee-micro", "menu", "soft-constant", 4),
        ("menu-2+clusters-3+ee-macro+hard-2", "menu+ee-macro+hard-2", "hard-2", 6),
        ("score-menu-4+soft-linear@old", "score-menu+soft-linear@old", "score-soft-linear@old", 4),
        ("menu-8+budget-0.02!in-sample", "menu+budget-0.02!in-sample", "soft-constant", 8),
    ],
)
def test_what_a_scenario_asks_of_a_menu(name, family, alone, actions):
    menu = named_menu(name)
    assert (menu.family, menu.alone, menu.actions) == (family, alone, actions)


def test_the_command_writes_each_form(menus, tmp_path):
    run = str(menus.found.runs[0].path)
    assert CliRunner().invoke(main, ["menus", run]).output.startswith("A menu that helps nobody")
    file = tmp_path / "menus.json"
    written = CliRunner().invoke(main, ["menus", run, "--format", "json", "--out", str(file)])
    assert written.exit_code == 0, written.output
    assert {"fairness", "groups", "facts", "prices", "across", "actions"} <= {*json.loads(file.read_text())}
    assert Result.read(menus.found.runs[0].path).menus().csv() == menus.csv()


def test_the_command_says_what_to_do_with_a_run_without_menus(tmp_path):
    run = Draft(people=20).solve("hard-2", "grid", 0.5).write(tmp_path / "run")
    said = CliRunner().invoke(main, ["menus", str(run.path)])
    assert (said.exit_code, "offers no menus" in said.output) == (2, True)


def test_an_interval_that_is_open_at_one_end_is_said_to_be():
    row = {"ratio": 1.25, "ratio_low": 1.0, "ratio_high": None, "sr": 0.5, "sr_low": None, "sr_high": None}
    assert _shown(row, "ratio") == "1.250 [1.000, unbounded]"
    del row["ratio"]
    assert _shown(row, "sr") == "0.500"
