"""Shares of advice that lasts, against a plain loop over people; and the forms they are written in."""

from __future__ import annotations

import io
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recourse_arena.reporting.lasting.shares import SHARES, advice_of
from recourse_arena.reporting.lasting.table import Lasting
from recourse_arena.storage.lasting_table import Redecided

_TRUTH = st.booleans()
_ROW = st.fixed_dictionaries(
    {
        "counts": _TRUTH,
        "already": _TRUTH,
        "accepted": _TRUTH,
        "early": st.sampled_from([0.0, 1.0, math.nan]),
        "margin": st.sampled_from([0.1, 0.4, 2.0]),
    }
)


def frame(models, *, seeds=(0,), change="retrained?models=2", matched=False):
    """Return rows of models, each a list with what is known of every person, the same people in each seed."""
    rows = [
        {
            "dataset": "tiny", "scenario": "hard-1", "solver": "=top|", "seed": seed, "person": i, "change": change,
            "model": name, "matched": matched, "logit": math.nan, "margin_sd": row["margin"] / 2, **row,
        }
        for seed in seeds for name, people in models.items() for i, row in enumerate(people)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def facts(model, **parts):
    known = {"accuracy_before": 0.8, "accuracy": 0.7, "acceptance_before": 0.5, "acceptance": 0.6, "agreement": 0.9,
             "lost": 0.1, "gap": None, "gap_sd": None, "bits": 4.5, "bytes": 1000}  # fmt: skip
    which = {"dataset": "tiny", "seed": 0, "change": "retrained?models=2", "model": model, "matched": False}
    return which | known | parts


def share(values):
    return sum(values) / len(values) if values else math.nan


def same(one, other):
    return one == pytest.approx(other, abs=1e-12, nan_ok=True)


@given(st.lists(st.tuples(_ROW, _ROW), min_size=1, max_size=12))
def test_shares_are_what_a_plain_loop_says(pairs):
    for first, second in pairs:
        second["counts"], second["margin"] = first["counts"], first["margin"]
    rows = frame({"retrained-1": [a for a, _ in pairs], "retrained-2": [b for _, b in pairs]})
    found = advice_of(Redecided(rows.sample(frac=1, random_state=0))).set_index("model")
    counted = [(a, b) for a, b in pairs if a["counts"]]
    for place, name in enumerate(("retrained-1", "retrained-2")):
        own, row = [pair[place] for pair in counted], found.loc[name]
        assert same(row["vd"], share([not one["accepted"] for one in own]))
        assert same(row["vd_stay"], share([not one["accepted"] for one in own if not one["already"]]))
        assert same(row["already"], share([one["already"] for one in own]))
        assert same(row["early"], share([one["early"] for one in own if not math.isnan(one["early"])]))
        assert same(row["delivered"], sum(one["accepted"] for one in own) / len(pairs))
        assert (row["counted"], row["people"], row["seeds"]) == (len(own), len(pairs), 1)
        assert same(row["margin"], float(np.median([one["margin"] for one in own])) if own else math.nan)
    lasts = sum(a["accepted"] and b["accepted"] for a, b in counted) / len(pairs)
    assert all(same(value, lasts) for value in found["lasts"])
    together = found.loc["all 2"]
    assert same(together["vd"], share([not (a["accepted"] and b["accepted"]) for a, b in counted]))
    assert same(together["already"], share([a["already"] and b["already"] for a, b in counted]))
    assert same(together["delivered"], lasts)
    assert math.isnan(together["early"])
    mean, worst = found.loc["mean of 2"], found.loc["worst of 2"]
    for name in ("vd", "vd_stay", "already", "early", "delivered"):
        known = [value for value in found.loc[["retrained-1", "retrained-2"], name] if not math.isnan(value)]
        assert same(mean[name], share(known))
    assert same(worst["vd"], max(found.loc["retrained-1", "vd"], found.loc["retrained-2", "vd"]))


def test_one_model_has_one_row_and_several_have_three_more():
    person = {"counts": True, "already": False, "accepted": True, "early": 0.0, "margin": 0.1}
    one = advice_of(Redecided(frame({"lsq-4": [person] * 4}, change="quantized")))
    assert one["model"].tolist() == ["lsq-4"]
    two = advice_of(Redecided(frame({"retrained-1": [person] * 4, "retrained-2": [person] * 4})))
    assert two["model"].tolist() == ["retrained-1", "retrained-2", "all 2", "mean of 2", "worst of 2"]


def test_intervals_hold_the_share_and_narrow_with_people():
    person = {"counts": True, "already": False, "accepted": True, "early": 0.0, "margin": 0.1}
    lost = {**person, "accepted": False}
    wide, narrow = (
        advice_of(Redecided(frame({"m": [person, lost, person] * times}, change="c"))).iloc[0] for times in (5, 200)
    )
    for row in (wide, narrow):
        assert row["vd"] == pytest.approx(1 / 3)
        assert row["vd_low"] < row["vd"] < row["vd_high"]
    assert narrow["vd_high"] - narrow["vd_low"] < 0.3 * (wide["vd_high"] - wide["vd_low"])


def test_shares_are_averaged_over_seeds():
    person = {"counts": True, "already": False, "accepted": True, "early": 0.0, "margin": 0.1}
    lost = {**person, "accepted": False}
    rows = pd.concat(
        [frame({"m": [person] * 9 + [lost]}, change="c"), frame({"m": [lost] * 5}, seeds=(1,), change="c")]
    )
    (row,) = advice_of(Redecided(rows)).to_dict("records")
    assert row["vd"] == pytest.approx((0.1 + 1.0) / 2)
    assert (row["seeds"], row["people"]) == (2, 15)


@pytest.fixture
def lasting():
    person = {"counts": True, "already": False, "accepted": True, "early": math.nan, "margin": 0.1}
    nobody = {**person, "counts": False, "margin": math.nan}
    rows = pd.concat([
        frame({"retrained-1": [person] * 3, "retrained-2": [person] * 3}),
        frame({"kd-4": [nobody] * 3}, change="distilled"),
    ])  # fmt: skip
    known = (facts("retrained-1"), facts("retrained-2"), facts("kd-4", change="distilled", bytes=None))
    notes = tuple(
        {"dataset": "forest", "seed": seed, "change": change, "reason": "no network"}
        for seed in (0, 1) for change in ("pruned", "distilled")
    )  # fmt: skip
    return Lasting(Redecided(rows, known, notes))


def test_undefined_is_a_dash_and_never_a_zero(lasting):
    text = lasting.text()
    (kd,) = [line.split() for line in text.splitlines() if line.startswith("distilled") and "[" in line]
    assert kd == ["distilled", "kd-4", "as", "it", "is", "-", "-", "-", "-", "0.000", "[0.000,", "0.561]", "0.000",
                  "[0.000,", "0.561]"]  # fmt: skip
    advice = json.loads(lasting.json())["advice"]
    assert next(row for row in advice if row["model"] == "kd-4")["vd"] is None
    assert next(row for row in advice if row["model"] == "retrained-1")["vd"] == 0.0
    row = pd.read_csv(io.StringIO(lasting.csv())).set_index("model").loc["kd-4"]
    assert row[["vd", "vd_low", "margin", "gap", "bytes"]].isna().all()


def test_it_says_first_that_lasting_advice_can_be_bought(lasting):
    for text in (lasting.text(), lasting.markdown(), repr(lasting)):
        assert text.startswith("A model that accepts more people lets more advice last")
    assert "<table>" in lasting._repr_html_()


def test_single_models_of_several_are_in_files_and_not_in_text(lasting):
    shown = lasting.text().split("advice of")[1]
    assert "mean of 2" in shown
    assert "retrained-1" not in shown
    assert set(pd.read_csv(io.StringIO(lasting.csv()))["model"]) >= {"retrained-1", "all 2", "mean of 2", "kd-4"}
    known = pd.read_csv(io.StringIO(lasting.csv())).set_index("model")
    assert known.loc["retrained-1", "accuracy"] == 0.7
    assert math.isnan(known.loc["all 2", "accuracy"])


def test_why_a_change_says_nothing_is_told_once(lasting):
    assert lasting.text().count("forest, not under pruned, distilled: no network") == 1
    assert json.loads(lasting.json())["notes"][0]["reason"] == "no network"


def test_names_are_no_markup_and_no_formula(lasting):
    assert "=top\\|" in lasting.markdown()
    assert "'=top|" in lasting.csv()


def test_every_share_has_its_interval(lasting):
    for name in SHARES:
        assert {f"{name}_low", f"{name}_high"} <= set(lasting.table)
