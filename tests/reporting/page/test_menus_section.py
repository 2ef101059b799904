"""What the page says of menus: each in words, whom it works for, and what fairness took from whom."""

from __future__ import annotations

import json
import re
from html import unescape

import numpy as np
import pytest
from boards import EVIL, Draft
from shared_actions import MenuDraft

from recourse_arena.reporting.forms import render
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard

RACE, SEX = ["White", "Black"] * 30, ["f", "f", "m", "m"] * 15


def costs(value, helped=60, actions=1):
    return np.where(np.arange(60)[:, None] < helped, np.full((60, actions), value), np.inf)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    draft, both = MenuDraft(), {"race": RACE, "sex": SEX}
    for size in (1, 4):
        draft.offer(f"menu-{size}", "menu", costs(0.4 / size, 48, size), **both)
    draft.offer("menu-4+clusters-2", "menu", costs(0.1, 60, 3), cluster=np.arange(60) % 2, **both)
    draft.offer("menu-4", "menu?pd=0.02", costs(0.1, 30, 2), **both)
    draft.alone("soft-constant", "individual", np.full(60, 0.05), **both)
    path = tmp_path_factory.mktemp("menus") / "run"
    run = draft.write(path, protected={"race": ["White"], "sex": []})
    return render(Leaderboard.of([run]), "html")


def section(text):
    return re.search('<section id="menus".*?</section>', text, re.S)[0]


def words(html):
    return " ".join(unescape(re.sub("<[^>]*>", " ", html)).split())


def rows(html, title):
    """Return the cells of the table below a heading, a list per row."""
    table = re.search(f"{re.escape(title)}.*?</table>", html, re.S)[0]
    return [[words(cell) for cell in re.findall("<t[hd].*?</t[hd]>", row, re.S)] for row in table.split("<tr")[1:]]


def test_it_says_first_that_a_menu_that_helps_nobody_is_fair(text):
    assert words(section(text)).startswith(
        "Menus: a few actions for everybody A menu that helps nobody treats all groups alike."
    )


def test_each_menu_is_in_words_with_whom_it_works_for_and_who_picks_it(text):
    menu = rows(section(text), "<summary>menu-1<")
    assert menu[0] == ["shared action", "works for White", "works for other"]
    assert menu[1] == ["menu, seed 0: 60 people"]
    assert menu[2] == ["1. hours per week: 10 hours more", "0.800 0.800 pick it", "0.800 0.800 pick it"]
    clusters = rows(section(text), "<summary>menu-4+clusters-2<")
    assert [row[0] for row in clusters if len(row) == 1] == [
        "menu, seed 0, cluster 1: 30 people",
        "menu, seed 0, cluster 2: 30 people",
    ]
    assert clusters[4][0] == "3. town: south"


def test_pd_is_never_seen_without_who_was_levelled_down(text):
    found = rows(section(text), "Whom menus help, and how unequally")
    assert found[0][:4] == ["solver", "SR", "levelled", "PD"]
    (fair,) = [row for row in found if row[0] == "menu?pd=0.02"]
    assert fair[2].startswith("0.300 ")
    for heads in re.findall("<thead>.*?</thead>", section(text), re.S):
        assert ("PD" in words(heads)) <= ("levelled" in words(heads))


def test_its_scripts_draw_cost_over_actions_and_help_over_cost(text):
    data = json.loads(re.search('id="document">(.*?)</script>', text, re.S)[1])["menus"]
    (curve,) = data["sharing"]
    assert [(row["actions"], row["cost"]) for row in curve["points"]] == [(1, 0.4), (4, 0.1)]
    assert curve["alone"] == 0.05
    shown = {(row["scenario"], row["solver"]): row for row in data["curves"]}
    assert shown["menu-1", "menu"]["groups"]["White"][-1] == 0.8


def test_runs_without_menus_have_no_such_section(tmp_path):
    text = render(Draft(people=30).solve("hard-2", "grid", 0.5).board(tmp_path / "run"), "html")
    assert 'id="menus"' not in text


def test_names_are_no_markup(tmp_path):
    draft = MenuDraft().offer("menu-1", EVIL, costs(0.1), race=[EVIL, "b"] * 30)
    draft.rows[0]["feature"] = EVIL
    text = render(draft.board(tmp_path / "run"), "html")
    assert EVIL not in text
    assert words(section(text)).count(EVIL) > 2
