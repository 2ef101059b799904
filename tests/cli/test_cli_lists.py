"""`list KIND NAME`: all about one thing."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from recourse_arena.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("solvers", "grid"), ["points", "25", "Number of values per feature", "may know flow, scm", "(version"]),
        (("solvers", "icarma"), ["mask_layers", "Hidden layers of the mask network", "on gmsc, unless asked for"]),
        (("datasets", "german"), ["checking_account", "categorical", "CC BY 4.0", "decision model relu", "cost gower"]),
        (("datasets", "loan"), ["attribute that nobody decides by: race", "causal-order", "reads no file"]),
        (("decisions", "forest"), ["decision.trees", "Number of trees"]),
        (("elicitors", "likert"), ["score-hard-2"]),
        (("metrics", "hap"), ["lower is better", "least-preferred"]),
        (("suites", "quick"), ["block 2: 200 people", "gmsc (where its file is found)"]),
        (("scenarios", "score-hard-2"), ["two features of their own choice", "from 1 (easy)"]),
        (("scenarios",), ["!no-plausibility", "@DISTRIBUTION", "hard-2"]),
    ],
)
def test_all_about_one_thing(words, said):
    shown = CliRunner().invoke(main, ["list", *words])
    assert shown.exit_code == 0, shown.output
    assert not [part for part in said if part not in shown.output]


@pytest.mark.parametrize(
    ("kind", "name", "near"),
    [
        ("solvers", "gird", "grid"),
        ("datasets", "adul", "adult"),
        ("metrics", "hpa", "hap"),
        ("suites", "qick", "quick"),
    ],
)
def test_a_wrong_name_is_refused_with_what_is_near(kind, name, near):
    shown = CliRunner().invoke(main, ["list", kind, name])
    assert shown.exit_code == 2
    assert f"Did you mean '{near}'" in shown.output
