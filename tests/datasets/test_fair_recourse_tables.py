"""The tables of fair recourse: Adult and Alzheimer as they are studied, and Chicago's list on made-up rows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from recourse_arena import ArenaError, Direction, Role
from recourse_arena.people.groups import group_codes
from recourse_arena.registry.discovery import discover
from recourse_arena.testing import check
from recourse_arena_tables import Ssl

DATA = Path(os.environ.get("RECOURSE_ARENA_DATA", "nowhere"))
ADULT = "adult?rows=complete&split=recourse&bounds=declared&act=capital-gain:up,hours-per-week,education-num"
ALZHEIMER = "alzheimer?features=menus&split=recourse&bounds=declared"
COLUMNS = (
    "SSL SCORE", "PREDICTOR RAT AGE AT LATEST ARREST", "PREDICTOR RAT VICTIM SHOOTING INCIDENTS",
    "PREDICTOR RAT VICTIM BATTERY OR ASSAULT", "PREDICTOR RAT ARRESTS VIOLENT OFFENSES",
    "PREDICTOR RAT GANG AFFILIATION", "PREDICTOR RAT NARCOTIC ARRESTS", "PREDICTOR RAT TREND IN CRIMINAL ACTIVITY",
    "PREDICTOR RAT UUW ARRESTS", "AGE GROUP", "SEX CODE CD", "RACE CODE CD",
)  # fmt: skip
"""Of the publisher's 48 columns, in their order."""
RACES = ("BLK", "WHI", "WBH", "WWH")


def needs(file: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (DATA / file).is_file(), reason=f"RECOURSE_ARENA_DATA names no directory with {file}")


def row(number: int, **cells: object) -> str:
    """Return a made-up line of the city's file."""
    ages = ("less than 20", "20-30", "30-40", "40-50", "50-60", "60-70", "70-80")
    said = {
        "SSL SCORE": 300 + number % 90,
        "PREDICTOR RAT AGE AT LATEST ARREST": ages[number % 7],
        "PREDICTOR RAT TREND IN CRIMINAL ACTIVITY": (number % 31 - 15) / 10,
        "AGE GROUP": ages[number % 7],
        "SEX CODE CD": "MF"[number % 3 == 0],
        "RACE CODE CD": RACES[number % 4],
    }
    counts = dict.fromkeys(COLUMNS, number % 2) | {"PREDICTOR RAT NARCOTIC ARRESTS": number % 5}
    return ",".join(str({**counts, **said, **cells}[name]) for name in COLUMNS)


def listed(folder: Path, *more: str) -> Path:
    place = folder / "ssl" / "Strategic_Subject_List_-_Historical.csv"
    place.parent.mkdir(parents=True)
    place.write_text("\n".join([",".join(COLUMNS), *map(row, range(400)), *more]) + "\n")
    return folder


def everybody(dataset, data):
    split = dataset.splits(seed=0, data=data).recourse
    parts = (split.train, split.validation, split.test)
    return torch.cat([part.x for part in parts]), torch.cat([part.y for part in parts]), parts


def test_ssl_reads_scores_races_and_who_is_left_out(tmp_path):
    out = [row(500 + k, **{"RACE CODE CD": code}) for k, code in enumerate(("U", "I", "API"))]
    out += [row(600, **{"SEX CODE CD": "X"}), row(601, **{"PREDICTOR RAT AGE AT LATEST ARREST": ""})]
    dataset = Ssl()
    x, y, parts = everybody(dataset, listed(tmp_path, *out))
    assert x.shape == (400, 8)
    assert int((1 - y).sum()) == sum(300 + i % 90 >= 345 for i in range(400))
    races = torch.cat([part.attributes[:, 0] for part in parts])
    assert int((races == 0).sum()) == int((races == 1).sum()) == 200  # WBH counts as BLK, WWH as WHI
    codes = group_codes("race", dataset.protected["race"], parts[0], dataset.features, dataset.attributes)
    assert torch.equal(codes, 1 - parts[0].attributes[:, 0].long())
    down = {feature.name for feature in dataset.features if feature.role is Role.ACTIONABLE}
    assert down == {"violent_arrests", "narcotic_arrests", "weapon_arrests", "trend"}
    assert all(dataset.features[name].direction is Direction.DOWN for name in down)
    assert x[:, dataset.features.index("age_at_latest_arrest")].unique().tolist() == [*range(7)]


def test_ssl_says_where_a_score_is_none_and_how_its_file_is_got(tmp_path):
    with pytest.raises(ArenaError, match=r"Historical\.csv:402: column 'SSL SCORE': expected a number, got 'high'"):
        everybody(Ssl(), listed(tmp_path, row(1, **{"SSL SCORE": "high"})))
    with pytest.raises(ArenaError, match=r"found none\nIts publisher offers it without.*4aki-r3np\n.*data fetch ssl"):
        Ssl().splits(seed=0, data=tmp_path / "none")


@pytest.mark.parametrize("options", ["", "?split=recourse&bounds=declared&act=narcotic_arrests,trend"])
def test_ssl_keeps_the_laws_of_datasets(options, tmp_path):
    report = check(f"ssl{options}", data=listed(tmp_path))
    assert report.ok, report.text()


@needs("adult/adult.data")
def test_adult_is_the_studied_one():
    dataset = discover().dataset(ADULT)
    x, y, _ = everybody(dataset, DATA)
    decision = dataset.splits(seed=0, data=DATA).decision
    assert len(x) + len(decision.train) == 45_194
    assert dataset.features.names == discover().dataset("adult").features.names
    assert {f.name: str(f.direction) for f in dataset.features if f.role is Role.ACTIONABLE} == {
        "capital_gain": "up",
        "hours_per_week": "any",
        "education_num": "up",
    }
    assert "not said" not in dataset.features["workclass"].levels
    assert float(y.mean()) == pytest.approx(0.248, abs=0.003)
    assert [*dataset.protected] == ["race", "sex"]


@needs("alzheimer/alzheimers_disease_data.csv")
def test_alzheimer_is_the_studied_one_and_says_that_it_advises_nobody():
    dataset = discover().dataset(ALZHEIMER)
    assert len(dataset.features) == 20
    acted = {f.name: (str(f.direction), f.lower, f.upper) for f in dataset.features if f.role is Role.ACTIONABLE}
    assert acted == {"mmse": ("any", 0, 30), "functional_assessment": ("any", 0, 10), "adl": ("any", 0, 10)}
    assert "advises nobody" in dataset.summary
    assert check(ALZHEIMER, data=DATA).ok


@needs("compas/compas-scores-two-years.csv")
def test_compas_protects_african_american_people():
    dataset = discover().dataset("compas?split=recourse")
    people = dataset.splits(seed=0, data=DATA).recourse.test
    codes = group_codes("race", dataset.protected["race"], people, dataset.features, dataset.attributes)
    black = dataset.features["race"].levels.index("African-American")
    assert torch.equal(codes == 1, people.x[:, dataset.features.index("race")] == black)
