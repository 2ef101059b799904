"""Plugins that are really installed, for tests in which other processes must find them."""

from __future__ import annotations

from pathlib import Path

import pytest

from recourse_arena import Scenario
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.storage.artefact_cache import ArtefactCache


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install the tiny dataset and its solvers, good and faulty, where every child process finds them."""
    site = tmp_path / "site"
    metadata = site / "arena_test_plugins-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: arena-test-plugins\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[recourse_arena]\ntiny = tiny\nfaulty = faulty\nfiled = filed\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECOURSE_ARENA_DATA", str(tmp_path / "data"))
    return site


@pytest.fixture
def suite(installed):
    """Two scenarios with one solver; on `hard-1` the faulty ones fail."""
    scenarios = tuple(map(Scenario.parse, ("hard-2", "hard-1", "soft-linear")))
    return Suite("small", "for tests", (Block(("tiny",), scenarios, ("top", "learner"), people=40),))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A cache for the fitted models of this module."""
    return ArtefactCache(tmp_path_factory.mktemp("artefacts"))


@pytest.fixture
def materials(plugged, models):
    """Return the materials of a dataset by name."""
    return lambda name: prepare(name, seed=0, data=Path(), cache=models, registry=plugged("towns"))
