"""Models written as ONNX files: they decide as the judged ones, and come back as somebody's next model."""

from __future__ import annotations

import onnx
import pytest
import torch
from click.testing import CliRunner

import recourse_arena
from recourse_arena import ArenaError, Block, Scenario, Suite, api
from recourse_arena.cli import main
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.models.changes.offers import FineTuned
from recourse_arena.models.decision.offers import Onnx
from recourse_arena.storage.artefact_cache import ArtefactCache


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def where(plugged, cache, tmp_path):
    return {"cache": cache, "data": tmp_path}


CHANGES = (
    "quantized?bits=3", "quantized", "quantized?bits=12", "quantized?method=lsq&bits=4&epochs=2",
    "quantized?method=pact&bits=3&epochs=2", "fine-tuned?epochs=2",
)  # fmt: skip


@pytest.mark.parametrize("encoded", [False, True])
def test_what_is_written_decides_on_every_test_person_as_what_is_judged(where, plugged, tmp_path, encoded):
    """And is a decision model for anybody, and a change under which all advice of the model lasts."""
    suite = Suite("small", "", (Block(("tiny",), (Scenario.parse("hard-random!no-plausibility"),), ("top",)),))
    api.run(suite, out=tmp_path / "run", **where)
    inputs = "encoded" if encoded else "original"
    files = []
    for number, change in enumerate(CHANGES):
        place = tmp_path / f"{number}.onnx"
        assert recourse_arena.export("tiny", change=change, out=place, encoded=encoded, **where) == place
        files.append(f"onnx?file={place}&inputs={inputs}")
    table = api.lasting(tmp_path / "run", changes=[*CHANGES, *files], **where).found
    for change, file in zip(CHANGES, files, strict=True):
        judged, read = (table.rows.query("change == @name and not matched") for name in (change, file))
        for column in ("counts", "already", "accepted"):
            assert (judged[column].to_numpy() == read[column].to_numpy()).all()
        assert judged["logit"].to_numpy() == pytest.approx(read["logit"].to_numpy(), abs=1e-4)
        one, other = (
            next(m for m in table.models if m["change"] == name and not m["matched"]) for name in (change, file)
        )
        for part in ("agreement", "acceptance", "accuracy", "lost"):
            assert one[part] == other[part]
    models = prepare("tiny", seed=0, registry=plugged(), **{**where, "cache": ArtefactCache(where["cache"])})
    if not encoded:
        people = models.splits.decision
        other = Onnx(file=str(tmp_path / "2.onnx")).fit(models.dataset.features, people.train, people.train, seed=0)
        found = models.problem.decisions.accepts(people.test.x) == other.accepts(people.test.x)
        assert found.double().mean() > 0.9


@pytest.mark.parametrize(
    ("change", "kind"),
    [("quantized?bits=2", "INT4"), ("quantized?bits=4", "INT4"), ("quantized?bits=5", "INT8"), ("quantized", "INT8"),
     ("quantized?bits=9", "INT16"), ("quantized?method=pact&bits=4&epochs=1", "INT4")],
)  # fmt: skip
def test_few_bits_are_kept_in_few_bits(where, tmp_path, change, kind):
    recourse_arena.export("tiny", change=change, out=tmp_path / "m.onnx", **where)
    graph = onnx.load(tmp_path / "m.onnx").graph
    kinds = {one.name: onnx.TensorProto.DataType.Name(one.data_type) for one in graph.initializer}
    assert [kinds[f"layers.{k}.codes"] for k in range(2)] == [kind] * 2
    assert not [one.name for one in graph.initializer if one.name.endswith("weight")]
    onnx.checker.check_model(onnx.load(tmp_path / "m.onnx"))


def test_the_decision_model_itself_and_files_are_written(where, plugged, tmp_path):
    recourse_arena.export("tiny", out=tmp_path / "before.onnx", **where)
    name = f"tiny?decision=onnx&decision.file={tmp_path / 'before.onnx'}"
    recourse_arena.export(name, out=tmp_path / "again.onnx", **where)
    assert (tmp_path / "before.onnx").read_bytes() == (tmp_path / "again.onnx").read_bytes()
    forest = "tiny?decision=forest&decision.trees=5"
    recourse_arena.export(forest, out=tmp_path / "forest.onnx", encoded=True, **where)
    with pytest.raises(ArenaError, match="cannot be written as an ONNX file of people in original units; with --enc"):
        recourse_arena.export(forest, out=tmp_path / "other.onnx", **where)
    with pytest.raises(ArenaError, match="of encoded people; without --encoded it can be"):
        recourse_arena.export(name, out=tmp_path / "other.onnx", encoded=True, **where)
    assert not (tmp_path / "other.onnx").exists()


def test_a_file_that_decides_otherwise_is_not_written(where, tmp_path, monkeypatch):
    class Broken(FineTuned):
        name = "broken"

        def models(self, fitted, *, seed, report=None):
            (model,) = FineTuned(epochs=1).models(fitted, seed=seed).values()
            model.accepts = lambda x: torch.ones(x.shape[:-1], dtype=torch.bool)
            return {"broken": model}

    with pytest.raises(ArenaError, match="it would decide on [0-9]+ of [0-9]+ test people otherwise"):
        recourse_arena.export("tiny", change=Broken(), out=tmp_path / "m.onnx", **where)
    assert not (tmp_path / "m.onnx").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("tiny", "--out", "m.txt"), "expected a file whose name ends in .onnx, got m.txt"),
        (("tiny", "--out", "nowhere/m.onnx"), "there is no such folder"),
        (("tinny", "--out", "m.onnx"), "Did you mean 'tiny'"),
        (("tiny", "--out", "m.onnx", "--change", "quantised"), "Did you mean 'quantized'"),
        (("tiny", "--out", "m.onnx", "--change", "retrained?models=2"), "--model: retrained-1, retrained-2"),
        (("tiny", "--out", "m.onnx", "--change", "retrained?models=2", "--model", "x"), "Known: retrained-1, retrai"),
        (("tiny", "--out", "m.onnx", "--model", "x"), "unknown model of the decision model 'x'. Known: relu"),
    ],
)
def test_a_mistake_is_one_message(where, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(main, ["export", *words, "--cache", str(where["cache"])], catch_exceptions=False)
    assert shown.exit_code == 2, shown.output
    assert message in shown.output
    assert "Traceback" not in shown.output


def test_the_command_says_what_it_wrote(where, tmp_path):
    words = ["export", "tiny", "--change", "retrained?models=2", "--model", "retrained-2", "--cache", where["cache"]]
    shown = CliRunner().invoke(main, [*map(str, words), "--out", str(tmp_path / "m.onnx")], catch_exceptions=False)
    assert shown.exit_code == 0, shown.output
    assert f"wrote {tmp_path / 'm.onnx'}" in shown.output
