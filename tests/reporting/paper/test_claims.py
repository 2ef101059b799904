"""Claims of the paper: when they hold, when they do not, and when a run cannot tell."""

from __future__ import annotations

import pytest
from run_folders import published_shares, write_run

from recourse_arena.reporting.paper.claims import CLAIMS
from recourse_arena.reporting.paper.evidence import ClaimVerdict
from recourse_arena.reporting.result import Result
from recourse_arena.reporting.results.cells import CellName, Cells

SLOW = {
    **{CellName(name, "grid"): {"fit_seconds": 0.0, "solve_seconds": 7200.0} for name in ("hard-4", "hard-3")},
    CellName("hard-4", "icarma"): {"fit_seconds": 600.0, "solve_seconds": 0.1},
}
IDS = [claim.weigh.__name__.strip("_") for claim in CLAIMS]


def read(folder, shares, **options):
    return Cells.of([Result.read(write_run(folder, shares, **{"records": SLOW, **options}))])


def verdicts(cells):
    return {
        name: ClaimVerdict.of_all(part.verdict for part in claim.weigh(cells))
        for name, claim in zip(IDS, CLAIMS, strict=True)
    }


def parts(cells, name):
    return list(CLAIMS[IDS.index(name)].weigh(cells))


@pytest.fixture(scope="module")
def as_published(tmp_path_factory):
    return read(tmp_path_factory.mktemp("published"), published_shares())


def test_every_claim_holds_on_the_published_numbers_themselves(as_published):
    assert verdicts(as_published) == dict.fromkeys(IDS, ClaimVerdict.HOLDS)


def test_where_nothing_differs_only_the_claims_of_likeness_hold(tmp_path):
    flat = {cell: {"validity": 0.6, "plausibility": 0.6, "hap": 0.6} for cell in published_shares()}
    same = {cell: {"fit_seconds": 1.0 * (cell.solver == "icarma"), "solve_seconds": 1.0} for cell in SLOW}
    found = verdicts(read(tmp_path, flat, records=same))
    assert {name for name, verdict in found.items() if verdict == ClaimVerdict.HOLDS} == {
        "soft_keeps_validity",
        "same_training_does_not_help",
    }


@pytest.mark.parametrize(
    ("name", "cell", "metric", "value"),
    [
        ("oracle_falls", CellName("hard-1", "grid"), "validity", 0.6),
        ("icarma_stays_valid", CellName("hard-2", "icarma"), "validity", 0.9),
        ("icarma_stays_valid", CellName("hard-1", "icarma"), "validity", 0.2),
        ("plausibility_falls", CellName("hard-3", "icarma"), "plausibility", 0.95),
        ("validity_conflicts", CellName("hard-1!no-plausibility", "grid"), "validity", 0.15),
        ("validity_conflicts", CellName("hard-2@causal-order!no-plausibility", "grid"), "plausibility", 0.6),
        ("validity_conflicts", CellName("hard-2@reverse-causal-order!no-plausibility", "grid"), "validity", 0.92),
        ("soft_spares", CellName("soft-linear", "icarma"), "hap", 0.5),
        ("soft_spares", CellName("hard-random+soft-convex", "icarma"), "hap", 0.95),
        ("soft_keeps_validity", CellName("soft-convex", "icarma"), "validity", 0.92),
        ("soft_costs_plausibility", CellName("soft-concave", "icarma"), "plausibility", 0.92),
        ("soft_costs_plausibility", CellName("hard-random+soft-linear", "icarma"), "plausibility", 0.65),
        ("hard_limits_soft", CellName("hard-random+soft-concave", "icarma"), "hap", 0.01),
        ("hard_limits_soft", CellName("soft-convex", "grid"), "hap", 0.7),
        ("profiles_are_ordered", CellName("soft-linear", "grid"), "hap", 0.53),
        ("profiles_are_ordered", CellName("hard-random+soft-constant", "grid"), "hap", 0.55),
        ("causal_order_attains_more", CellName("hard-2@causal-order", "grid"), "validity", 0.4),
        ("causal_order_attains_more", CellName("hard-random@causal-order", "icarma"), "plausibility", 0.5),
        (
            "same_training_does_not_help",
            CellName("hard-4@reverse-causal-order", "icarma?preferences=scenario"),
            "plausibility",
            1.3,
        ),
        ("scores_work_alike", CellName("score-soft-linear", "icarma"), "hap", 0.6),
        ("scores_work_alike", CellName("score-hard-random+soft-linear", "icarma"), "hap", 0.9),
        ("scores_work_alike", CellName("score-soft-convex", "icarma"), "validity", 0.9),
        ("scores_work_alike", CellName("score-soft-concave", "icarma"), "plausibility", 0.9),
        ("gmsc_shows_the_same", CellName("hard-random", "icarma", "gmsc"), "validity", 0.95),
        ("gmsc_shows_the_same", CellName("hard-random", "icarma", "gmsc"), "plausibility", 0.99),
        ("gmsc_shows_the_same", CellName("hard-3+soft-linear", "icarma", "gmsc"), "hap", 0.5),
        ("gmsc_shows_the_same", CellName("hard-3+soft-linear", "icarma", "gmsc"), "validity", 0.6),
    ],
)
def test_a_claim_does_not_hold_where_one_cell_contradicts_it(tmp_path, name, cell, metric, value):
    shares = {key: dict(row) for key, row in published_shares().items()}
    shares[cell][metric] = min(value, 1.0)
    if value > 1:  # one of five scenarios does not outweigh the others
        for key in shares:
            if key.solver == cell.solver:
                shares[key][metric] = 1.0
    found = parts(read(tmp_path, shares), name)
    assert ClaimVerdict.of_all(part.verdict for part in found) == ClaimVerdict.FAILS


