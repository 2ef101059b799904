"""What a name asks of a table: features, actions, rows, bounds, and people of whom nobody trains two things."""

from __future__ import annotations

import pytest
import torch
from own_tables import ROWS, TOML, csv_text, replaced, written

from recourse_arena import ArenaError, Direction, Role, TableDataset
from recourse_arena.base.names import spell
from recourse_arena.people.box import Box
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.registry.discovery import discover
from recourse_arena.registry.parts import parts_of
from recourse_arena.tables.table_dataset import _digest

SENSITIVE = '[[attribute]]\nname = "town"\nkind = "categorical"\nlevels = ["a", "b", "c"]\nsensitive = true\n'
PROTECTED = TOML + SENSITIVE + '[protected]\ntown = ["a"]\n'
PEOPLE = [(100 + i, i / 2, ("own", "rent")[i % 2], 20 + i % 41, ("yes", "no")[i % 3 > 0], "abc"[i % 7 % 3])
          for i in range(600)]  # fmt: skip
TABLE = csv_text(PEOPLE, columns=("income", "debt", "home", "age", "paid", "town"))


@pytest.fixture
def asked(tmp_path):
    """Return the dataset of a TOML file with options, as a run makes it."""

    def make(options, toml=PROTECTED, table=TABLE):
        return discover().dataset(f"{written(tmp_path, toml, table)}?{options}")

    return make


def everybody(dataset, purpose, part):
    return {tuple(row) for row in getattr(getattr(dataset.splits(seed=0, data=None), purpose), part).x.tolist()}


def test_nobody_trains_both_the_decision_model_and_recourse(asked):
    dataset = asked("split=recourse")
    decides, advises = (everybody(dataset, purpose, "train") for purpose in ("decision", "recourse"))
    tests, chooses = everybody(dataset, "recourse", "test"), everybody(dataset, "recourse", "validation")
    assert not decides & advises
    assert not (decides | advises | chooses) & tests
    assert not chooses & (decides | advises)
    assert tests == everybody(dataset, "decision", "test") == everybody(dataset, "flow", "test")
    assert everybody(dataset, "flow", "train") == advises
    assert len(decides | advises | chooses | tests) == 600
    shares = [len(some) / 600 for some in (decides, advises, chooses, tests)]
    assert shares == pytest.approx([0.5, 0.2, 0.05, 0.25], abs=0.01)


def test_a_decision_model_that_looks_at_validation_people_has_some_of_its_own_half(asked):
    dataset = asked("split=recourse")
    whole, advises = everybody(dataset, "decision", "train"), everybody(dataset, "recourse", "train")
    assert everybody(dataset, "decision", "validation") == everybody(dataset, "recourse", "validation")
    dataset.validates = True
    most, few = (everybody(dataset, "decision", part) for part in ("train", "validation"))
    assert most | few == whole
    assert not most & few
    assert len(few) == pytest.approx(30, abs=4)
    assert everybody(dataset, "recourse", "train") == advises


def test_parts_have_their_share_of_each_label_in_each_protected_group(asked):
    splits = asked("split=recourse").splits(seed=0, data=None)
    share = {}
    for part in ("train", "validation", "test"):
        people = getattr(splits.recourse, part)
        cells = people.y + 2 * (people.attributes[:, 0] > 0)
        share[part] = torch.bincount(cells.long(), minlength=4) / len(people)
        assert (share[part] > 0.1).all()
    assert torch.allclose(share["train"], share["test"], atol=0.02)


def test_the_split_is_another_one_for_another_seed_and_the_old_one_by_default(asked):
    plain, apart = asked(""), asked("split=recourse")
    shared = plain.splits(seed=0, data=None)
    assert shared.decision is shared.recourse
    assert [len(shared.recourse.train), len(shared.recourse.test)] == [360, 120]
    one, other = (apart.splits(seed=seed, data=None).recourse.test.x for seed in (0, 1))
    assert not torch.equal(one, other)
    assert torch.equal(one, apart.splits(seed=0, data=None).recourse.test.x)


