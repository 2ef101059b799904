"""Arithmetic that does not depend on the processor: how it is asked for, and that it is what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from zuko.transforms import MonotonicRQSTransform

from recourse_arena import api, cli
from recourse_arena.base.arithmetic import arithmetic_of, environment
from recourse_arena.models.causal.spline import Spline
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.registry.discovery import discover

EVERYWHERE = {
    "affine classifier": "8dd26f4bd418",
    "affine flow": "c517e9b679cb",
    "affine icarma": "e9d3eaddb00d",
    "affine grid": "a4c48d7647f2",
    "affine convex": "c9a724543537",
    "affine wachter": "aa613ba0e805",
    "affine growing-spheres": "9e1c7b1a092e",
    "spline classifier": "8dd26f4bd418",
    "spline flow": "4b74a13044bd",
    "spline icarma": "d0b426209d64",
    "spline grid": "18eb3e29ba5c",
    "spline convex": "ddd09b240902",
    "spline wachter": "2e24c9e8dadb",
    "spline growing-spheres": "d27bf91d358a",
}
"""What `tests/support/computing.py` prints on an AMD EPYC, and on QEMU's Haswell and Skylake-Client."""

portable = pytest.mark.skipif(
    arithmetic_of(environment({})) != "portable", reason="this processor or system has no portable arithmetic"
)

with_known_torch = pytest.mark.skipif(
    not version("torch").startswith("2.13.0"), reason="digests are those of torch 2.13.0, of the constraints file"
)


@portable
@with_known_torch
def test_models_and_advice_are_those_of_every_other_processor():
    script = Path(__file__).parents[1] / "support" / "computing.py"
    done = subprocess.run([sys.executable, script], env=bare(), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == EVERYWHERE


@portable
def test_who_asks_for_other_arithmetic_gets_it():
    assert arithmetic_of(environment({"MKL_CBWR": "AUTO"})) == "native"
    assert environment({"MKL_CBWR": "AUTO"})["MKL_CBWR"] == "AUTO"


@portable
def test_commands_compute_in_portable_arithmetic(monkeypatch):
    monkeypatch.setattr(os, "environ", bare())
    assert arithmetic_of(os.environ) == "native"
    CliRunner().invoke(cli.main, ["plugins"])
    assert arithmetic_of(os.environ) == "portable"


@portable
@with_known_torch
def test_processes_of_solvers_compute_in_portable_arithmetic_whatever_the_run_does(suite, tmp_path, monkeypatch):
    for name in set(environment({})) - {"OMP_WAIT_POLICY"}:
        monkeypatch.delenv(name, raising=False)
    where = {"out": tmp_path / "run", "cache": tmp_path / "cache", "solvers": ["top"], "scenarios": ["hard-2"]}
    here = api.run(suite, **where, isolated=False)
    assert here.info["provenance"]["arithmetic"] == "native"
    beside = api.run(suite, **where)
    assert beside.info["provenance"]["arithmetic"] == "portable"
    assert beside.info["materials"][0]["flow"].startswith(EVERYWHERE["affine flow"])
    assert len(list((tmp_path / "cache" / "flow").iterdir())) == 2


def test_what_is_computed_in_another_arithmetic_has_another_key(tmp_path):
    keys = [ModelKeys.of("loan", seed=0, data=tmp_path, registry=discover(), arithmetic=how) for how in ("one", "two")]
    for one, other in zip(*(vars(key).items() for key in keys), strict=True):
        assert (one == other) == (one[0] in ("file", "changed"))  # no change is asked for


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_spline_is_zukos(dtype):
    draws = torch.Generator().manual_seed(0)
    shape = [torch.randn(200, bins, generator=draws, dtype=dtype) for bins in (8, 8, 7)]
    y = (4 * torch.randn(200, generator=draws, dtype=dtype)).requires_grad_()
    ours, theirs = Spline(*shape).inv(y), MonotonicRQSTransform(*shape).inv(y)
    torch.testing.assert_close(ours, theirs)
    slopes = [torch.autograd.grad(x.sum(), y)[0] for x in (ours, theirs)]
    torch.testing.assert_close(*slopes)
    torch.testing.assert_close(Spline(*shape)(ours), y)


def bare() -> dict[str, str]:
    """Return the environment of the tests without what they ask of arithmetic."""
    asked = set(environment({})) - {"OMP_WAIT_POLICY"}
    return {name: value for name, value in os.environ.items() if name not in asked}
