"""Plugins are found, imported when something of them is used, and listed with the reason if they do not work."""

from __future__ import annotations

import pickle
import sys
from importlib.metadata import EntryPoint, entry_points

import pytest

from recourse_arena import ArenaError
from recourse_arena.base.names import is_name
from recourse_arena.registry.discovery import discover

HEAD = "from recourse_arena import Dataset, Solver, hookimpl\n"


def write(tmp_path, monkeypatch, name, text):
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def solver(name, base="Solver", body="    def recommend(self, request): ...", hook="recourse_solvers", returns="[Own]"):
    """Return the source of a plugin that offers one solver."""
    return HEAD + f"class Own({base}):\n    name = {name!r}\n{body}\n@hookimpl\ndef {hook}():\n    return {returns}\n"


BROKEN = {
    "import": ("import a_package_that_is_not_there", "ModuleNotFoundError: No module named 'a_package_that_is"),
    "syntax": ("def recourse_solvers(:", "SyntaxError: invalid syntax"),
    "exit at import": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "outcome of pytest at import": ("import pytest; pytest.fail('never')", "Failed: never"),
    "no hook": ("x = 1", "implements no hook"),
    "unknown hook": (
        solver("own", hook="recourse_solver"),
        "unknown hook 'recourse_solver'. Did you mean 'recourse_so",
    ),
    "unmarked hook": (solver("own").replace("@hookimpl", ""), "recourse_solvers is not marked as a hook"),
    "unmarked, misspelt": (
        solver("own").replace("@hookimpl\ndef recourse_solvers", "def recourse_solver"),
        "Did you me",
    ),
    "unknown argument": (solver("own").replace("recourse_solvers()", "recourse_solvers(weather)"), "weather"),
    "other API": ("RECOURSE_ARENA_API = 2\n" + solver("own"), "written for plugin API 2, this suite has 1"),
    "raising hook": (solver("own", returns="1 / 0"), "ZeroDivisionError: division by zero"),
    "no list": (solver("own", returns="Own"), "recourse_solvers: expected a list, got ABCMeta"),
    "nothing": (solver("own", returns="None"), "recourse_solvers: expected a list, got NoneType"),
    "object": (solver("own", returns="[Own()]"), "expected a Solver subclass, got <"),
    "other class": (solver("own", base="object"), "expected a Solver subclass, got <class"),
    "dataset among solvers": (solver("own", returns="[Dataset]"), "Dataset lacks what a Solver subclass must have"),
    "abstract": (solver("own", body="    pass"), "Own lacks what a Solver subclass must have: recommend"),
    "no name": (solver("own").replace("    name = 'own'\n", ""), "Own has no name"),
    "twice": (solver("own", returns="[Own, Own]"), "the name 'own' is given twice"),
    "knows what is unknown": (
        solver("own", body="    knows = {'flwo'}\n    def recommend(self, r): ..."),
        "Did you mean 'flow",
    ),
    "needs what it does not know": (
        solver("own", body="    needs = {'scm'}\n    def recommend(self, r): ..."),
        "among what it knows",
    ),
    "an option of the decision that it has not": (
        HEAD
        + "class Own(Dataset):\n    name = 'own'\n    version = summary = '1'\n    decision_options = {'decison'}\n"
        + "    features = graph = splits = None\n    def __init__(self, *, decision=''): ...\n"
        + "@hookimpl\ndef recourse_datasets():\n    return [Own]",
        "Did you mean 'decision'",
    ),
    "fitted for what no training can depend on": (
        solver("own", body="    fit_depends_on = {'plausibility'}\n    def recommend(self, r): ..."),
        "unknown member of Own.fit_depends_on 'plausibility'",
    ),
    "metric of no type": (
        HEAD + "@hookimpl\ndef recourse_metrics():\n    return [len]",
        "expected a Metric, got <built-in",
    ),
    **{
        f"name {name[:9]!r}": (solver(name), "the name of a solver must be 1 to 64")
        for name in ("a/b", "..", "a?b", "a b", "", "a\n", "a\x00", "a" * 300, "-a", "<b>", "ä", 7)
        if isinstance(name, str)
    },
}


@pytest.mark.parametrize(("text", "reason"), BROKEN.values(), ids=list(BROKEN))
def test_a_broken_plugin_is_listed_with_its_reason_and_the_rest_works(plugged, tmp_path, monkeypatch, text, reason):
    registry = plugged(write(tmp_path, monkeypatch, "zz_broken", text))
    broken = next(plugin for plugin in registry.plugins if plugin.name == "zz_broken")
    assert reason in broken.error
    assert "\n" not in broken.error
    assert "top" in registry.solvers
    assert "own" not in registry.solvers
    assert all(plugin.error == "" for plugin in registry.plugins if plugin.name != "zz_broken")


def test_a_metric_may_not_be_called_like_a_column_of_every_table(plugged, tmp_path, monkeypatch):
    text = "from recourse_arena.judging.metrics import Metric\n" + HEAD
    text += "@hookimpl\ndef recourse_metrics():\n    return [Metric('outcome', 'lower', 'm', 'all', 'odd', len)]"
    registry = plugged(write(tmp_path, monkeypatch, "zz_metric", text))
    assert "summary.csv has a column of this name already" in registry.plugins[-1].error


