"""Scenario names read as words."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recourse_arena import ArenaError, Scenario
from recourse_arena.problem.scenario import scenario_in_words

PROFILES = ("constant", "linear", "convex", "concave")
DISTRIBUTIONS = ("causal-order", "reverse-causal-order", "privileged", "non-privileged")
PUBLISHED = {
    **{f"hard-{n}": {"actionable": n} for n in ("1", "2", "3", "4", "random")},
    **{
        f"hard-{n}@{d}": {"actionable": n, "distribution": d}
        for n in ("1", "2", "3", "4", "random")
        for d in DISTRIBUTIONS
    },
    **{f"hard-{n}!no-plausibility": {"actionable": n, "plausibility": False} for n in ("1", "2")},
    "hard-2@causal-order!no-plausibility": {
        "actionable": "2",
        "distribution": "causal-order",
        "plausibility": False,
    },
    **{f"soft-{p}": {"profile": p} for p in PROFILES},
    **{f"hard-random+soft-{p}": {"actionable": "random", "profile": p} for p in PROFILES},
    **{f"hard-3+soft-{p}": {"actionable": "3", "profile": p} for p in PROFILES},
    **{f"score-soft-{p}": {"scheme": "likert", "profile": p} for p in PROFILES},
    **{f"score-hard-random+soft-{p}": {"scheme": "likert", "actionable": "random", "profile": p} for p in PROFILES},
    "hard-2!scm-plausibility": {"actionable": "2", "density": "scm"},
    "score-soft-linear@causal-order!scm-plausibility": {
        "scheme": "likert",
        "profile": "linear",
        "distribution": "causal-order",
        "density": "scm",
    },
    "binary-hard-2": {"scheme": "binary", "actionable": "2"},
    "score?levels=7-hard-2+soft-linear": {"scheme": "likert?levels=7", "actionable": "2", "profile": "linear"},
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_scenario_of_the_paper_has_a_name(name):
    assert Scenario.parse(name) == replace(Scenario(name), **PUBLISHED[name])


@st.composite
def spelt(draw) -> tuple[str, Scenario]:
    """Draw a scenario and its name, put together from its parts."""
    prefix, scheme = draw(st.sampled_from([("", "ranking"), ("score-", "likert"), ("binary-", "binary")]))
    hard = draw(st.sampled_from(["", "random", "1", "2", "12"]))
    soft = draw(st.sampled_from(["", *PROFILES] if hard else PROFILES))
    distribution = draw(st.sampled_from(["", *DISTRIBUTIONS, "own"]))
    switch, plausibility, density = draw(
        st.sampled_from([("", True, "flow"), ("!no-plausibility", False, "flow"), ("!scm-plausibility", True, "scm")])
    )
    parts = [f"hard-{hard}"] * bool(hard) + [f"soft-{soft}"] * bool(soft)
    name = prefix + "+".join(draw(st.permutations(parts)))
    name += f"@{distribution}" * bool(distribution) + switch
    parts_of_it = (scheme, hard or "all", soft or "constant", distribution or "uniform", plausibility)
    return name, Scenario(name, *parts_of_it, density=density)


@given(spelt())
def test_a_name_is_read_back_as_it_was_put_together(pair):
    name, scenario = pair
    assert Scenario.parse(name) == scenario
    assert Scenario.parse(Scenario.parse(name).name) == scenario


@pytest.mark.parametrize(
    "name",
    [
        "",
        "hard",
        "hard-",
        "hard-two",
        "hard--1",
        "hard-1.5",
        "hard-02",
        "hard-²",
        "hard-٣",
        "soft",
        "soft-",
        "score",
        "score-",
        "binary",
        "score-score-soft-linear",
        "firm-2",
        "hard-2+",
        "+hard-2",
        "hard-1+hard-2",
        "soft-linear+soft-convex",
        "hard-2+soft-linear+hard-3",
        "hard-2@",
        "hard-2@a@b",
        "hard-2!no-plausibility!no-plausibility",
        "Hard-2",
        " hard-2",
    ],
)
def test_a_name_that_cannot_be_read_is_answered_with_the_pattern(name):
    with pytest.raises(ArenaError, match=f"unknown scenario {re.escape(repr(name))}") as error:
        Scenario.parse(name)
    assert "hard-random+soft-convex@causal-order" in str(error.value)
    assert "recourse-arena list scenarios" in str(error.value)
    assert len(str(error.value).splitlines()) <= 4


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("soft-linaer", "cost profile in scenario 'soft-linaer' 'linaer'. Did you mean 'linear'"),
        ("hard-2+soft-x", "cost profile .*'x'. Known: concave, constant, convex, linear"),
        ("hard-2!plausibility", "switch .*'plausibility'. Did you mean 'no-plausibility' or 'scm-plausibility'"),
        ("hard-2!scm-plausible", "switch .*'scm-plausible'. Did you mean 'scm-plausibility'"),
        ("hard-2!", "switch .*''. Known: asked-POLICY, in-sample, no-plausibility, scm-plausibility"),
        ("hard-2!no-plausibility@causal-order", "switch .* Did you mean 'no-plausibility'"),
    ],
)
def test_a_misspelt_part_is_answered_with_what_is_known(name, message):
    with pytest.raises(ArenaError, match=message):
        Scenario.parse(name)


@pytest.mark.parametrize("switches", ["!no-plausibility!scm-plausibility", "!scm-plausibility!no-plausibility"])
def test_no_plausibility_and_one_under_the_true_model_exclude_each_other(switches):
    with pytest.raises(ArenaError, match="take one of !scm-plausibility and !no-plausibility"):
        Scenario.parse("hard-2" + switches)


def test_an_unknown_density_is_answered_with_what_is_known():
    with pytest.raises(ArenaError, match="unknown density in scenario 'clinic' 'smc'. Did you mean 'scm'"):
        Scenario("clinic", density="smc")


@pytest.mark.parametrize(
    ("name", "certifiable"),
    [("hard-2", False), ("soft-linear", False), ("hard-2!no-plausibility", True), ("hard-2!scm-plausibility", True)],
)
def test_proofs_under_the_true_model_hold_unless_plausibility_is_the_flows(name, certifiable):
    assert Scenario.parse(name).certifiable == certifiable


@given(st.text())
def test_any_text_is_a_scenario_or_a_clear_error(name):
    try:
        assert Scenario.parse(name).name == name
    except ArenaError as error:
        assert repr(name) in str(error)  # noqa: PT017


def test_the_longest_word_that_fits_names_the_scheme():
    schemes = {"swing": "swing", "swing-hard": "other"}
    assert Scenario.parse("swing-hard-2", {"swing": "swing"}).actionable == "2"
    assert Scenario.parse("swing-hard-hard-2", schemes).scheme == "other"
    assert Scenario.parse("hard-2", schemes).scheme == "ranking"


def test_words_of_schemes_are_told_where_a_name_cannot_be_read():
    with pytest.raises(ArenaError, match=r"Expected \[score-\|binary-\]hard-N"):
        Scenario.parse("swing-hard-2")
    with pytest.raises(ArenaError, match=r"Expected \[swing-\]hard-N"):
        Scenario.parse("swang-hard-2", {"swing": "swing"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hard-2", "each person may act on two features of their own choice"),
        ("hard-1", "one feature of"),
        ("hard-13", "13 features"),
        ("hard-random", "drawn at random"),
        ("soft-linear", "every actionable feature"),
        ("score-hard-2+soft-convex", "score features from 1 (easy) to 4 (hard); what they like less costs more"),
        ("binary-hard-2", "say which features they can act on"),
        ("hard-2@causal-order", "distribution causal-order"),
        ("hard-2!no-plausibility", "need not lead to a plausible person"),
        ("hard-2!scm-plausibility", "by the true causal model"),
        ("swing-hard-2", "asked by swing: weights"),
    ],
)
def test_every_part_of_a_name_is_put_into_words(name, words):
    assert words in scenario_in_words(name, {"swing": "weights"})


def test_real_answers_are_named_by_their_file_and_other_names_are_not_put_into_words():
    assert "answers from survey.csv" in Scenario("asked", answers="/somewhere/survey.csv").in_words()
    assert scenario_in_words("asked") == ""


def test_advice_may_be_limited_to_few_features():
    scenario = Scenario.parse("hard-3+sparse-2!no-plausibility")
    assert (scenario.actionable, scenario.sparsity) == ("3", 2)
    assert Scenario.parse("sparse-5").actionable == "all"
    assert "advice may act on two features at most" in scenario.in_words()
    assert "one feature at most" in Scenario.parse("soft-linear+sparse-1").in_words()
    with pytest.raises(ArenaError, match="one feature at least"):
        Scenario.parse("sparse-0")
    for name in ("sparse-x", "sparse-02", "sparse-", "sparse-1+sparse-2"):
        with pytest.raises(ArenaError, match="unknown scenario"):
            Scenario.parse(name)