def test_people_act_upon_what_is_named_and_one_way_where_that_is_said(asked):
    features = asked("act=debt:down,home").features
    assert [feature.name for feature in features if feature.role is Role.ACTIONABLE] == ["debt", "home"]
    assert features["debt"].direction is Direction.DOWN
    assert features["income"].role is Role.MUTABLE
    assert asked("act=income").features["income"].direction is Direction.ANY


def test_features_that_are_named_stay_in_their_order(asked):
    dataset = asked("features=age,income&act=income")
    assert dataset.features.names == ("income", "age") == dataset.graph.names
    assert dataset.splits(seed=0, data=None).recourse.train.x.shape[1] == 2
    named = asked("features=few&act=some", PROTECTED + '[sets]\nfew = ["income", "age"]\nsome = ["income"]\n')
    assert named.features.names == ("income", "age")
    assert named.features.count_actionable == 1


def test_rows_are_complete_without_those_that_say_nothing_or_repeat_another(asked):
    toml = replaced(
        ('duplicates = "keep"', 'duplicates = "keep"\nunanswered = ["?"]'),
        ('levels = ["own", "rent"]', 'levels = ["own", "?", "rent"]\nnames = ["their own", "not said", "rented"]'),
    )
    rows = [*ROWS, ROWS[0], (900, 1.0, "?", 30, "yes"), (901, 1.0, "?", 31, "no")]
    whole, complete = (asked(options, toml, csv_text(rows)) for options in ("", "rows=complete"))
    assert len(whole.read(None)) == 63
    splits = complete.splits(seed=0, data=None).recourse
    assert sum(len(getattr(splits, part)) for part in ("train", "validation", "test")) == 60
    assert whole.features["home"].levels == ("their own", "not said", "rented")
    assert complete.features["home"].levels == ("their own", "rented")


def test_levels_that_a_rule_is_about_are_the_same_after_one_is_gone(asked):
    rule = '[[rule]]\nwhen = { home = ["not said", "rented"] }\nthen = { grade = "low" }\n'
    grade = '[[feature]]\nname = "grade"\ncolumn = "paid"\nkind = "ordinal"\nlevels = ["no", "yes"]\n'
    toml = replaced(
        ('duplicates = "keep"', 'duplicates = "keep"\nunanswered = ["?"]'),
        ('levels = ["own", "rent"]', 'levels = ["own", "?", "rent"]\nnames = ["their own", "not said", "rented"]'),
        ('column = "paid"', 'column = "settled"'),
    )
    toml += grade + 'names = ["low", "high"]\n' + rule
    table = csv_text([(*row, row[-1]) for row in ROWS], columns=("income", "debt", "home", "age", "paid", "settled"))
    (before,), (after,) = (asked(options, toml, table).features.rules for options in ("", "rows=complete"))
    assert before.levels == (1, 2)
    assert after.levels == (1,)
    assert str(before) == str(after)
    with pytest.raises(ArenaError, match="features: the rule 'home not said .* grade low' needs 'grade'"):
        asked("features=income,home", toml, table)


def test_bounds_are_those_of_refused_people_or_as_declared():
    features = discover().dataset("alzheimer?bounds=declared").features
    x = torch.full((2, len(features)), 5.0)
    x[1] = 3.0
    box = Box.declared(x, features)
    assert box.upper[features.index("mmse")] == 30
    assert box.lower[features.index("mmse")] == 0
    assert box.upper[features.index("bmi")] == 5
    assert discover().dataset("alzheimer").bounds == "refused"


