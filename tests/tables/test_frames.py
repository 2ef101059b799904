"""Datasets made of frames: what is said is taken, the rest is guessed, and a mistake is an error where it is made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recourse_arena import ArenaError, Kind, Role
from recourse_arena import dataset as of_frame


def people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "income": [1000.5 + i for i in range(60)],
            "home": ["own", "rent", "none"] * 20,
            "woman": [True, False] * 30,
            0: [i % 4 for i in range(60)],
            "id": [f"p{i}" for i in range(60)],
            "paid": [i % 3 == 0 for i in range(60)],
        }
    )


def everybody(dataset):
    return [*vars(dataset.splits(seed=0, data=Path()).recourse).values()]


def test_a_frame_is_a_dataset():
    made = of_frame(people(), label="paid", actionable=["income", "home"], immutable=["woman"], sensitive=["woman"])
    assert made.features.names == ("income", "home", "woman", "0")
    assert [feature.kind for feature in made.features] == ["continuous", "categorical", "binary", "integer"]
    assert [feature.role for feature in made.features] == ["actionable", "actionable", "immutable", "mutable"]
    assert made.features["home"].levels == ("none", "own", "rent")
    assert made.features["woman"].sensitive
    assert sum(len(part) for part in everybody(made)) == 60
    assert sum(float(part.y.sum()) for part in everybody(made)) == 20
    assert made.fingerprint(Path()) == of_frame(people(), label="paid", actionable=["income"]).fingerprint(Path())


def test_what_is_said_comes_before_what_is_guessed():
    made = of_frame(
        people(),
        label="paid",
        favourable=False,
        actionable=["income", 0],
        directions={"income": "up"},
        kinds={"home": "ordinal", "income": "continuous"},
        levels={"home": ["none", "rent", "own"], 0: [3, 2, 1, 0]},
        name="mine",
        cost="l1",
        decision="forest?trees=5",
    )
    assert (made.name, made.cost, made.decision) == ("mine", "l1", "forest?trees=5")
    assert made.features["home"].kind is Kind.ORDINAL
    assert made.features["home"].levels == ("none", "rent", "own")
    assert made.features["0"].levels == ("3", "2", "1", "0")
    assert (made.features["0"].kind, made.features["0"].role) == (Kind.CATEGORICAL, Role.ACTIONABLE)
    assert made.features["income"].direction == "up"
    assert sum(float(part.y.sum()) for part in everybody(made)) == 40


def test_groups_that_menus_are_to_be_fair_between_are_said_with_the_frame():
    made = of_frame(people(), label="paid", actionable=["income"], protected={"home": ["own"], "woman": []})
    assert made.protected == {"home": ("own",), "woman": ()}
    assert made.features["home"].sensitive
    assert made.features["woman"].sensitive
    with pytest.raises(ArenaError, match="unknown level of 'home' 'castle'"):
        of_frame(people(), label="paid", actionable=["income"], protected={"home": ["castle"]})
    with pytest.raises(ArenaError, match="unknown feature of the frame 'hme'"):
        of_frame(people(), label="paid", actionable=["income"], protected={"hme": []})


@pytest.mark.parametrize("favourable", [True, 1, 1.0, np.True_, np.int64(1), np.float32(1), "1"])
def test_labels_are_the_same_in_every_type(favourable):
    made = of_frame(people(), label="paid", favourable=favourable, actionable=["income"])
    assert sum(float(part.y.sum()) for part in everybody(made)) == 20


@pytest.mark.parametrize("kind", ["Int64", "float32", "object", "category"])
def test_types_of_pandas_are_read_by_their_values(kind):
    made = of_frame(people().assign(income=pd.Series(range(60)).astype(kind)), label="paid", actionable=["income"])
    assert made.features["income"].kind is Kind.INTEGER
    assert sorted(x for part in everybody(made) for x in part.x[:, 0].tolist()) == list(range(60))


def test_rows_with_missing_values_are_left_out_and_words_are_no_missing_values():
    frame = people().assign(income=[np.nan, *range(59)], home=["?", "none", "NA"] * 20)
    made = of_frame(frame, label="paid", actionable=["income"])
    assert sum(len(part) for part in everybody(made)) == 59
    assert made.features["home"].levels == ("?", "NA", "none")


def test_a_column_that_is_named_is_a_feature_even_if_it_counts_rows():
    frame = people().assign(income=range(60))
    assert "income" in of_frame(frame, label="paid", actionable=["income"]).features.names
    assert "income" not in of_frame(frame, label="paid", actionable=["home"]).features.names


MISTAKES = {
    "no frame": ([1, 2], {}, "expected a pandas frame .* got list"),
    "nothing": (None, {}, "expected a pandas frame .* got NoneType"),
    "unknown label": (people(), {"label": "payed"}, "unknown column of the frame 'payed'. Did you mean 'paid'"),
    "unknown column": (people(), {"actionable": ["incom"]}, "feature of the frame 'incom'. Did you mean 'income'"),
    "label as a feature": (people(), {"actionable": ["paid"]}, "unknown feature of the frame 'paid'"),
    "a text of columns": (people(), {"actionable": "income"}, "actionable: expected a list of columns, got 'income'"),
    "a number of columns": (people(), {"immutable": 3}, "immutable: expected a list of columns, got 3"),
    "no columns": (people(), {"actionable": []}, "actionable: expected the columns that people can act upon"),
    "unknown in kinds": (people(), {"kinds": {"zz": "binary"}}, "unknown feature of the frame 'zz'"),
    "unknown kind": (people(), {"kinds": {"income": "int"}}, "kind: expected continuous, .* got 'int'"),
    "words as numbers": (people(), {"kinds": {"home": "integer"}}, "row 0: column 'home': expected a number"),
    "unknown direction": (people(), {"directions": {"income": "north"}}, "direction: expected any, up or down"),
    "direction of categories": (people(), {"directions": {"home": "up"}}, "'home': categories have no order"),
    "a level short": (people(), {"levels": {"home": ["own", "rent"]}}, "row 2: column 'home'.* got 'none'"),
    "unknown favourable": (people(), {"favourable": "yes"}, r"'paid': expected favourable labels \('yes'\)"),
    "unknown cost": (people(), {"cost": "grower"}, "cost: expected one of .* got 'grower'"),
    "odd name": (people(), {"name": "../x"}, "name: expected 1 to 64"),
    "name as a number": (people(), {"name": 3}, "name: expected a string, got 3"),
    "column twice": (pd.concat([people(), people()[["home"]]], axis=1), {}, "columns of the frame.*once.*'home'"),
    "no rows": (people()[:0], {}, "expected people without gaps, got 0 rows"),
    "no complete row": (people().assign(income=np.nan), {}, "got 60 rows of which none has all values"),
    "infinite": (people().assign(income=[np.inf, *range(59)]), {}, "row 0: column 'income'.* got an infinite one"),
    "one label": (people().assign(paid=1), {}, "each of 60 is favourable"),
    "too few": (people()[:4], {}, "too few to be split"),
    "constant": (people().assign(income=3), {}, "'income' .* can be no feature: all rows have the same value"),
    "words without end": (
        pd.concat([people().assign(home=[f"h{i + 60 * j}" for i in range(60)]) for j in range(2)]),
        {"actionable": ["home"]},
        "'home' of the frame can be no feature: 120 different texts are too many",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("frame", "said", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_an_error_where_it_is_made(frame, said, words):
    with pytest.raises(ArenaError, match=words):
        of_frame(frame, **{"label": "paid", "actionable": ["income"], **said})