def test_with_few_people_small_differences_cannot_be_told(tmp_path):
    found = verdicts(read(tmp_path, published_shares(), people=30))
    assert found["profiles_are_ordered"] == ClaimVerdict.UNKNOWN
    assert found["icarma_stays_valid"] == ClaimVerdict.UNKNOWN
    assert found["oracle_falls"] == ClaimVerdict.HOLDS


def test_a_missing_cell_is_named_and_the_claim_cannot_be_told(tmp_path):
    shares = published_shares()
    del shares[CellName("hard-3", "grid")]
    found = parts(read(tmp_path, shares), "oracle_falls")
    assert [part.verdict for part in found] == [ClaimVerdict.UNKNOWN, ClaimVerdict.UNKNOWN, ClaimVerdict.HOLDS]
    assert found[0].numbers == "missing: oracle under hard-3"


def test_a_contradiction_outweighs_a_missing_cell():
    assert ClaimVerdict.of_all([ClaimVerdict.HOLDS, ClaimVerdict.UNKNOWN, ClaimVerdict.FAILS]) == ClaimVerdict.FAILS


def test_evidence_is_in_numbers(as_published):
    first = parts(as_published, "oracle_falls")[0]
    assert first.what == "oracle, validity, hard-4 → hard-3"
    assert first.numbers.startswith("0.959 → 0.796; -0.163 [-0.18")
    for claim in CLAIMS:
        for part in claim.weigh(as_published):
            assert any(character.isdigit() for character in part.numbers)


def test_hap_is_compared_among_people_with_valid_advice_in_both_cells(tmp_path):
    shares = published_shares()
    shares[CellName("soft-concave", "grid")] = {"validity": 0.5, "hap": 1.0}
    shares[CellName("hard-random+soft-concave", "grid")] = {"validity": 0.25, "hap": 1.0}
    part = next(p for p in parts(read(tmp_path, shares), "hard_limits_soft") if p.what.startswith("oracle"))
    assert part.numbers.startswith("1.000 → 1.000; +0.000")
    assert part.verdict == ClaimVerdict.UNKNOWN


def test_runtimes_are_scaled_to_everybody_who_asks(tmp_path):
    fast = {
        CellName("hard-4", "grid"): {"fit_seconds": 0.0, "solve_seconds": 10.0},
        CellName("hard-3", "grid"): {"fit_seconds": 0.0, "solve_seconds": 40.0},
        CellName("hard-4", "icarma"): {"fit_seconds": 100.0, "solve_seconds": 0.1},
    }
    found = parts(read(tmp_path, published_shares(), asking=5000, records=fast), "oracle_is_slow")
    assert [part.verdict for part in found] == [ClaimVerdict.FAILS, ClaimVerdict.HOLDS]
    assert found[0].numbers.startswith(
        "oracle 50.0 s for 5000 people, scaled from 1000; iCARMA's training 100.0 s (published: oracle over 7200 s"
    )
