"""Anybody's model in an ONNX file decides as what it was exported from."""

from __future__ import annotations

import copy
import io
import pickle
import warnings

import numpy as np
import pytest
import torch
from borrowers import TABLES, borrowers, in_levels, in_words
from onnx import TensorProto, helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from recourse_arena import ArenaError
from recourse_arena.models.decision.offers import Onnx

WORDS, NUMBERS = np.array(["bad", "good"]), np.array([2, 1])  # as in German: 1 is favourable


def pipeline(features, training, last, labels):
    """Return a fitted pipeline of people in words."""
    texts = [feature.name for feature in features if feature.levels]
    numbers = [feature.name for feature in features if not feature.levels]
    scaled = StandardScaler() if isinstance(last, LogisticRegression) else "passthrough"
    columns = ColumnTransformer(
        [("words", OneHotEncoder(handle_unknown="ignore"), texts), ("numbers", scaled, numbers)]
    )
    return make_pipeline(columns, last).fit(in_words(features, training.x), labels[training.y.numpy().astype(int)])


def as_onnx(fitted, features, *, zipmap: bool) -> bytes:
    inputs = [(f.name, (StringTensorType if f.levels else FloatTensorType)([None, 1])) for f in features]
    options = {id(fitted.steps[-1][1]): {"zipmap": zipmap}}
    return convert_sklearn(fitted, initial_types=inputs, options=options).SerializeToString()


@pytest.fixture
def asked(tmp_path):
    """Return the model in a file of some bytes, for a dataset."""

    def ask(content: bytes, name: str = "german", **options):
        file = tmp_path / "model.onnx"
        file.write_bytes(content)
        features, training, _ = borrowers(name)
        return Onnx(file=str(file), **options).fit(features, training, training, seed=0)

    return ask


def logistic():
    return LogisticRegression(max_iter=2_000)


def forest():
    return RandomForestClassifier(10, min_samples_leaf=3, random_state=0)


def assert_decides_as(model, people, decided, chance, least=0.5):
    """Assert that everybody is decided alike; beside rounding, and nobody may be that near."""
    np.testing.assert_allclose(model.probability(people), chance, atol=1e-5)
    clear = np.abs(chance - least) > 1e-5
    assert clear.mean() > 0.999
    assert (model.accepts(people).numpy() == decided)[clear].all()
    assert 0 < model.accepts(people).double().mean() < 1


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize(("labels", "favourable"), [(WORDS, ""), (WORDS, "good"), (WORDS, "bad"), (NUMBERS, 1)])
@pytest.mark.parametrize("last", [logistic, forest])
def test_a_pipeline_on_german_with_inputs_by_name(asked, last, labels, favourable, zipmap):
    features, training, people = borrowers("german")
    fitted = pipeline(features, training, last(), labels)
    wanted = type(labels.tolist()[0])(favourable) if favourable else labels[-1]
    model = asked(as_onnx(fitted, features, zipmap=zipmap), favourable=favourable)
    chance = fitted.predict_proba(in_words(features, people))[:, list(fitted.classes_).index(wanted)]
    assert_decides_as(model, people, fitted.predict(in_words(features, people)) == wanted, chance)


@pytest.mark.parametrize("last", [logistic, forest])
def test_a_pipeline_on_adult(asked, last):
    features, training, people = borrowers("adult")
    fitted = pipeline(features, training, last(), WORDS)
    model = asked(as_onnx(fitted, features, zipmap=False), "adult", favourable="good")
    words = in_words(features, people)
    assert_decides_as(model, people, fitted.predict(words) == "good", fitted.predict_proba(words)[:, 1])


@pytest.mark.parametrize("threshold", [0.2, 0.65, 0.9])
@pytest.mark.parametrize("zipmap", [True, False])
def test_a_threshold_of_ones_own(asked, threshold, zipmap):
    features, training, people = borrowers("german")
    fitted = pipeline(features, training, logistic(), WORDS)
    model = asked(as_onnx(fitted, features, zipmap=zipmap), threshold=threshold)
    chance = fitted.predict_proba(in_words(features, people))[:, 1]
    assert_decides_as(model, people, chance >= threshold, chance, threshold)


