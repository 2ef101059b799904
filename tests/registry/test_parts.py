"""Parts that every dataset has, as options of its name: decision model, cost, effects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from borrowers import borrowers
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression

import recourse_arena as arena
import recourse_arena_german
from recourse_arena import ArenaError, Decision, DecisionRecipe
from recourse_arena.base.folders import data_folder
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.models.decision.offers import Forest, Relu
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.registry.discovery import discover
from recourse_arena.registry.parts import decision_words, parts_of
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.tables.declaration import read_declaration
from recourse_arena.tables.table_dataset import TableDataset

REGISTRY = discover()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("germna", "unknown dataset 'germna'. Did you mean 'german'"),
        ("german?decision=forst", "unknown decision model 'forst'. Did you mean 'forest'"),
        (
            "german?decision=forest&decision.tree=5",
            "unknown option of decision model 'forest' 'tree'. Did you mean 'trees'",
        ),
        ("german?decision=forest&decision.trees=0", "decision model forest: trees must be a whole number"),
        ("german?decision.hiden=3", "unknown option of decision model 'relu' 'hiden'. Did you mean 'hidden'"),
        ("german?decision.trees=3", "unknown option of decision model 'relu' 'trees'"),
        ("german?decisions=forest", "unknown option of dataset 'german' 'decisions'. Did you mean 'decision"),
        ("german?cost=gowre", "unknown cost of dataset 'german' 'gowre'. Did you mean 'gower'"),
        ("german?cost=7", "unknown cost of dataset 'german' '7'. Known: "),
        ("german?effects=non", "unknown effects of dataset 'german' 'non'. Did you mean 'none'"),
        ("german?effects=scm", "dataset german: its structural equations are not known; effects are flow or none"),
        ("german?effects=flow", "dataset german: no causal graph of it is known; effects are none"),
        ("german?trees=3", "unknown option of dataset 'german' 'trees'"),
        ("loan?decision=adm", "dataset loan: decision must be one of sgd, adam, got 'adm'$"),
        ("loan?decision=forst", "one of sgd, adam, got 'forst'; did you mean the decision model 'forest'"),
        ("loan?decision=adam&decision.hidden=x", "hidden: expected widths such as 32-32"),
        ("loan?effects=smc", "Did you mean 'scm'"),
    ],
)
def test_a_wrong_part_is_one_clear_error_with_near_matches(name, message):
    with pytest.raises(ArenaError, match=message):
        REGISTRY.dataset(name)


def test_an_option_of_the_datasets_own_is_its_own():
    adam = REGISTRY.dataset("loan?decision=adam")
    assert isinstance(adam.decision, DecisionRecipe)
    assert adam.decision.optimizer == "adam" != REGISTRY.dataset("loan").decision.optimizer
    assert parts_of(REGISTRY, "loan?decision=adam") == frozenset()
    assert parts_of(REGISTRY, "loan?decision=forest&cost=l1&actionable=income") == {"decision", "cost"}
    assert parts_of(REGISTRY, "german?decision=forest&decision.trees=5") == {"decision", "decision.trees"}


@pytest.mark.parametrize("dataset", ["loan", "german"])
def test_a_decision_model_is_that_of_its_name_with_its_options(dataset):
    forest = REGISTRY.dataset(f"{dataset}?decision=forest&decision.trees=9")
    model = REGISTRY.decision_of(forest)
    assert isinstance(model, Forest)
    assert (model.trees, model.leaf) == (9, Forest().leaf)
    assert decision_words(forest) == "forest?trees=9"


TEXTS = ["true", "false", "007", "1.50", "1e3", "1_0", "nan", "yes", "True"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("way", ["name", "decision", "toml"])
def test_an_option_that_is_text_stays_as_it_is_written(way, text, tmp_path):
    file = tmp_path / "1e5"
    file.write_bytes(b"")
    if way == "name":
        model = REGISTRY.decisions.create(f"onnx?file={file}&favourable={text}&threshold=0.7")
    elif way == "decision":
        name = f"german?decision=onnx&decision.file={file}&decision.favourable={text}&decision.threshold=0.7"
        model = REGISTRY.decision_of(REGISTRY.dataset(name))
    else:
        lines = f'model = "onnx"\nfile = "1e5"\nfavourable = "{text}"\nthreshold = 0.7\n'
        german = Path(recourse_arena_german.__file__).with_name("german.toml").read_text()
        (tmp_path / "mine.toml").write_text(f"{german}\n[decision]\n{lines}")
        model = REGISTRY.decision_of(TableDataset.of(read_declaration(tmp_path / "mine.toml")))
    assert (model.favourable, model.file, model.threshold) == (text, file, 0.7)


def test_texts_that_are_written_differently_have_different_keys(tmp_path):
    options = (f"decision=onnx&decision.file={tmp_path / 'm'}&decision.favourable={text}" for text in TEXTS)
    (tmp_path / "m").write_bytes(b"")
    assert len({keys(f"german?{each}").classifier for each in options}) == len(TEXTS)
    assert REGISTRY.origin("decisions", "onnx?favourable=01") != REGISTRY.origin("decisions", "onnx?favourable=1")
    assert REGISTRY.origin("solvers", "grid?points=09") == REGISTRY.origin("solvers", "grid?points=9")


def test_an_error_of_the_datasets_own_is_as_it_was_raised():
    with pytest.raises(ArenaError, match="decision must be one of sgd, adam") as raised:
        REGISTRY.dataset("loan?decision=adm")
    assert raised.value.__cause__ is None


def test_options_without_a_model_are_those_of_the_one_it_has():
    default, wide = REGISTRY.dataset("german"), REGISTRY.dataset("german?decision.hidden=7-5&decision.epochs=3")
    model = REGISTRY.decision_of(wide)
    assert isinstance(model, Relu)
    assert (model.recipe.hidden, model.recipe.epochs) == ((7, 5), 3)
    assert model.recipe.batch == default.decision.batch
    recipe = REGISTRY.dataset("loan?decision=adam&decision.epochs=2").decision
    assert (recipe.optimizer, recipe.epochs) == ("adam", 2)
    assert REGISTRY.dataset("german").decision == default.decision  # nothing is changed for others


def test_cost_and_effects_are_set_for_this_dataset_alone():
    assert REGISTRY.dataset("german?cost=l1").cost == "l1"
    assert REGISTRY.dataset("german").cost == "gower"
    assert REGISTRY.dataset("loan?effects=none").effects_known == "none"
    assert REGISTRY.dataset("loan?effects=flow").effects_known == "flow"
    assert REGISTRY.dataset("loan").effects_known == REGISTRY.dataset("loan?effects=scm").effects_known == "scm"


def test_a_decision_that_is_no_model_is_refused():
    dataset = REGISTRY.dataset("german")
    object.__setattr__(dataset, "decision", 3)
    with pytest.raises(
        ArenaError, match="dataset german: decision: expected a DecisionRecipe or a decision model, got 3"
    ):
        REGISTRY.decision_of(dataset)


def test_a_decision_that_is_an_object_is_taken_as_it_is():
    dataset, mine = REGISTRY.dataset("german"), arena.decision(lambda frame: frame["age"] > 30, name="mine")
    object.__setattr__(dataset, "decision", mine)
    assert REGISTRY.decision_of(dataset) is mine
    assert isinstance(mine, Decision)
    assert decision_words(dataset) == "mine"


def keys(name: str, seed: int = 0) -> ModelKeys:
    return ModelKeys.of(name, seed=seed, data=data_folder(None), registry=discover(), arithmetic="native")


def prepared(name: str, cache: ArtefactCache):
    return prepare(name, seed=0, data=data_folder(None), cache=cache, registry=discover())


@pytest.mark.parametrize("dataset", ["german", "loan"])
def test_what_says_nothing_of_the_decision_model_leaves_its_key(dataset):
    plain = keys(dataset)
    for option in ("cost=l1", "cost=gower", "effects=none"):
        assert keys(f"{dataset}?{option}").classifier == plain.classifier, option
        assert keys(f"{dataset}?{option}").flow == plain.flow or option == "effects=none"
    assert keys(dataset, seed=1).classifier != plain.classifier


@pytest.mark.parametrize("dataset", ["german", "loan"])
def test_another_decision_model_has_another_key(dataset):
    names = ["", "?decision=forest", "?decision=forest&decision.trees=5", "?decision=boosting", "?decision.epochs=3"]
    found = [keys(f"{dataset}{name}") for name in names]
    assert len({each.classifier for each in found}) == len(names)
    assert len({each.materials for each in found}) == len(names)
    assert len({each.flow for each in found}) == 1
    assert keys(f"{dataset}?decision=forest&cost=l2").classifier == found[1].classifier


def test_the_key_of_an_onnx_file_is_that_of_its_bytes(tmp_path, monkeypatch):
    _, training, _ = borrowers("german")

    def write(file, strength):
        fitted = LogisticRegression(C=strength, max_iter=500).fit(training.x.numpy(), training.y.numpy().astype(int))
        file.write_bytes(to_onnx(fitted, training.x[:1].numpy()).SerializeToString())

    monkeypatch.chdir(tmp_path)
    one, other = tmp_path / "one.onnx", tmp_path / "other.onnx"
    write(one, 1.0)
    first = keys("german?decision=onnx&decision.file=one.onnx")
    other.write_bytes(one.read_bytes())
    assert keys("german?decision=onnx&decision.file=other.onnx").classifier == first.classifier
    assert keys("german?decision=onnx&decision.file=one.onnx&decision.threshold=0.7").classifier != first.classifier
    assert keys("german?decision=onnx&decision.file=one.onnx&decision.favourable=0").classifier != first.classifier
    write(one, 0.01)
    assert keys("german?decision=onnx&decision.file=one.onnx").classifier != first.classifier
    one.unlink()
    with pytest.raises(ArenaError, match=r"cannot read one.onnx: No such file"):
        prepared("german?decision=onnx&decision.file=one.onnx", ArtefactCache(tmp_path / "cache"))


def test_the_same_model_whatever_the_cost(tmp_path):
    cache, people = ArtefactCache(tmp_path), borrowers("german")[2]
    made = [prepared(f"german?decision.epochs=1{cost}", cache) for cost in ("", "&cost=l1")]
    assert [each.problem.cost.name for each in made] == ["gower", "l1"]
    assert torch.equal(*(each.problem.scores.probability(people) for each in made))
    assert [artefact.kind for artefact in cache.artefacts()] == ["classifier"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("german?change=quantised", "unknown change of the decision model 'quantised'. Did you mean 'quantized'"),
        ("german?change=quantized&change.bit=4", "unknown option of change of the decision model 'quantized' 'bit'"),
        ("german?change.bits=4", "change.bits is about a change of its decision model; add change=NAME"),
        ("german?matched=true", "matched is about a change of its decision model"),
        ("german?change=same&matched=maybe", "matched must be true or false, got 'maybe'"),
    ],
)
def test_a_wrong_change_is_an_error_where_the_dataset_is_named(name, message):
    with pytest.raises(ArenaError, match=re.escape(message)):
        REGISTRY.dataset(name)


def test_a_changed_model_decides_on_those_whom_the_one_before_refuses(tmp_path):
    cache = ArtefactCache(tmp_path)
    asked = "german?change=retrained&change.models=2"
    plain, changed, matched = (
        prepare(name, seed=0, data=data_folder(None), cache=cache, registry=REGISTRY)
        for name in ("german", f"{asked}&changed=retrained-2", f"{asked}&changed=retrained-2&matched=true")
    )
    x = plain.splits.decision.test.x
    assert not torch.equal(changed.problem.decisions.accepts(x), plain.problem.decisions.accepts(x))
    for other in (changed, matched):
        assert torch.equal(other.requests.applicants.x, plain.requests.applicants.x)
        assert torch.equal(other.problem.cost.sd, plain.problem.cost.sd)
        assert not other.before.model.accepts(other.requests.applicants.x).any()
    people = plain.splits.decision.validation.x
    counts = [int(one.problem.decisions.accepts(people).sum()) for one in (plain, changed, matched)]
    assert abs(counts[2] - counts[0]) <= abs(counts[1] - counts[0])
    keys = [ModelKeys.of(one.name, seed=0, data=data_folder(None), registry=REGISTRY, arithmetic="a") for one in
            (plain, changed, matched)]  # fmt: skip
    assert len({key.materials for key in keys}) == 3
    assert len({key.classifier for key in keys}) == 1
    assert keys[1].changed == keys[2].changed != ""
    assert decision_words(changed.dataset) == "relu, then retrained?models=2 (retrained-2)"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("german?change=retrained&change.models=2", "leads to 2 models; add changed=retrained-1"),
        ("german?change=same&changed=other", "unknown model of change same 'other'"),
    ],
)
def test_one_model_is_asked_for(name, message, tmp_path):
    with pytest.raises(ArenaError, match=message):
        prepare(name, seed=0, data=data_folder(None), cache=ArtefactCache(None), registry=REGISTRY)
