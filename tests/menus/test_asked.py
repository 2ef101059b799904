"""What scenarios ask of menus, by name."""

from __future__ import annotations

import math

import pytest

from recourse_arena import ArenaError, MenuAsked, Scenario


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("menu-4", MenuAsked()),
        ("menu-1+ee-macro", MenuAsked(1, objective="ee-macro")),
        ("menu-3+clusters-2+ecr-0.7", MenuAsked(3, 2, "ecr", 0.7)),
        ("hard-2+menu-4+hybrid-0.5+budget-0.02", MenuAsked(4, objective="hybrid", share=0.5, budget=0.02)),
        ("menu-4+by-race-sex!in-sample", MenuAsked(by="race-sex", in_sample=True)),
        ("score-menu-4+soft-linear@favoured!no-plausibility", MenuAsked()),
    ],
)
def test_a_name_asks_for_a_menu_and_the_same_people_are_there_without_it(name, asked):
    scenario = Scenario.parse(name)
    assert scenario.menu == asked
    alone = Scenario.parse(scenario.without_menu.name)
    assert alone == scenario.without_menu
    assert (alone.menu, alone.actionable, alone.profile) == (None, scenario.actionable, scenario.profile)
    assert (alone.scheme, alone.distribution) == (scenario.scheme, scenario.distribution)
    assert scenario.menu.in_words() in scenario.in_words()
    assert scenario.menu.words in name or name.startswith("hard-2+")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("clusters-3", "begin with menu-N"),
        ("hard-2!in-sample", "begin with menu-N"),
        ("menu-0", "needs one action"),
        ("menu-4+ecr-1.5", "a share of a group"),
        ("menu-4+budget-0", "must be above 0"),
        ("menu-4+budget-lots", "unknown scenario"),
        ("menu-4+ee-nano", "unknown scenario"),
        ("menu-4+ee-micro+hybrid-0.6", "unknown scenario"),
        ("menu-4+menu-2", "unknown scenario"),
        ("menu-04", "unknown scenario"),
        ("menu-99999", "9,999 actions in all its clusters, not 99,999"),
        ("menu-4+clusters-9999", "not 39,996"),
        ("menu-4!asked-likert", "one at a time"),
    ],
)
def test_what_makes_no_sense_is_refused(name, text):
    with pytest.raises(ArenaError, match=text):
        Scenario.parse(name)


def test_without_a_budget_there_is_no_limit():
    assert MenuAsked().budget == math.inf