def test_the_names_in_use_are_names():
    registry = discover()
    kinds = (registry.datasets, registry.solvers, registry.elicitors, registry.metrics, registry.suites)
    assert all(is_name(name) for kind in kinds for name in kind)


def test_an_unknown_name_tells_of_plugins_that_do_not_work_and_may_have_had_it(plugged, tmp_path, monkeypatch):
    registry = plugged(write(tmp_path, monkeypatch, "zz_broken", "import nothing_there\n" + solver("mine")))
    with pytest.raises(ArenaError, match=r"unknown solver 'mine'.*\nPlugins that do not work: zz_broken \(ModuleNotF"):
        registry.solver("mine")
    with pytest.raises(ArenaError) as wrong:
        registry.dataset("mine")
    assert "zz_broken" not in str(wrong.value)


def test_a_solver_that_cannot_be_made_is_one_clear_error(plugged, tmp_path, monkeypatch):
    body = "    def __init__(self): raise ImportError('install dice')\n    def recommend(self, request): ..."
    registry = plugged(write(tmp_path, monkeypatch, "zz_own", solver("own", body=body)))
    with pytest.raises(ArenaError, match="solver 'own' cannot be made: ImportError: install dice"):
        registry.solver("own")


@pytest.mark.parametrize("listed_first", [False, True])
def test_a_name_means_the_same_whatever_was_imported_before(plugged, tmp_path, monkeypatch, listed_first):
    for name in ("zz_a", "zz_b", "zzz", "grid"):
        offers = ("zzz", "grid", f"own-{name}")
        classes = "".join(
            f"class C{i}(Solver):\n    name = {offer!r}\n    def recommend(self, request): ...\n"
            for i, offer in enumerate(offers)
        )
        module = f"zz_{name}"
        write(
            tmp_path, monkeypatch, module, f"{HEAD}{classes}@hookimpl\ndef recourse_solvers():\n    return [C0, C1, C2]"
        )
    registry = discover([*entry_points(group="recourse_arena"), *(third_party(n) for n in ("zz_a", "zz_b", "zzz"))])
    if listed_first:
        assert len(registry.plugins) > 3
    assert registry.solvers["zzz"].__module__ == "zz_zzz"
    assert registry.solvers["grid"].__module__ == "recourse_arena_grid"
    assert {"own-zz_a", "own-zz_b", "own-zzz"} <= set(registry.solvers)
    errors = {record.name: record.error for record in registry.plugins if record.error}
    assert set(errors) == {"zzz", "zz_a", "zz_b"}
    assert errors["zz_b"].startswith("the name 'zzz' is taken already among solvers, by plugin 'zzz'; the name 'g")


def third_party(name):
    from importlib.metadata import EntryPoint

    return EntryPoint(name, f"zz_{name}", "recourse_arena")


def test_a_second_plugin_of_one_name_is_refused(tmp_path, monkeypatch):
    write(tmp_path, monkeypatch, "zz_grid", solver("own"))
    registry = discover([*entry_points(group="recourse_arena"), third_party("grid")])
    assert [record.error for record in registry.plugins if record.name == "grid"] == [
        "",
        "there is a plugin called 'grid' of recourse-arena already",
    ]
    assert "grid" in registry.solvers
    assert "own" not in registry.solvers


def test_a_plugin_is_imported_only_when_something_of_it_is_used(many_plugins):
    imported, registry = many_plugins
    assert not imported()
    assert "convex" in registry.solvers
    assert list(registry.metrics.values())
    assert registry.dataset("loan").name == "loan"
    assert not imported()
    assert registry.solver("solver-7").name == "solver-7"
    assert imported() == ["zz_plugin_7"]
    assert [record.name for record in registry.used] == ["convex", "loan", "metrics", "solver-7"]
    assert registry.used[-1].version == "1.7"
    assert registry.used[-1].distribution == "zz-plugin-7"
    assert len(set(registry.solvers)) > 50
    assert len(imported()) == 50


def test_planning_asks_each_plugin_once_however_many_cells(many_plugins, tmp_path):
    from recourse_arena import Scenario
    from recourse_arena.interfaces.suite import Block, Suite
    from recourse_arena.planning.plan import make_plan

    imported, registry = many_plugins
    scenarios = tuple(Scenario.parse(f"hard-{n}{how}") for n in (1, 2, 3, 4) for how in ("", "!no-plausibility"))
    block = Block(("loan",), scenarios, tuple(f"solver-{i}" for i in range(20)))
    plan = make_plan(Suite("s", "", (block,), seeds=tuple(range(10))), registry, data=tmp_path)
    assert len(plan.cells) == 1600
    assert imported() == sorted(f"zz_plugin_{i}" for i in range(20))
    made = sys.modules["zz_plugin_0"].made
    assert len(made) == 1


