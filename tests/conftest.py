"""What tests share: the Loan population and its fitted models, made once and only if a test asks."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Before torch computes anything: a process of tests per core, so one thread each, and none that spins; and the faster
# arithmetic, here and in all processes that tests start.
for _name, _value in {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "MKL_CBWR": "AUTO"}.items():
    os.environ.setdefault(_name, _value)

# Every process that tests start reads compiled modules, whatever the shell says: compiling them, and rewriting asserts,
# is a third of what collecting all tests takes.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("arena", derandomize=True, deadline=None, max_examples=30)
settings.load_profile("arena")


@pytest.fixture(scope="session")
def loan():
    from recourse_arena_loan import Loan

    return Loan()


@pytest.fixture(scope="session")
def loan_scm(loan):
    return loan.scm()


@pytest.fixture(scope="session")
def loan_splits(loan):
    return loan.splits(seed=0, data=Path())


@pytest.fixture(scope="session")
def loan_materials(tmp_path_factory):
    """Loan with its fitted models, seed 0; about fifteen seconds, for one of the processes that tests run in."""
    from recourse_arena.execution.worker.fitted_dataset import prepare
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    ours = tmp_path_factory.getbasetemp()
    shared = ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours
    return prepare("loan", seed=0, data=Path(), cache=ArtefactCache(shared / "artefacts"), registry=discover())


@pytest.fixture(scope="session")
def loan_classifier(loan_materials):
    """The default decision model."""
    return loan_materials.problem.classifier


@pytest.fixture(scope="session")
def loan_flow(loan_materials):
    """The default flow."""
    return loan_materials.problem.flow


@pytest.fixture
def plugged(monkeypatch):
    """Plug in the tiny dataset and its solvers, and other modules by name."""
    from importlib.metadata import EntryPoint, entry_points

    from recourse_arena.registry import discovery as plugins

    monkeypatch.setenv("RECOURSE_ARENA_ISOLATION", "no")  # what is patched here is seen by this process alone
    built_in = list(entry_points(group="recourse_arena"))

    def plug(*modules: str):
        extra = [EntryPoint(module, module, "recourse_arena") for module in ("tiny", *modules)]
        monkeypatch.setattr(plugins, "entry_points", lambda group: [*built_in, *extra])
        return plugins.discover()

    plug()
    return plug


@pytest.fixture
def many_plugins(tmp_path, monkeypatch):
    """Install 50 distributions with a plugin each; return who of them is imported, and the registry."""
    from recourse_arena.registry import discovery as plugins

    for i in range(50):
        info = tmp_path / f"zz_plugin_{i}-1.{i}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: zz-plugin-{i}\nVersion: 1.{i}\n")
        (info / "entry_points.txt").write_text(f"[recourse_arena]\nsolver-{i} = zz_plugin_{i}\n")
        (tmp_path / f"zz_plugin_{i}.py").write_text(
            "from recourse_arena import Solver, hookimpl\n\nmade = []\n\n\n"
            f"class Own(Solver):\n    name = 'solver-{i}'\n\n    def __init__(self):\n        made.append(1)\n\n"
            "    def recommend(self, request): ...\n\n\n@hookimpl\ndef recourse_solvers():\n    return [Own]\n"
        )
        monkeypatch.delitem(sys.modules, f"zz_plugin_{i}", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))

    def imported() -> list[str]:
        return sorted(name for name in sys.modules if name.startswith("zz_plugin_"))

    yield imported, plugins.discover()
    for name in imported():
        del sys.modules[name]


@pytest.fixture(scope="session")
def models_of_others():
    """What tests of this process have kept of models of datasets, by kind and key."""
    return {}


@pytest.fixture
def shared_models(sharing_models, monkeypatch):
    """Caches hold the models of datasets that other tests have fitted, as if an earlier run had: under their keys."""
    sharing_models(monkeypatch)


@pytest.fixture(scope="session")
def sharing_models(models_of_others):
    """Return what lets caches hold the models of datasets that other tests have fitted, while a patch lasts."""
    from recourse_arena.storage.artefact_cache import ArtefactCache

    real = ArtefactCache.get

    def get(self, kind, key, make, *, check=None):
        if (kind, key) in models_of_others:
            self.put(kind, key, models_of_others[kind, key])
        found = real(self, kind, key, make, check=check)
        if kind in ("classifier", "flow", "heldout") and (content := self.content(kind, key)):
            models_of_others.setdefault((kind, key), content)
        return found

    return lambda patch: patch.setattr(ArtefactCache, "get", get)


@pytest.fixture
def no_boards(monkeypatch):
    """Runs write no leaderboards, which take most of the time of a small one: for tests of something else."""
    monkeypatch.setattr("recourse_arena.api.write_boards", lambda board, folder: None)


@pytest.fixture
def arena(plugged, shared_models, tmp_path, monkeypatch):
    """Run suites on the tiny dataset with a cache of this test's own; an alarm is fatal unless it is expected.

    Its decision model and flow are fitted by the first test that runs, the solvers by each.
    """
    from recourse_arena import Scenario, api
    from recourse_arena.interfaces.suite import Block, Suite

    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECOURSE_ARENA_DATA", str(tmp_path / "data"))
    scenarios = tuple(map(Scenario.parse, ("hard-2", "hard-1", "soft-linear")))
    suite = Suite("small", "for tests", (Block(("tiny",), scenarios, ("top", "learner"), people=40),))

    def run(*, alarms=False, **options):
        result = api.run(suite, **options)
        assert bool(result.alarms) == alarms, result.alarms
        return result

    return run


@pytest.fixture
def exact(plugged):
    """Plug in solvers that prove what they say, or claim to."""
    plugged("exact")


def _install(site):
    metadata = site / "arena_test_plugins-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: arena-test-plugins\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[recourse_arena]\ntiny = tiny\nfaulty = faulty\nfiled = filed\n")
    return site


@pytest.fixture(scope="session")
def models_of_installed(tmp_path_factory):
    """A cache with the decision model and the flow of the tiny dataset as it is installed, seed 0."""
    from recourse_arena.execution.worker.fitted_dataset import prepare
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    folder = tmp_path_factory.mktemp("installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(_install(folder / "site")))
        prepare("tiny", seed=0, data=folder, cache=ArtefactCache(folder / "cache"), registry=discover())
    return folder / "cache"


@pytest.fixture
def installed(tmp_path, monkeypatch, models_of_installed):
    """Install the tiny dataset and its solvers, good and faulty, where every child process finds them."""
    site = _install(tmp_path / "site")
    shutil.copytree(models_of_installed, tmp_path / "cache")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECOURSE_ARENA_DATA", str(tmp_path / "data"))
    return site


@pytest.fixture
def suite(installed):
    """Two scenarios with one solver; on `hard-1` the faulty ones fail."""
    from recourse_arena import Block, Scenario, Suite

    scenarios = tuple(map(Scenario.parse, ("hard-2", "hard-1", "soft-linear")))
    return Suite("small", "for tests", (Block(("tiny",), scenarios, ("top", "learner"), people=40),))


def _adviser(dataset, scheme, tmp_path_factory, solvers):
    from recourse_arena.advice.advising.adviser import Adviser
    from recourse_arena.advice.content.order import AdviceOrder, prepared_for
    from recourse_arena.execution.engines.progress import Progress

    ours = tmp_path_factory.getbasetemp()
    shared = ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours
    scenario = prepared_for(scheme, "linear", ordered=True)
    order = AdviceOrder(dataset, scenario, Path(), shared / "artefacts", solvers=solvers)
    return Adviser.of(order, Progress())


@pytest.fixture(scope="session")
def german_adviser(tmp_path_factory):
    """An adviser on German: features of all kinds, no effects."""
    return _adviser("german", "likert", tmp_path_factory, ("growing-spheres",))


@pytest.fixture(scope="session")
def loan_adviser(loan_materials, tmp_path_factory):
    """An adviser on Loan: numbers, with effects by known equations."""
    return _adviser("loan", "likert", tmp_path_factory, ("convex",))


@pytest.fixture(scope="session")
def refused_people():
    """Return the first so many refused test people of an adviser, as values by name."""

    def people(adviser, count):
        names = adviser.problem.features.names
        return [dict(zip(names, row, strict=True)) for row in adviser.fitted.requests.applicants.x[:count].tolist()]

    return people


_BOARD_SUITE = """
name = "small"
datasets = ["tiny"]
scenarios = ["hard-1", "soft-linear!no-plausibility"]
solvers = ["top", "growing-spheres", "boaster"]
people = 30
"""


def _plug_for_boards(patch):
    from importlib.metadata import EntryPoint, entry_points

    from recourse_arena.registry import discovery

    extra = [EntryPoint(module, module, "recourse_arena") for module in ("tiny", "exact", "shared_lists")]
    built_in = [*entry_points(group="recourse_arena")]
    patch.setattr(discovery, "entry_points", lambda group: [*built_in, *extra])
    patch.setenv("RECOURSE_ARENA_ISOLATION", "no")  # what is patched here is seen by this process alone


@pytest.fixture
def with_plugins(monkeypatch, home):
    """Plug in the tiny dataset and its solvers, with the cache of the run."""
    _plug_for_boards(monkeypatch)
    monkeypatch.setenv("RECOURSE_ARENA_CACHE", str(home / "cache"))
    monkeypatch.setenv("RECOURSE_ARENA_DATA", str(home))


@pytest.fixture(scope="session")
def home(tmp_path_factory, sharing_models):
    """A folder with a run of a small suite, `run`, the suite itself, `suites`, and its entry, `honest.entry`."""
    from recourse_arena import api
    from recourse_arena.board import door

    folder = tmp_path_factory.mktemp("board")
    (folder / "suites").mkdir()
    (folder / "suites" / "small.toml").write_text(_BOARD_SUITE)
    with pytest.MonkeyPatch.context() as patch:
        _plug_for_boards(patch)
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
    from forgers import Forger

    return Forger(honest)


@pytest.fixture(scope="session")
def rejudge(home):
    """Judges entries again; models are held from one test to the next."""
    from recourse_arena.board.rejudging.judged_cells import Judging
    from recourse_arena.board.rejudging.verdict import Rejudge
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    with pytest.MonkeyPatch.context() as patch:
        _plug_for_boards(patch)
        registry = discover()
    return Rejudge(Judging(registry, home, ArtefactCache(home / "cache")), home / "suites")