def test_the_first_class_may_be_favourable_without_a_word_about_it_only_if_it_is_said(asked):
    features, training, people = borrowers("german")
    fitted = pipeline(features, training, forest(), NUMBERS)
    content = as_onnx(fitted, features, zipmap=False)
    last, first = asked(content).accepts(people), asked(content, favourable=1).accepts(people)
    assert torch.equal(last, ~first)  # 2 is the last class


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("columns", ["codes", "levels"])
@pytest.mark.parametrize("package", ["xgboost", "lightgbm"])
def test_boosted_trees_of_others_on_one_table(asked, package, columns, name):
    onnxmltools = pytest.importorskip("onnxmltools")
    from onnxmltools.convert.common.data_types import FloatTensorType

    made, (features, training, people) = pytest.importorskip(package), borrowers(name)
    if package == "xgboost":
        fitted = made.XGBClassifier(n_estimators=15, max_depth=4, n_jobs=1, random_state=0)
        convert = onnxmltools.convert_xgboost
    else:
        fitted = made.LGBMClassifier(n_estimators=15, num_leaves=15, n_jobs=1, random_state=0, verbose=-1)
        convert = onnxmltools.convert_lightgbm
    table = (lambda x: x.numpy()) if columns == "codes" else (lambda x: in_levels(features, x))
    fitted.fit(table(training.x), training.y.numpy().astype(int))
    width = table(people[:1]).shape[1]
    content = convert(fitted, initial_types=[("input", FloatTensorType([None, width]))]).SerializeToString()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LightGBM on columns without names
        chance = fitted.predict_proba(table(people))[:, 1]
    assert_decides_as(asked(content, name), people, chance >= 0.5, chance)