def test_hooks_are_read_from_the_source_without_importing_the_package_around_it(tmp_path, monkeypatch):
    from importlib.metadata import EntryPoint

    (tmp_path / "zz_package").mkdir()
    (tmp_path / "zz_package" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "zz_package" / "hooks.py").write_text(solver("own"))
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = discover(
        [*entry_points(group="recourse_arena"), EntryPoint("own", "zz_package.hooks", "recourse_arena")]
    )
    assert registry.metrics["coverage"]
    assert not [record for record in registry.used if record.error]
    with pytest.raises(
        ArenaError, match=r"unknown solver 'own'.*\nPlugins that do not work: own \(RuntimeError: import"
    ):
        registry.solver("own")


@pytest.mark.parametrize(
    "text", ["from zz_inner import *\nfrom zz_inner import recourse_metrics\n", "from zz_inner import *"]
)
def test_hooks_behind_a_star_are_found(plugged, tmp_path, monkeypatch, text):
    inner = solver("own") + "@hookimpl\ndef recourse_metrics():\n    return []\n"
    write(tmp_path, monkeypatch, "zz_inner", inner)
    assert "own" in plugged(write(tmp_path, monkeypatch, "zz_star", text)).solvers


def test_blocked_plugins_are_listed_as_such_and_not_imported(many_plugins, monkeypatch):
    imported, _ = many_plugins
    monkeypatch.setenv("RECOURSE_ARENA_NO_PLUGINS", "solver-1, gone")
    registry = discover(no_plugins=["solver-2", "carma"])
    errors = {record.name: record.error for record in registry.plugins if record.error}
    assert errors == {
        "solver-1": "blocked by RECOURSE_ARENA_NO_PLUGINS",
        "solver-2": "blocked by --no-plugin",
        "carma": "blocked by --no-plugin",
    }
    assert not {"zz_plugin_1", "zz_plugin_2"} & set(imported())
    with pytest.raises(ArenaError, match=r"solver-1 \(blocked by RECOURSE_ARENA_NO_PLUGINS\)"):
        registry.solver("solver-1")
    with pytest.raises(ArenaError, match="unknown plugin 'solvre-3'. Did you mean 'solver-3'"):
        discover(no_plugins=["solvre-3"])


@pytest.mark.parametrize("how", ["environment", "option"])
def test_a_star_blocks_all_that_is_not_built_in(many_plugins, monkeypatch, how):
    monkeypatch.setenv("RECOURSE_ARENA_NO_PLUGINS", "*" if how == "environment" else "")
    registry = discover(no_plugins=["*"] if how == "option" else [])
    assert "icarma" in registry.solvers
    assert not any(name.startswith("solver-") for name in registry.solvers)


def test_a_registry_can_be_sent_to_another_process(many_plugins):
    _, registry = many_plugins
    assert registry.solver("solver-3")
    copy = pickle.loads(pickle.dumps(registry))
    assert copy.solver("solver-3").name == "solver-3"
    assert [vars(record) for record in copy.plugins] == [vars(record) for record in registry.plugins]


def test_every_built_in_is_found_without_error():
    registry = discover()
    assert {"loan", "gmsc"} <= set(registry.datasets)
    assert {"grid", "carma", "icarma", "convex"} <= set(registry.solvers)
    assert {"binary", "ranking", "likert"} <= set(registry.elicitors)
    assert "quick" in registry.suites
    assert [plugin.error for plugin in registry.plugins] == [""] * len(registry.plugins)


def test_options_reach_the_plugin_and_wrong_ones_are_refused(plugged):
    registry = plugged()
    with pytest.raises(ArenaError, match="height must not be negative, got -1"):
        registry.solver("picky?height=-1")
    with pytest.raises(ArenaError, match="unknown option of solver 'picky' 'heigth'. Did you mean 'height'"):
        registry.solver("picky?heigth=1")
    with pytest.raises(ArenaError, match="unknown dataset 'laon'. Did you mean 'loan'"):
        registry.dataset("laon")


def test_every_metric_declares_direction_unit_population_and_definition():
    for name, metric in discover().metrics.items():
        declaration = metric.declaration()
        assert declaration["name"] == name
        assert declaration["direction"] in ("higher", "lower", "none")
        assert all(declaration[key] for key in ("unit", "population", "definition", "title"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "growing-spheres?causal=maybe",
            "option 'causal' of .*: expected true or false, got 'maybe'",
        ),
        ("growing-spheres?causal=1", "expected true or false, got 1"),
        ("icarma?kl=true", "option 'kl' of solver 'icarma': expected a number, got true"),
        ("grid?points=false", "option 'points' of solver 'grid': expected a number, got false"),
    ],
)
def test_true_or_false_and_numbers_are_not_taken_for_one_another(plugged, name, message):
    with pytest.raises(ArenaError, match=message):
        plugged().solver(name)


@pytest.mark.parametrize("value", ["not-a-module", "", "a b", "m:"])
def test_an_entry_point_that_is_no_module_is_listed_as_not_working_and_harms_nobody(value):
    registry = discover([EntryPoint("odd", value, "recourse_arena"), *entry_points(group="recourse_arena")])
    assert "grid" in registry.solvers
    (odd,) = [plugin for plugin in registry.plugins if plugin.name == "odd"]
    assert odd.error
