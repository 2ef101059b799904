"""Plugins are found, and those that do not work are listed with the reason."""

from __future__ import annotations

import sys

import pytest

from recourse_arena import ArenaError
from recourse_arena.plugins import discover


def write(tmp_path, monkeypatch, name, text):
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import a_package_that_is_not_there", "ModuleNotFoundError: No module named 'a_package_that_is_not_there'"),
        ("x = 1", "implements no hook"),
        (
            "from recourse_arena import hookimpl\n@hookimpl\ndef recourse_solver():\n    return []",
            "unknown hook 'recourse_solver'. Did you mean 'recourse_solvers'",
        ),
        (
            "from recourse_arena import hookimpl\n@hookimpl\ndef recourse_solvers(weather):\n    return []",
            "weather",
        ),
        (
            "from recourse_arena import Solver, hookimpl\nclass Top(Solver):\n    name = 'top'\n"
            "    def recommend(self, request): ...\n@hookimpl\ndef recourse_solvers():\n    return [Top]",
            "the name 'top' is taken already among solvers",
        ),
    ],
)
def test_a_broken_plugin_is_listed_with_its_reason_and_the_rest_works(plugged, tmp_path, monkeypatch, text, reason):
    registry = plugged(write(tmp_path, monkeypatch, "zz_broken", text))
    broken = next(plugin for plugin in registry.plugins if plugin.name == "zz_broken")
    assert reason in broken.error
    assert not broken.hooks
    assert "top" in registry.solvers
    assert all(plugin.error == "" for plugin in registry.plugins if plugin.name != "zz_broken")


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