def test_the_dataset_that_is_asked_stays_as_it_is(tmp_path):
    own = TableDataset.at(written(tmp_path, PROTECTED, TABLE))
    own.splits(seed=0, data=tmp_path)
    other = own.asked({"act": "income", "features": "income,age", "split": "recourse", "bounds": "declared"})
    assert len(other.splits(seed=0, data=tmp_path).recourse.train.x[0]) == 2
    assert (own.features.count_actionable, own.apart, own.bounds) == (2, False, "refused")
    assert own.splits(seed=0, data=tmp_path).recourse.train.x.shape[1] == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("split=recours", "unknown split of dataset 'own' 'recours'. Did you mean 'recourse'"),
        ("rows=complet", "unknown rows of dataset 'own' 'complet'. Did you mean 'complete'"),
        ("bounds=wide", "unknown bounds of dataset 'own' 'wide'"),
        ("act=incme", "unknown feature in act of dataset 'own' 'incme'. Did you mean 'income'"),
        ("act=", "unknown feature in act of dataset 'own' ''"),
        ("act=income:upp", "unknown direction of 'income' in act 'upp'. Did you mean 'up'"),
        ("act=age", "dataset own: act: 'age' is immutable; nobody can act upon it"),
        ("act=income,income", "dataset own: act: expected each once; repeated: 'income'"),
        ("act=home:up", "feature 'home': categories have no order"),
        ("features=income,x", "unknown feature in features of dataset 'own' 'x'"),
        ("splt=recourse", "unknown option of dataset 'own' 'splt'. Did you mean 'split'"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_error(options, message, asked):
    with pytest.raises(ArenaError, match=message):
        asked(options)


def test_datasets_that_are_no_tables_take_none_of_it():
    with pytest.raises(ArenaError, match="unknown option of dataset 'loan' 'split'"):
        discover().dataset("loan?split=recourse")


def test_names_with_commas_are_read_as_they_are_written():
    name = "german?act=amount,duration:down&split=recourse&decision=logistic"
    dataset = discover().dataset(name)
    assert dataset.features.count_actionable == 2
    assert spell("german", {"act": "amount,duration:down"}) == "german?act=amount,duration:down"
    assert parts_of(discover(), name) == {"decision"}  # the others are of its people


def test_each_option_leads_to_models_of_its_own_and_none_to_those_that_were(tmp_path):
    registry = discover()
    keys = [
        ModelKeys.of(f"german{options}", seed=0, data=tmp_path, registry=registry, arithmetic="portable").classifier
        for options in ("", "?split=recourse", "?act=amount", "?rows=complete", "?bounds=declared")
    ]
    assert len(set(keys)) == 5


def test_what_is_not_said_changes_no_version(tmp_path):
    assert TableDataset.at(written(tmp_path)).version == "1+9b580f52a019"  # as before there was anything to say
    said = TableDataset.at(written(tmp_path, PROTECTED, TABLE)).declaration
    assert _digest(said) != _digest(TableDataset.at(written(tmp_path, TOML + SENSITIVE, TABLE)).declaration)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('[protected]\ntwn = ["a"]', "protected: unknown protected feature or attribute 'twn'. Did you mean 'town'"),
        ('[protected]\ntown = ["d"]', "protected: unknown level of 'town' 'd'"),
        ('[protected]\ntown = ["a", "b", "c"]', "protected: 'town': all of its levels are named"),
        ('[protected]\nhome = ["own"]', "protected: 'home' is not sensitive; say so where it is declared"),
        ('[protected]\nage = ["own"]', "protected: 'age' has no levels by which people could be told apart"),
        ("[protected]\ntown = 3", "protected: town: expected a text or a list of texts, got 3"),
        ('[sets]\nage = ["income"]', "sets: age: expected another name; a feature is called so"),
        ('[sets]\nfew = ["incme"]', "unknown feature in sets: few 'incme'. Did you mean 'income'"),
    ],
)
def test_what_is_declared_wrongly_is_said_with_file_and_key(more, message, tmp_path):
    path = written(tmp_path, TOML + SENSITIVE + more + "\n", TABLE)
    with pytest.raises(ArenaError, match=message) as raised:
        TableDataset.at(path)
    assert str(path) in str(raised.value)
