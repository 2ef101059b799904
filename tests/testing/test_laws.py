"""Every law catches a plugin that breaks it, and lets honest ones pass."""

from __future__ import annotations

import pytest
import tiny
from lawbreakers import (
    BAD_CHANGES,
    BAD_DATASETS,
    BAD_ELICITORS,
    BAD_METRICS,
    BAD_POLICIES,
    BAD_SOLVERS,
    AsksFirst,
    Honest,
    RefusesFavours,
    Unordered,
    Unsettled,
    metric,
)

from recourse_arena import Block, Scenario, Suite
from recourse_arena.testing.cases import cases, offers
from recourse_arena.testing.checking import check, check_laws
from recourse_arena.testing.laws.dataset_laws import DATASET_LAWS
from recourse_arena.testing.laws.elicitor_laws import ELICITOR_LAWS
from recourse_arena.testing.laws.metric_laws import METRIC_LAWS
from recourse_arena.testing.laws.models.change_laws import CHANGE_LAWS
from recourse_arena.testing.laws.policy_laws import POLICY_LAWS
from recourse_arena.testing.laws.solver_laws import SOLVER_LAWS
from recourse_arena.testing.laws.suite_laws import SUITE_LAWS
from recourse_arena.testing.report import Ended


def broken(what, **options):
    return {finding.law for finding in check(what, **options).findings if finding.ended.bad}


def caught(what, law):
    """Return whether a law ends badly for somebody, without trying the others."""
    found = [case for offer in offers(what) for case in cases(offer) if case.law_name == law]
    return any(finding.ended.bad for finding in check_laws(law, found).findings)


@pytest.mark.parametrize(("solver", "law"), BAD_SOLVERS.items(), ids=lambda each: getattr(each, "__name__", each))
def test_a_solver_that_breaks_a_law_is_caught_by_it(solver, law):
    assert caught(solver, law)


@pytest.mark.parametrize(("dataset", "law"), BAD_DATASETS.items(), ids=lambda each: getattr(each, "__name__", each))
def test_a_dataset_that_breaks_a_law_is_caught_by_it(dataset, law):
    assert caught(dataset, law)


@pytest.mark.parametrize(("bad", "law"), BAD_METRICS.values(), ids=BAD_METRICS)
def test_a_metric_that_breaks_a_law_is_caught_by_it(bad, law):
    assert caught(bad, law)


@pytest.mark.parametrize(("elicitor", "law"), BAD_ELICITORS.items(), ids=lambda each: getattr(each, "__name__", each))
def test_an_elicitor_that_breaks_a_law_is_caught_by_it(elicitor, law):
    assert caught(elicitor, law)


@pytest.mark.parametrize(("policy", "law"), BAD_POLICIES.items(), ids=lambda each: getattr(each, "__name__", each))
def test_a_policy_that_breaks_a_law_is_caught_by_it(policy, law):
    assert caught(policy, law)


@pytest.mark.parametrize(("change", "law"), BAD_CHANGES.items(), ids=lambda each: getattr(each, "__name__", each))
def test_a_change_that_breaks_a_law_is_caught_by_it(change, law):
    assert caught(change, law)


BLOCK = Block(("loan",), (Scenario.parse("hard-1"),), ("grid",))


@pytest.mark.parametrize(
    ("suite", "law"),
    [
        (Suite("s", "", (BLOCK,)), "it_says_what_it_is"),
        (Suite("s", "a suite", (BLOCK,), seeds=()), "it_says_what_it_is"),
        (Suite("s", "a suite", ()), "it_runs_something"),
        (Suite("s", "a suite", (Block(("loan",), (), ("grid",)),)), "it_runs_something"),
        (Suite("s", "a suite", (Block(("laon",), BLOCK.scenarios, ("grid",)),)), "what_it_names_is_plugged_in"),
        (
            Suite("s", "a suite", (Block(("loan",), (Scenario.parse("hard-1@x"),), ("grid",)),)),
            "what_it_names_is_plugged_in",
        ),
        (Suite("s", "a suite", (BLOCK,), optional=frozenset({"gmsc"})), "what_it_names_is_plugged_in"),
        (
            Suite("s", "a suite", (Block(("loan",), (Scenario("hard-1", actionable="2"),), ("grid",)),)),
            "scenarios_are_what_their_names_say",
        ),
    ],
)
def test_a_suite_that_breaks_a_law_is_caught_by_it(suite, law):
    assert broken(suite) == {law}


def test_honest_plugins_keep_every_law():
    for what in (
        Honest,
        Honest(),
        tiny.Tiny,
        Unsettled,
        Unordered,
        RefusesFavours,
        AsksFirst,
        Suite("s", "a suite", (BLOCK,)),
    ):
        report = check(what)
        assert report.ok, report.text()
    assert broken(metric(lambda people, timings: timings["fit_seconds"])) == set()


def test_every_law_has_a_plugin_that_breaks_it():
    breaking = {
        "solver": {*BAD_SOLVERS.values()},
        "dataset": {*BAD_DATASETS.values(), "it_says_what_it_is"},
        "metric": {law for _, law in BAD_METRICS.values()},
        "elicitor": {*BAD_ELICITORS.values()},
        "policy": {*BAD_POLICIES.values()},
        "change": {*BAD_CHANGES.values()},
    }
    for kind, laws in (
        ("solver", SOLVER_LAWS),
        ("dataset", DATASET_LAWS),
        ("metric", METRIC_LAWS),
        ("elicitor", ELICITOR_LAWS),
        ("policy", POLICY_LAWS),
        ("change", CHANGE_LAWS),
    ):
        assert {law.__name__ for law in laws} == breaking[kind]


def test_every_law_says_in_one_line_what_it_is():
    for law in (*SOLVER_LAWS, *DATASET_LAWS, *METRIC_LAWS, *ELICITOR_LAWS, *POLICY_LAWS, *SUITE_LAWS, *CHANGE_LAWS):
        assert law.__doc__.splitlines()[0].endswith("."), law.__name__


def test_a_dataset_whose_file_is_missing_runs_the_laws_that_need_none():
    report = check(tiny.Absent)
    ended = {finding.law: finding for finding in report.findings}
    assert report.ok
    assert ended["the_graph_is_over_its_features"].ended is Ended.PASSED
    assert ended["both_labels_occur"].ended is Ended.NOT_RUN
    assert "put its file somewhere" in ended["both_labels_occur"].reason
