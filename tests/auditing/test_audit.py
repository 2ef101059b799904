"""Every figure of an audit is what a plain loop over people finds."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from recourse_arena import ArenaError, Recommendation, api
from recourse_arena.auditing.audit import audited
from recourse_arena.auditing.burden import burden, social_burden
from recourse_arena.auditing.card import access, card
from recourse_arena.auditing.cases import cases
from recourse_arena.auditing.evidence import Evidence
from recourse_arena.auditing.lasting import lasting, retrained
from recourse_arena.auditing.levels import LEVELS
from recourse_arena.auditing.page import page
from recourse_arena.auditing.responsiveness import grid
from recourse_arena.auditing.shares import by_group, mean_of, share_of
from recourse_arena.base.arithmetic import arithmetic_of
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.registry import discovery
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache

PEOPLE = 60


@pytest.fixture(scope="module", params=["tiny", "tiny?effects=none"])
def done(request, tmp_path_factory):
    """An audit of the tiny dataset, with the evidence it rests on; proofs can be had where nothing follows."""
    from importlib.metadata import EntryPoint, entry_points

    patch, folder = pytest.MonkeyPatch(), tmp_path_factory.mktemp("audit")
    patch.setenv("RECOURSE_ARENA_ISOLATION", "no")
    offers = [*entry_points(group="recourse_arena"), EntryPoint("tiny", "tiny", "recourse_arena")]
    patch.setattr(discovery, "entry_points", lambda group: offers)
    audit = api.audit(
        request.param, out=folder / "a", people=PEOPLE, data=folder, cache=folder / "cache", progress=False
    )
    registry = discover()
    fitted = prepare(request.param, seed=0, data=folder, cache=ArtefactCache(folder / "cache"), registry=registry)
    proofs = api.load(audit.path / "proofs") if (audit.path / "proofs").is_dir() else None
    yield audit, Evidence(fitted, api.load(audit.path / "run"), proofs), folder
    patch.undo()


@cache
def rows_at(path):
    run = api.load(path)
    return [] if run.read_people() is None else run.people.to_dict("records")


def rows_of(run):
    return [] if run is None else rows_at(run.path)


def best_row(evidence, level, person):
    """The advice a person is given, by hand: of the valid rows a likely one before others, then the cheapest."""
    best = None
    for run, scenario in ((evidence.found, level.scenario), (evidence.proofs, level.name.replace(" ", "-"))):
        if run is None:
            continue
        for row in rows_of(run):
            if row["scenario"] != scenario or row["person"] != person or not row["valid"]:
                continue
            key = (not row["plausible"], row["weighted_cost"])
            if best is None or key < best[0]:
                best = (key, row)
    return None if best is None else best[1]


def after_of(row, names):
    found = []
    for name in names:
        value = row[f"factual_{name}"]
        value = row[f"value_{name}"] if row[f"mask_{name}"] else value
        after = row[f"after_{name}"]
        found.append(value if after is None or after != after or str(after) == "<NA>" else after)
    return found


def test_the_card_counts_people_one_by_one(done):
    audit, evidence, _ = done
    said, people, decisions = audit.findings["card"], evidence.everybody, evidence.fitted.problem.decisions
    refused = wrongly = favourable = 0
    by_sex = {"f": [0, 0], "m": [0, 0]}
    for x, y in zip(people.x, people.y, strict=True):
        no = not bool(decisions.accepts(x[None])[0])
        refused, favourable, wrongly = refused + no, favourable + int(y), wrongly + (no and bool(y))
        by_sex["fm"[int(x[0])]][0] += no
        by_sex["fm"[int(x[0])]][1] += 1
    assert (said["refused"]["count"], said["refused"]["people"]) == (refused, len(people))
    assert (said["wrongly_refused"]["count"], said["wrongly_refused"]["people"]) == (wrongly, favourable)
    assert (said["asking_deserving"]["count"], said["asking_deserving"]["people"]) == (wrongly, refused)
    assert said["accuracy"]["share"] == pytest.approx(evidence.fitted.identity["accuracy"], abs=1e-4)
    (part,) = said["by_group"]
    found = {row["group"]: [row["refused"]["count"], row["people"]] for row in part["groups"]}
    assert found == by_sex
    assert said["asked"] == PEOPLE == len(set(evidence.found.people["person"]))


@pytest.mark.parametrize("place", range(3))
def test_who_is_helped_and_at_what_cost_is_what_the_rows_say(done, place):
    audit, evidence, _ = done
    level, said = LEVELS[place], audit.findings["access"][place]
    rows = {int(person): best_row(evidence, level, person) for person in evidence.persons}
    helped = [person for person, row in rows.items() if row is not None]
    likely = [person for person in helped if rows[person]["plausible"]]
    name = level.name.replace(" ", "-")
    lost = [row for row in rows_of(evidence.proofs) if row["outcome"] == "infeasible" and row["scenario"] == name]
    proved = {int(row["person"]) for row in lost}
    assert (said["helped"]["count"], said["likely"]["count"]) == (len(helped), len(likely))
    assert said["proved"]["count"] == len(proved - {*helped})
    assert said["not_found"]["count"] == PEOPLE - len(helped) - len(proved - {*helped})
    burdens = audit.findings["burden"][place]
    costs = [float(rows[person]["weighted_cost"]) for person in helped]
    assert burdens["burden"]["mean"] == pytest.approx(sum(costs) / len(costs), rel=1e-6)
    dearest = max(costs)
    everybody = evidence.everybody
    for sex, group in enumerate(burdens["by_group"][0]["groups"]):
        assert group["group"] == "fm"[sex]
        mine = [
            p for p in evidence.persons.tolist() if int(evidence.factual[list(evidence.persons).index(p), 0]) == sex
        ]
        paid = [float(rows[p]["weighted_cost"]) if rows[p] is not None else dearest for p in mine]
        inside = [i for i in range(len(everybody)) if int(everybody.x[i, 0]) == sex]
        refused = sum(not bool(evidence.fitted.problem.decisions.accepts(everybody.x[i][None])[0]) for i in inside)
        expected = refused / len(inside) * sum(paid) / len(paid)
        assert group["social"]["mean"] == pytest.approx(expected, rel=1e-5)
        assert group["social"]["low"] < group["social"]["mean"] < group["social"]["high"]


def test_what_lasts_is_decided_again_person_by_person(done):
    audit, evidence, folder = done
    said = audit.findings["lasting"]
    name, rounding = audit.findings["asked"]["dataset"], arithmetic_of(os.environ)
    keys = ModelKeys.of(name, seed=0, data=folder, registry=discover(), arithmetic=rounding)
    models = retrained(evidence, ArtefactCache(folder / "cache"), keys.classifier)
    names = evidence.fitted.problem.features.names
    for place, level in enumerate(LEVELS[:2]):
        rows = [row for person in evidence.persons if (row := best_row(evidence, level, person)) is not None]
        for number, model in enumerate(models):
            yes = sum(bool(model.accepts(torch.tensor([after_of(row, names)]))[0]) for row in rows)
            assert (
                said["levels"][place]["each"][number]["count"],
                said["levels"][place]["each"][number]["people"],
            ) == (
                yes,
                len(rows),
            )
    present = evidence.fitted.problem.decisions
    differ = sum(bool(models[0].accepts(x[None])[0]) != bool(present.accepts(x[None])[0]) for x in evidence.everybody.x)
    assert said["disagree"][0]["count"] == differ
    assert any(one["count"] for one in said["disagree"])


def test_responsiveness_tries_each_value_of_each_person(done):
    audit, evidence, _ = done
    fitted = evidence.fitted
    scenario = fitted.requests.registry.scenario(LEVELS[0].scenario)
    request = fitted.requests.under(scenario)[torch.from_numpy(evidence.persons)]
    said = {row["feature"]: row for row in audit.findings["responsiveness"]}
    assert set(said) == {"effort", "income"}
    for name, row in said.items():
        j, able, shares = fitted.problem.features.index(name), 0, []
        low, high = request.box.lower[0, j], request.box.upper[0, j]
        for i in range(len(request)):
            tried = torch.linspace(0, 1, 33) * (high - low) + low
            tried = tried[tried != request.factual[i, j]]
            same = request[torch.full((len(tried),), i)]  # the person once for each value
            mask, values = torch.zeros(len(tried), 4, dtype=torch.bool), same.factual.clone()
            mask[:, j], values[:, j] = True, tried
            works = fitted.judge.look(same, Recommendation.do(mask, values)).valid.tolist()
            able += any(works)
            shares.append(sum(works) / len(works))
        assert row["able"]["count"] == able
        assert row["value_share"] == pytest.approx(sum(shares) / len(shares), abs=1e-6)


def test_a_grid_holds_whole_numbers_and_all_levels_but_the_present(plugged, tmp_path):
    fitted = prepare("german", seed=0, data=tmp_path, cache=ArtefactCache(None), registry=plugged())
    request = fitted.requests.under(fitted.requests.registry.scenario("soft-constant"))
    for name in ("purpose", "duration", "amount", "savings", "existing_credits"):
        j = fitted.problem.features.index(name)
        values, feasible = grid(request, j)
        for i in range(0, len(request), 9):
            tried = values[i][feasible[i]].tolist()
            assert len(set(tried)) == len(tried) <= 33
            assert float(request.factual[i, j]) not in tried
            assert all(value == round(value) for value in tried)
            low, high = float(request.box.lower[i, j]), float(request.box.upper[i, j])
            assert all(low <= value <= high for value in tried)
            if high - low < 33:
                assert len(tried) == high - low


def test_cases_are_people_whom_the_rules_choose(done):
    audit, evidence, _ = done
    typical, names = LEVELS[1], evidence.fitted.problem.features.names
    rows = [row for person in evidence.persons if (row := best_row(evidence, typical, person)) is not None]
    likely = sorted((row for row in rows if row["plausible"]), key=lambda row: row["weighted_cost"])
    cheap, dear = audit.findings["cases"][:2]
    for case, row in ((cheap, likely[0]), (dear, likely[-1])):
        assert case["effort"] == pytest.approx(row["weighted_cost"])
        scores = evidence.fitted.problem.decisions.probability(
            torch.tensor([[row[f"factual_{name}"] for name in names], after_of(row, names)])
        )
        assert [case["scores"]["before"], case["scores"]["after"]] == pytest.approx(scores.tolist(), abs=1e-6)
        assert {act["feature"] for act in case["acts"]} == {name for name in names if row[f"mask_{name}"]}
        assert sum(act["share"] for act in case["acts"]) == pytest.approx(1.0)
        assert case["who"][0]["value"] == "fm"[int(row["factual_sex"])]
    assert len(audit.findings["cases"]) == 5
    follows = {change["feature"] for change in [*cheap["follows"], *dear["follows"]]}
    assert ("savings" in follows) == (audit.findings["asked"]["dataset"] == "tiny")


def test_what_is_proved_is_told_from_what_was_not_found(done):
    audit, evidence, _ = done
    strict = audit.findings["access"][2]
    if audit.findings["asked"]["dataset"] == "tiny":
        assert strict["proved"]["count"] == 0 < strict["not_found"]["count"]
        assert "a proof needs the exact rules" in audit.findings["no_proofs"]
    else:
        assert strict["proved"]["count"] > 0 == strict["not_found"]["count"]
        assert audit.findings["no_proofs"] == ""
        case = next(case for case in audit.findings["cases"] if case["title"] == "No way")
        assert case["result"] == "proved: none"
        advice = evidence.advice(LEVELS[2])
        assert not (advice.proved & advice.helped).any()


def test_the_report_says_it_all_in_plain_words(done):
    audit, _, _ = done
    text = (audit.path / "audit.html").read_text()
    for heading in HEADINGS:
        assert f"<h2>{heading}</h2>" in text
    words = re.sub(r"<style>.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL)
    for code in ("soft-", "hard-1", "score-", "growing", "convex", "certified", "nan", "likert", "solver"):
        assert code not in words, code
    assert "None" not in words.replace("None found", "")
    assert "<script" not in text
    assert not re.search(r"(src|href)=", text)
    assert json.loads((audit.path / "audit.json").read_text()) == json.loads(json.dumps(audit.findings))


HEADINGS = (
    *("The decision system", "Who has no way out", "What it asks of people", "What lasts when the system changes"),
    *("What single features can do", "Five people in full", "What was assumed", "How it was done"),
)


def test_names_of_datasets_cannot_break_out_of_the_page(done):
    audit, _, _ = done
    bad = '<script>alert("1")</script>'
    said = {**audit.findings, "about": {**audit.findings["about"], "summary": bad}}
    assert "<script>" not in page(said)


def test_without_groups_retraining_and_proofs_the_report_says_so(done):
    audit, evidence, _ = done
    features = replace(
        evidence.fitted.dataset.features,
        features=tuple(replace(feature, sensitive=False) for feature in evidence.fitted.dataset.features),
    )
    plain = type(evidence.fitted.dataset)()
    object.__setattr__(plain, "features", features)
    bare = Evidence(replace(evidence.fitted, dataset=plain), evidence.found, None, "nobody proves anything")
    assert bare.groups == {}
    said = {
        **audit.findings,
        "card": card(bare),
        "access": access(bare),
        "burden": burden(bare),
        "cases": cases(bare),
        "lasting": lasting(bare, "nobody knows how it was trained"),
        "no_proofs": bare.no_proofs,
    }
    text = page(said)
    for words in ("name no sensitive features", "This was not examined: nobody knows", "nobody proves anything"):
        assert words in text
    assert "everybody, as no two groups" in said["cases"][4]["rule"]


def test_a_model_that_was_handed_over_is_not_trained_again(done):
    _, evidence, _ = done
    before = replace(evidence.fitted.before, decision=api.decision(lambda frame: frame["income"] > 1))
    handed = Evidence(replace(evidence.fitted, before=before), evidence.found)
    assert "handed over" in retrained(handed, ArtefactCache(None), "key")


def test_shares_and_means_of_few_people_are_not_scored():
    assert share_of(np.ones(0, dtype=bool))["share"] is None
    assert share_of(np.ones(19, dtype=bool), 20)["share"] is None
    assert mean_of(np.ones(19))["mean"] is None
    assert mean_of(np.array([*range(20), np.nan]))["people"] == 20
    groups = {"sex": np.array(["f"] * 19 + ["m"] * 20, dtype=object)}
    (part,) = by_group(groups, lambda inside: {"count": int(inside.sum())})
    assert part["groups"] == [
        {"group": "f", "people": 19, "small": True},
        {"group": "m", "people": 20, "small": False, "count": 20},
    ]


def test_equal_costs_do_not_hide_unequal_refusals():
    paid = np.full(30, 2.0)
    found = [social_burden(np.arange(100) < refused, paid, without=paid < 0, seed=0)["mean"] for refused in (30, 60)]
    assert found == pytest.approx([0.6, 1.2])


def test_folders_are_taken_only_if_they_are_new_or_hold_the_same_audit(done, tmp_path):
    audit, _, folder = done
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    options = {"people": PEOPLE, "data": folder, "cache": folder / "cache", "progress": False}
    with pytest.raises(ArenaError, match="holds other files and no audit"):
        api.audit(audit.findings["asked"]["dataset"], out=tmp_path / "mine", **options)
    with pytest.raises(ArenaError, match="choose another folder"):
        api.audit(audit.findings["asked"]["dataset"], out=audit.path, **{**options, "people": 5})
    with pytest.raises(ArenaError, match="unknown dataset 'tinny'"):
        api.audit("tinny", out=tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_the_same_command_goes_on_where_it_stopped(done, monkeypatch):
    import recourse_arena_grid

    audit, _, folder = done

    def never(self, request):
        raise AssertionError("a solver was asked")

    monkeypatch.setattr(recourse_arena_grid.Grid, "recommend", never)
    options = {"people": PEOPLE, "data": folder, "cache": folder / "cache", "progress": False}
    (audit.path / "audit.html").unlink()
    again = api.audit(audit.findings["asked"]["dataset"], out=audit.path, **options)
    assert json.dumps(again.findings) == json.dumps(audit.findings)
    assert (audit.path / "audit.html").is_file()


def test_other_models_than_those_of_the_run_are_refused(done, tmp_path):
    audit, evidence, folder = done
    found = replace(evidence.found, info={**evidence.found.info})
    found.info["materials"] = [{**found.info["materials"][0], "classifier": "another"}]
    with pytest.raises(ArenaError, match="cannot be had again"):
        audited(
            audit.findings["asked"]["dataset"], tmp_path / "x", people=PEOPLE, seed=0,
            data=Path(folder), cache=ArtefactCache(folder / "cache"), registry=discover(),
            run=lambda suite, at: found, arithmetic=arithmetic_of(os.environ),
        )  # fmt: skip
