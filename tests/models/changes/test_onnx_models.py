"""Somebody's next model in an ONNX file: asked in its units, as the file says, and each person by themselves."""

from __future__ import annotations

import copy
import logging
import pickle
import sys

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from recourse_arena import ArenaError
from recourse_arena.judging.lasting import compared
from recourse_arena.models.changes.matching import matched
from recourse_arena.models.changes.offers import Deployed, Onnx, Quantized, Same
from recourse_arena.models.changes.onnx_models import written
from recourse_arena.models.decision.offers import Forest, Relu
from recourse_arena.testing.checking import check_laws
from recourse_arena.testing.laws.models.change_laws import Changing


@pytest.fixture(scope="module")
def place():
    return Changing(Same(), Relu(hidden="64-32", epochs=40, learning_rate=1e-2))


@pytest.fixture
def kept(tmp_path):
    """Return the name of a file with some content."""

    def keep(content, name="next.onnx"):
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    return keep


def only(change, fitted):
    (model,) = change.models(fitted, seed=0).values()
    return model


def scaled_by_batch(network) -> bytes:
    """Return a network of encoded people whose input has one scale for all, as under dynamic quantization."""
    maps = [layer for layer in network.layers if hasattr(layer, "weight")]
    nodes = [helper.make_node("DynamicQuantizeLinear", ["z"], ["q", "s", "o"])]
    nodes.append(helper.make_node("DequantizeLinear", ["q", "s", "o"], ["h0"]))
    constants = []
    for k, layer in enumerate(maps):
        constants += [numpy_helper.from_array(layer.weight.numpy(), f"w{k}")]
        constants += [numpy_helper.from_array(layer.bias.numpy(), f"b{k}")]
        nodes.append(helper.make_node("Gemm", [f"h{k}", f"w{k}", f"b{k}"], [f"a{k}"], transB=1))
        nodes.append(helper.make_node("Relu" if k < len(maps) - 1 else "Sigmoid", [f"a{k}"], [f"h{k + 1}"]))
    return graph(nodes, len(network.encoding), f"h{len(maps)}", constants)


def graph(nodes, columns, output, constants=(), people="N", name="z") -> bytes:
    given = helper.make_tensor_value_info(name, TensorProto.FLOAT, [people, columns])
    found = helper.make_tensor_value_info(output, TensorProto.FLOAT, [people, 1])
    made = helper.make_graph(nodes, "graph", [given], [found], constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 8
    return model.SerializeToString()


@pytest.mark.parametrize("inputs", ["original", "encoded"])
@pytest.mark.parametrize("bits", [4, 8])
def test_weights_of_few_bits_are_multiplied_as_the_file_says_and_by_default_they_are_not(place, kept, bits, inputs):
    model = only(Quantized(bits=bits), place.fitted)
    file = kept(written(model, encoded=inputs == "encoded"))
    exact, deployed = (only(Onnx(file=file, inputs=inputs, as_deployed=how), place.fitted) for how in (False, True))
    said = model.logit(place.x)
    torch.testing.assert_close(exact.log_odds(place.x), said, atol=1e-4, rtol=0)
    assert torch.equal(exact.accepts(place.x), model.accepts(place.x))
    off = (deployed.log_odds(place.x) - said).abs().max()
    assert 1e-3 < off < 1  # a rounding of what is multiplied, too
    assert not hasattr(exact, "logit")  # it would have a gradient


def test_who_else_is_asked_does_not_matter_where_one_scale_is_for_all(place, kept):
    change = Onnx(file=kept(scaled_by_batch(place.fitted.model)), inputs="encoded")
    model, x = only(change, place.fitted), place.x
    assert model.alone
    apart = torch.cat([model.probability(one) for one in x.split(1)])
    assert torch.equal(model.probability(x), apart)
    together = model.again(type(model), alone=False)
    assert (together.probability(x) - apart).abs().max() > 1e-3
    back = change.restore(place.fitted, change.state(place.fitted, model))
    assert torch.equal(back.probability(x), apart)
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(again.probability(x), apart)


def test_a_file_for_one_person_at_a_time_is_asked_so(place, kept):
    network = place.fitted.model
    nodes = [helper.make_node("ReduceSum", ["z", "last"], ["s"]), helper.make_node("Sigmoid", ["s"], ["p"])]
    last = numpy_helper.from_array(np.array([1]), "last")
    file = kept(graph(nodes, len(network.encoding), "p", [last], people=1))
    model = only(Onnx(file=file, inputs="encoded"), place.fitted)
    said = network.encoding.encode(place.x).sum(-1).sigmoid()
    torch.testing.assert_close(model.probability(place.x), said)


def test_log_odds_are_compared_and_thresholds_of_ones_own_stand(place, kept):
    fitted, x = place.fitted, place.fitted.validation.x
    file = kept(written(fitted.model))
    model = only(Onnx(file=file), fitted)
    facts = compared(fitted.model, model, fitted.validation)
    assert (facts["agreement"], facts["lost"]) == (1, 0)
    assert abs(facts["gap"]) < 1e-5
    found = matched(model, int(model.accepts(x).sum()) + 7, x)
    assert int(found.accepts(x).sum()) == int(model.accepts(x).sum()) + 7
    assert abs(float(compared(fitted.model, found, fitted.validation)["gap_sd"])) < 1e-5
    strict = only(Onnx(file=file, threshold=0.9), fitted)
    assert torch.equal(strict.accepts(x), fitted.model.probability(x) >= 0.9)
    assert not hasattr(strict, "log_odds")  # its sign is not the decision
    other = only(Onnx(file=file, favourable=0), fitted)
    assert torch.equal(other.accepts(x), ~fitted.model.accepts(x))
    assert not hasattr(other, "log_odds")


def test_a_forest_can_become_a_network_and_the_other_way_round(place, kept):
    from recourse_arena import FittedDecision

    fitted = place.fitted
    forest = Forest(trees=5).fit(fitted.features, fitted.training, fitted.validation, seed=0)
    file = kept(written(fitted.model))
    before = FittedDecision(fitted.features, Forest(trees=5), forest, fitted.training, fitted.validation)
    assert torch.equal(only(Onnx(file=file), before).accepts(place.x), fitted.model.accepts(place.x))
    encoded = only(Onnx(file=kept(forest.content), inputs="encoded"), fitted)
    assert torch.equal(encoded.accepts(place.x), forest.accepts(place.x))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "expected the path of an ONNX file, as in 'onnx.file=next.onnx'"),
        ({"file": "nowhere.onnx"}, "cannot read nowhere.onnx: No such file"),
        ({"file": "x", "inputs": "encodd"}, "inputs of change onnx 'encodd'. Did you mean 'encoded'"),
        ({"file": "x", "threshold": 2}, "change onnx: threshold must be a number above 0 and below 1, got 2"),
    ],
)
def test_wrong_options_say_what_was_expected(place, options, message):
    with pytest.raises(ArenaError, match=message):
        Onnx(**options).models(place.fitted, seed=0)


