"""One person is read from a file or from Python, and what is wrong is said with its place."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recourse_arena import ArenaError
from recourse_arena.elicitation.interviews.person import Person, read_person
from recourse_arena.tables.declaration import declared
from recourse_arena.tables.table_dataset import TableDataset
from recourse_arena_german import German
from recourse_arena_loan import Loan
from recourse_arena_tables import Adult, Heloc

SAID = {"age": 35, "home": "own", "rate": "20", "amount": 1500.5, "member": "yes"}


@cache
def bank():
    features = [
        {"name": "age", "kind": "integer", "role": "immutable", "lower": 18, "upper": 120, "unit": "years"},
        {"name": "home", "column": "housing", "kind": "categorical", "levels": ["A1", "A2", "?"]}
        | {"names": ["own", "Rented", "not said"]},
        {"name": "rate", "kind": "ordinal", "levels": ["10", "20", "30"]},
        {"name": "amount", "lower": 0, "replace": {"none": "0", "": "0"}, "role": "actionable"},
        {"name": "member", "kind": "binary", "levels": ["0", "1"], "names": ["no", "yes"]},
    ]
    return TableDataset.of(
        declared(
            Path("bank.toml"),
            {
                "label": {"column": "risk", "favourable": "1"},
                "table": {"file": "b.csv", "header": False, "columns": ["age", "housing", "weight", "risk"]},
                "feature": features,
                "attribute": [{"name": "race", "kind": "binary", "levels": ["w", "b"]}],
            },
        )
    )


VALUES = {"age": 35.0, "home": 0.0, "rate": 1.0, "amount": 1500.5, "member": 1.0}


@pytest.mark.parametrize(
    "said",
    [
        SAID,
        {**SAID, "home": "OWN", "member": True},
        {**SAID, "home": "A1", "rate": 20, "member": 1},
        {**SAID, "age": "35", "amount": "1500.5", "rate": 20.0},
        {**SAID, "age": np.int64(35), "amount": np.float32(1500.5), "member": np.bool_(True)},
        {**SAID, "age": torch.tensor(35)},
        {"age": 35, "housing": "A1", "rate": "20", "amount": 1500.5, "member": "yes", "risk": "2", "weight": 3},
        pd.Series(SAID),
    ],
)
def test_a_person_is_their_units_and_levels_however_they_are_said(said):
    person = read_person(said, bank())
    assert person.values == VALUES
    assert person.row().tolist() == [[*VALUES.values()]]
    assert person.row().dtype == torch.float32
    assert person.attributes == {}


def test_attributes_may_be_said():
    assert read_person({**SAID, "race": "b"}, bank()).attributes == {"race": 1.0}


def test_cells_that_the_table_replaces_are_read_as_it_reads_them():
    assert read_person({**SAID, "amount": "none"}, bank()).values["amount"] == 0
    assert read_person({**SAID, "amount": ""}, bank()).values["amount"] == 0
    assert Heloc().aliases(Heloc().features["months_last_inquiry"]) == {"-9": 0.0, "-8": 0.0, "-7": 240.0}
    assert Adult().aliases(Adult().features["workclass"])["?"] == 8.0


def test_a_row_of_a_table_is_a_person():
    german = German()
    cells = german.read(Path())
    x, _, _ = german._people(Path())
    for row in (0, 7, 999):
        said = {name: column[row] for name, column in cells.columns.items()}
        assert read_person(said, german).row()[0].tolist() == x[row].tolist()


@pytest.mark.parametrize("suffix", ["json", "csv", "txt"])
@pytest.mark.parametrize("packed", [False, True])
def test_files_are_told_by_what_they_hold(tmp_path, suffix, packed):
    said = {**SAID, "amount": "1500.5"}
    text = json.dumps(said) if suffix != "csv" else ";".join(said) + "\n" + ";".join(map(str, said.values())) + "\n"
    file = tmp_path / f"person.{suffix}"
    file.write_bytes(gzip.compress(text.encode("utf-8-sig"), mtime=0) if packed else text.encode("utf-16"))
    assert read_person(file, bank()).values == read_person(str(file), bank()).values == VALUES


def test_of_several_rows_one_is_chosen(tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("age,home,rate,amount,member\n20,own,10,1,no\n\n35,own,20,1500.5,yes\n")
    assert read_person(file, bank(), row=1).values == VALUES
    with pytest.raises(ArenaError, match="people.csv: expected one person, got 2; choose one by its row, 0 to 1"):
        read_person(file, bank())
    with pytest.raises(ArenaError, match="there is no row 2: it has 2, counted from 0"):
        read_person(file, bank(), row=2)
    for row in (-1, True, "1"):
        with pytest.raises(ArenaError, match="row: expected a whole number from 0"):
            read_person(file, bank(), row=row)


def without(name):
    return {key: value for key, value in SAID.items() if key != name}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({**SAID, "agee": 3}, "person: unknown feature 'agee'. Did you mean 'age'"),
        (without("age"), "person: expected each feature; 'age' is missing"),
        ({"age": 3}, "person: expected each feature; 'home', 'rate', 'amount', 'member' are missing"),
        ({**SAID, "home": "owned"}, "'home': expected one of the levels 'own', 'Rented', 'not said'; got 'owned'"),
        ({**SAID, "home": 0}, "'home': expected one of the levels"),
        ({**SAID, "home": None}, "'home': expected one of the levels 'own', 'Rented', 'not said'; got nothing"),
        ({**SAID, "home": ["own"]}, "'home': expected one of the levels"),
        ({**SAID, "rate": 2}, "'rate': expected one of the levels '10', '20', '30'; got 2"),
        ({**SAID, "age": "old"}, "'age': expected a whole number of years; got 'old'"),
        ({**SAID, "age": 35.5}, "'age': expected a whole number; got 35.5"),
        ({**SAID, "age": 17}, "'age': expected a value from 18 to 120; got 17"),
        ({**SAID, "age": True}, "'age': expected a whole number of years; got True"),
        ({**SAID, "amount": -1}, "'amount': expected a value of at least 0; got -1"),
        ({**SAID, "amount": float("nan")}, "'amount': expected a number; got nan"),
        ({**SAID, "amount": "inf"}, "'amount': expected a number; got 'inf'"),
        ({**SAID, "amount": 10**400}, "'amount': expected a number; got 1000"),
        ({**SAID, "amount": "1e39"}, "'amount': expected a number; got '1e39'"),
        ({**SAID, "amount": "1,500"}, "'amount': expected a number; got '1,500'"),
        ({**SAID, "amount": pd.NA}, "'amount': expected a number; got nothing"),
        ({**SAID, "housing": "A1"}, "'home' and 'housing' both say 'home'; leave one out"),
        (pd.Series([1, 2], index=["age", "age"]), "person: expected each feature once; 'age' occurs 2 times"),
        (pd.DataFrame([SAID]), "got a frame; a row of it is one, as in frame.iloc[0]"),
        (3, "person: expected the path of a JSON or CSV file, or a mapping of features, got 3"),
    ],
)
def test_what_is_wrong_with_a_person_is_one_clear_error(said, message):
    with pytest.raises(ArenaError) as caught:
        read_person(said, bank())
    assert message in str(caught.value)


HEADER = "age,home,rate,amount,member\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.json", b"", "p.json: expected a readable person, got an empty file"),
        ("p.json", b"{", "p.json:1: expected a readable person in JSON"),
        ("p.json", b'{"age": 1,\n"age": 2}', "p.json: expected each key once; 'age' occurs 2 times"),
        ("p.json", b"[1]", "p.json: expected one person as an object"),
        ("p.json", b"[" * 100_000, "p.json: expected a readable person in JSON"),
        ("p.json", b'{"age": ' + b"9" * 5000 + b"}", "p.json: expected a readable person in JSON"),
        ("p.json", b'{"age": "\xff"}', "p.json:1: expected a readable person in UTF-8"),
        ("p.csv", b"", "p.csv: expected a CSV file with a header, got an empty file"),
        ("p.csv", HEADER.encode(), "p.csv: expected a person below the header, got none"),
        ("p.csv", HEADER.encode() + b"35,own,20,1500.5\n", "p.csv:2: expected 5 cells as in the header, got 4"),
        (
            "p.csv",
            HEADER.encode() + b",own,20,1500.5,yes\n",
            "p.csv:2: 'age': expected a whole number of years; got an",
        ),
        ("p.csv", b"age,age\n1,2\n", "p.csv:1: expected each column once; 'age' occurs 2 times"),
        ("p.csv", b"PK\x03\x04", "got a spreadsheet or an archive; save it as text"),
        ("folder", None, "got something else than a file"),
        ("none.json", None, "none.json: expected a readable person"),
    ],
)
def test_a_file_that_is_no_person_is_one_clear_error(tmp_path, name, content, message):
    (tmp_path / "folder").mkdir()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ArenaError) as caught:
        read_person(tmp_path / name, bank())
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_decimal_comma_is_read_where_the_table_has_it():
    table = bank()
    comma = TableDataset.of(table.declaration)
    comma.decimal = ","
    assert read_person({**SAID, "amount": "1500,5"}, comma).values == VALUES
    with pytest.raises(ArenaError, match="expected a number"):
        read_person({**SAID, "amount": "1.500"}, comma)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=6, max_size=6), st.booleans())
def test_whoever_is_written_is_read(numbers, male):
    loan = Loan()
    said = dict(zip([name for name in loan.features.names if name != "gender"], numbers, strict=True))
    person = read_person({**said, "gender": "male" if male else "female"}, loan)
    assert person.row()[0].tolist() == [float(male), *numbers]
    assert read_person(json.loads(json.dumps({**said, "gender": ["female", "male"][male]})), loan) == person
    assert isinstance(person, Person)
