"""Plugins that are really installed, for tests in which other processes must find them."""

from __future__ import annotations

from pathlib import Path

import pytest

from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.storage.artefact_cache import ArtefactCache


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A cache for the fitted models of this module."""
    return ArtefactCache(tmp_path_factory.mktemp("artefacts"))


@pytest.fixture
def materials(plugged, models):
    """Return the materials of a dataset by name."""
    return lambda name: prepare(name, seed=0, data=Path(), cache=models, registry=plugged("towns"))
