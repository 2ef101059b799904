"""Kept models that cannot be those that were trained are found out, set aside and made anew."""

from __future__ import annotations

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from recourse_arena.storage.artefact_cache import _packed


def first_weight(tensors):
    return next(name for name, tensor in sorted(tensors.items()) if tensor.is_floating_point() and tensor.ndim > 1)


def changed(tensors, **others):
    return {**tensors, **others}


BROKEN = {
    "undefined numbers": lambda t: {n: x * torch.nan if x.is_floating_point() else x for n, x in t.items()},
    "one infinite number": lambda t: changed(
        t, **{first_weight(t): t[first_weight(t)].clone().index_fill_(1, torch.tensor([0]), torch.inf)}
    ),
    "all zero": lambda t: {n: torch.zeros_like(x) for n, x in t.items()},
    "a layer of zeros": lambda t: changed(t, **{first_weight(t): torch.zeros_like(t[first_weight(t)])}),
    "other names": lambda t: {f"x.{n}": x for n, x in t.items()},
    "a name more": lambda t: changed(t, more=torch.ones(1)),
    "a name less": lambda t: {n: x for n, x in t.items() if n != first_weight(t)},
    "another shape": lambda t: changed(t, **{first_weight(t): t[first_weight(t)][:, :1].clone()}),
    "another type": lambda t: changed(t, **{first_weight(t): t[first_weight(t)].half()}),
    "whole numbers": lambda t: {n: x.long() for n, x in t.items()},
    "nothing": lambda t: {},
}


@pytest.fixture
def kept(arena, tmp_path):
    """Return a run with a cache of its own, and what it gave first."""
    choice = {"solvers": ["top"], "scenarios": ["hard-1"], "people": 5}
    run = lambda: arena(**choice).people  # noqa: E731
    return run, run(), tmp_path / "cache"


@pytest.mark.parametrize("how", BROKEN)
def test_a_model_that_cannot_be_one_is_made_anew(kept, how):
    run, first, cache = kept
    files = [*cache.glob("classifier/*.safetensors"), *cache.glob("flow/*.safetensors")]
    assert files
    for file in files:
        file.write_bytes(_packed(BROKEN[how](load_file(file)), file.stem, 1.0))
    with pytest.warns(UserWarning, match=r"not (a trained model|tensors of such a model).*it is made anew"):
        pd.testing.assert_frame_equal(run(), first)
    assert len(list((cache / "set-aside").iterdir())) == len(files)
