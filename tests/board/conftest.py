"""One small run and its entry, made once for all tests of the board, and who judges it again."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
from forgers import Forger

SUITE = """
name = "small"
datasets = ["tiny"]
scenarios = ["hard-1", "soft-linear!no-plausibility"]
solvers = ["top", "growing-spheres", "boaster"]
people = 30
"""


def _plugged(patch):
    from recourse_arena.registry import discovery

    extra = [EntryPoint(module, module, "recourse_arena") for module in ("tiny", "exact", "shared_lists")]
    built_in = [*entry_points(group="recourse_arena")]
    patch.setattr(discovery, "entry_points", lambda group: [*built_in, *extra])
    patch.setenv("RECOURSE_ARENA_ISOLATION", "no")  # what is patched here is seen by this process alone


@pytest.fixture
def with_plugins(monkeypatch, home):
    """Plug in the tiny dataset and its solvers, with the cache of the run."""
    _plugged(monkeypatch)
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(home / "cache"))
    monkeypatch.setenv("RECOURSE_ARENA_DATA", str(home))


@pytest.fixture(scope="session")
def home(tmp_path_factory, sharing_models):
    """A folder with a run of a small suite, `run`, the suite itself, `suites`, and its entry, `honest.entry`."""
    from recourse_arena import api
    from recourse_arena.board import door

    folder = tmp_path_factory.mktemp("board")
    (folder / "suites").mkdir()
    (folder / "suites" / "small.toml").write_text(SUITE)
    with pytest.MonkeyPatch.context() as patch:
        _plugged(patch)
        sharing_models(patch)
        patch.setattr("recourse_arena.api.write_boards", lambda board, at: None)
        suite = folder / "suites" / "small.toml"
        api.run(suite, out=folder / "run", cache=folder / "cache", data=folder)
        door.submit(folder / "run", folder / "honest.entry")
    return folder


@pytest.fixture
def honest(home) -> Path:
    """The entry of that run."""
    return home / "honest.entry"


@pytest.fixture
def forger(honest):
    """Who has that entry, and may change it."""
    return Forger(honest)


@pytest.fixture(scope="session")
def rejudge(home):
    """Judges entries again; models are held from one test to the next."""
    from recourse_arena.board.rejudging.judged_cells import Judging
    from recourse_arena.board.rejudging.verdict import Rejudge
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    with pytest.MonkeyPatch.context() as patch:
        _plugged(patch)
        registry = discover()
    return Rejudge(Judging(registry, home, ArtefactCache(home / "cache")), home / "suites")