@pytest.mark.parametrize("name", TABLES)
def test_a_network_of_torch(asked, name):
    features, _, people = borrowers(name)
    table = lambda x: torch.from_numpy(in_levels(features, x))  # noqa: E731
    columns = table(people)
    mean, sd = columns.mean(0), columns.std(0).clamp(min=1e-3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = torch.nn.Sequential(torch.nn.Linear(len(mean), 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    with torch.no_grad():
        layers[0].weight /= sd
        layers[0].bias -= layers[0].weight @ mean
    contents = {}
    for last, network in {"logit": layers, "chance": torch.nn.Sequential(layers, torch.nn.Sigmoid())}.items():
        file, given = io.BytesIO(), {"input_names": ["people"], "dynamic_axes": {"people": {0: "count"}}}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                torch.onnx.export(network, (columns[:2],), file, dynamo=False, **given)
        except Exception as error:
            pytest.skip(f"torch cannot export here: {error}")
        contents[last] = file.getvalue()
    with torch.no_grad():
        chance = layers(columns)[:, 0].sigmoid().numpy()
    assert_decides_as(asked(contents["chance"], name), people, chance >= 0.5, chance)
    refusing = asked(contents["chance"], name, favourable="0")
    np.testing.assert_allclose(refusing.probability(people), 1 - chance, atol=1e-5)
    with pytest.raises(ArenaError, match=r"expected probabilities from 0 to 1.*\n.*last sigmoid or softmax"):
        asked(contents["logit"], name).accepts(people)
    with pytest.raises(ArenaError, match="expected 'good' to be one of its classes, which are 0, 1"):
        asked(contents["chance"], name, favourable="good")


def test_a_model_travels_and_comes_back_from_what_is_kept(tmp_path):
    features, training, people = borrowers("german")
    file = tmp_path / "model.onnx"
    file.write_bytes(as_onnx(pipeline(features, training, forest(), WORDS), features, zipmap=True))
    kind = Onnx(file=str(file), favourable="good", threshold=0.7)
    model = kind.fit(features, training, training, seed=0)
    state = kind.state(model)
    file.unlink()
    for again in (kind.restore(features, state), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(again.probability(people), model.probability(people))
        assert torch.equal(again.accepts(people), model.accepts(people))
    assert model.accepts(people[:0]).shape == model.probability(people[:0]).shape == (0,)
    cubed = people[:60].reshape(3, 20, -1)
    assert torch.equal(model.accepts(cubed).flatten(), model.accepts(people[:60]))


def graph(inputs, outputs, *nodes) -> bytes:
    """Return an ONNX file of some nodes; inputs and outputs are (name, type, shape)."""
    kinds = [[helper.make_tensor_value_info(*part) for part in parts] for parts in (inputs, outputs)]
    made = helper.make_graph(list(nodes), "test", *kinds)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()


FLOAT, INT, TEXT, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING, TensorProto.BOOL
SUM = helper.make_node("ReduceMax", ["x"], ["y"], keepdims=1)
CHANCE = (helper.make_node("ReduceMax", ["x"], ["m"], keepdims=0), helper.make_node("Sigmoid", ["m"], ["y"]))


def same(name: str):
    return helper.make_node("Identity", [name], ["y"])


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"", {}, "expected an ONNX model"),
        (b"PK\x03\x04 not a model", {}, "expected an ONNX model, got one that cannot be read"),
        (graph([("x", FLOAT, [None, 3])], [("y", FLOAT, [None, 3])], same("x")), {}, "expected 20 columns .*it has 3"),
        (
            graph([("x", TEXT, [None, 20])], [("y", TEXT, [None, 20])], same("x")),
            {"favourable": "1"},
            "expected numbers in",
        ),
        (graph([("x", BOOL, [None, 20])], [("y", BOOL, [None, 20])], same("x")), {}, "output with classes or probab"),
        (
            graph([("x", BOOL, [None, 20])], [("y", FLOAT, [None, 20])], helper.make_node("Cast", ["x"], ["y"], to=1)),
            {},
            r"expected numbers or text in its input 'x', got tensor\(bool\)",
        ),
        (
            graph([("amuont", FLOAT, [None, 1]), ("age", FLOAT, [None, 1])], [("y", FLOAT, [None, 1])], same("amuont")),
            {},
            "its input 'amuont' is no feature; features are checking_account",
        ),
        (graph([("age", TEXT, [None, 1])], [("y", TEXT, [None, 1])], same("age")), {"favourable": "1"}, "is text, but"),
        (
            graph([("purpose", TEXT, [None, 1])], [("y", TEXT, [None, 1])], same("purpose")),
            {},
            r"does not say which classes its output 'y' can have;\n.*favourable=",
        ),
        (
            graph([("x", INT, [None, 20])], [("y", INT, [None, 20])], same("x")),
            {"threshold": 0.5},
            "gives classes only",
        ),
        (
            graph([("x", FLOAT, [1, 20])], [("y", FLOAT, [1])], *CHANCE),
            {},
            "the model cannot be asked: .*(?i:dimension)",
        ),
        (graph([("x", FLOAT, [None, 20])], [("y", FLOAT, [None, 1])], SUM), {}, "expected probabilities from 0 to 1"),
    ],
    ids=map(str, range(12)),
)
def test_a_file_that_cannot_be_used_is_one_clear_error(asked, content, options, message):
    with pytest.raises(ArenaError, match=f"model.onnx: .*{message}|(?s:{message})") as raised:
        asked(content, **options)
    assert len(str(raised.value)) < 700


def test_a_favourable_class_that_it_does_not_have_is_named(asked):
    features, training, _ = borrowers("german")
    for zipmap in (True, False):
        content = as_onnx(pipeline(features, training, logistic(), WORDS), features, zipmap=zipmap)
        with pytest.raises(ArenaError, match="expected 'goood' to be one of its classes, which are bad, good"):
            asked(content, favourable="goood")


@pytest.mark.parametrize("threshold", [0, 1, -0.1, 1.5, float("nan"), True, "half"])
def test_a_threshold_that_is_none_is_refused(threshold):
    with pytest.raises(ArenaError, match="threshold must be a number above 0 and below 1, got"):
        Onnx(file="model.onnx", threshold=threshold)


def test_a_file_that_is_not_there_or_is_a_folder_is_named(tmp_path):
    features, training, _ = borrowers("german")
    for file, why in ((tmp_path / "none.onnx", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ArenaError, match=f"cannot read {file}: {why}"):
            Onnx(file=str(file)).fit(features, training, training, seed=0)
    with pytest.raises(ArenaError, match="expected the path of an ONNX file"):
        Onnx()