def test_files_that_do_not_fit_say_why(place, kept):
    network = place.fitted.model
    with pytest.raises(ArenaError, match="expected one input with the 11 columns of the encoding, got 7 columns"):
        only(Onnx(file=kept(written(network)), inputs="encoded"), place.fitted)
    with pytest.raises(ArenaError, match="expected 7 columns in its input 'people'"):
        only(
            Onnx(file=kept(graph([helper.make_node("Sigmoid", ["people"], ["p"])], 5, "p", name="people"))),
            place.fitted,
        )
    with pytest.raises(ArenaError, match="got one that cannot be read"):
        only(Onnx(file=kept(b"no model")), place.fitted)


def test_a_file_keeps_every_law(place, kept):
    from recourse_arena.testing.cases import cases, offers

    found = [case for offer in offers(Onnx(file=kept(written(place.fitted.model)))) for case in cases(offer, data=None)]
    report = check_laws("onnx", found)
    assert report.ok, report.text()


def rounded(values):
    """Return what 8 bits make of numbers, with one scale for all of them and a code for 0."""
    low, high = min(values.min().item(), 0.0), max(values.max().item(), 0.0)
    scale = (high - low) / 255 or 1.0
    zero = round(-low / scale)
    return ((values / scale).round() + zero).clamp(0, 255).sub(zero) * scale


def test_dynamic_quantization_is_what_its_definition_says_of_each_person(place):
    model = only(Deployed(method="onnx-dynamic"), place.fitted)
    assert model.alone
    network, said = place.fitted.model, model.log_odds(place.x)
    layers = [layer for layer in network.layers if hasattr(layer, "weight")]
    for person, logit in zip(place.x, said, strict=True):
        z = network.encoding.encode(person).double()
        for k, layer in enumerate(layers):
            z = rounded(layer.weight.double()) @ rounded(z) + layer.bias.double()
            z = z.relu() if k < len(layers) - 1 else z
        assert float(logit) == pytest.approx(float(z), abs=0.02)  # the last code of somebody may be rounded otherwise
    assert 1e-3 < (said - network.logit(place.x)).abs().mean() < 0.5


def test_static_quantization_has_scales_that_training_people_ask_for(place):
    fitted = place.fitted
    model = only(Deployed(method="onnx-static"), fitted)
    logits, said = fitted.model.logit(fitted.training.x), model.log_odds(fitted.training.x)
    step = float(logits.max() - logits.min()) / 255
    assert len(said.unique()) <= 256
    assert 0.1 * step < (said - logits).abs().mean() < 3 * step
    far = fitted.training.x.clone()
    far[:, -1] *= 100
    assert model.log_odds(far).max() <= logits.max() + 5 * step  # clipped: nobody like that was there
    assert fitted.model.logit(far).max() > 10 * logits.max()


def test_tools_of_onnx_runtime_leave_no_handler_of_logs(place, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    only(Deployed(method="onnx-static"), place.fitted)
    assert logging.getLogger().handlers == []


def test_without_onnx_runtime_the_message_says_what_to_install(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        ArenaError, match=r"change deployed needs ONNX Runtime .*\n`pip install .recourse-arena\[models"
    ):
        Deployed().models(place.fitted, seed=0)
