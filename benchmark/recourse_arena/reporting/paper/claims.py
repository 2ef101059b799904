"""The claims of arXiv 2604.08030, each weighed on the cells of a run."""

from __future__ import annotations

__all__ = ["CLAIMS", "READING"]

from collections.abc import Iterator
from itertools import pairwise

from recourse_arena.reporting.paper.evidence import Claim, ClaimVerdict, Evidence, Within
from recourse_arena.reporting.paper.markdown import interval, number
from recourse_arena.reporting.paper.published import bound
from recourse_arena.reporting.results.cells import CellName, Cells
from recourse_arena.reporting.results.estimate import Estimate

ALIKE = 0.05
"""Two shares that differ by less count as nearly the same."""

NO_GAIN = 0.02
"""A gain below this is none: about what another seed of the decision model moves a share by."""

READING = f"""\
A claim is broken into comparisons of shares on the same people of one seed. A comparison holds if its whole 95 %
interval over people lies where the claim puts it, does not hold if the interval lies wholly elsewhere, and cannot tell
otherwise. A claim holds if all its comparisons hold, and does not hold if one does not. Shares in a comparison are over
the people who count in both cells; for hap, those with a valid recommendation in both. "Nearly the same" means within
{ALIKE:.3f}, "no gain" less than {NO_GAIN:.3f}. The intervals do not cover chance in training, and are not corrected for
how many comparisons there are. The claim about runtime rests on single timings of this machine."""
"""How verdicts come about, in words."""


_FALLS, _RISES = Within("falls", high=0.0), Within("rises", low=0.0)
_ALIKE = Within(f"nearly the same (±{ALIKE:.3f})", -ALIKE, ALIKE)
_HARD = ("hard-4", "hard-3", "hard-2", "hard-1")
_BOUND = ("hard-3", "hard-2", "hard-1", "hard-random")
_SOFT = ("concave", "linear", "convex")
_PROFILES = ("constant", *_SOFT)
_NAMES = {"grid": "oracle", "icarma": "iCARMA", "icarma?preferences=scenario": "iCARMA trained on that order"}


def _change(cells: Cells, metric: str, first: CellName, second: CellName, within: Within) -> Evidence:
    """Compare a share in two cells on the same people."""
    terms = [(1.0, second, metric), (-1.0, first, metric)]
    estimate, shares = cells.contrast(terms), cells.shares(terms)
    numbers = f"{shares[1]:.3f} → {shares[0]:.3f}; {_words(estimate)}" if estimate else _missing(cells, first, second)
    what = f"{_label(first)}, {metric}, {first.scenario} → {second.scenario}"
    return Evidence(what, numbers, within.words, within.verdict(estimate))


def _contrast(cells: Cells, what: str, terms: list[tuple[float, CellName, str]], within: Within) -> Evidence:
    """Weigh a weighted sum of shares on the same people."""
    estimate = cells.contrast(terms)
    numbers = _words(estimate) if estimate else _missing(cells, *(cell for _, cell, _ in terms))
    return Evidence(what, numbers, within.words, within.verdict(estimate))


def _share(cells: Cells, metric: str, cell: CellName, within: Within) -> Evidence:
    """Weigh one share."""
    estimate = cells.estimate(cell, metric)
    numbers = f"{number(estimate.value)} {interval(estimate)}" if estimate else _missing(cells, cell)
    what = f"{_label(cell)}, {metric.removesuffix('_solved')}, {cell.scenario}"
    return Evidence(what, numbers, within.words, within.verdict(estimate))


def _words(estimate: Estimate) -> str:
    return f"{number(estimate.value, sign=True)} {interval(estimate, sign=True)}"


def _label(cell: CellName) -> str:
    return _NAMES[cell.solver] + (f" on {cell.dataset}" if cell.dataset != "loan" else "")


def _missing(cells: Cells, *wanted: CellName) -> str:
    """Say why a comparison has no numbers."""
    there = {cell for cell, seed in cells.people if seed == cells.seeds.get(cell.dataset)}
    gone = [f"{_label(cell)} under {cell.scenario}" for cell in dict.fromkeys(wanted) if cell not in there]
    if not gone:
        return "nobody counts in all of its cells"
    more = f" and {len(gone) - 2} more" if len(gone) > 2 else ""
    return f"missing: {', '.join(gone[:2])}{more}"


def _oracle_falls(cells: Cells) -> Iterator[Evidence]:
    for more, fewer in pairwise(_HARD):
        yield _change(cells, "validity", CellName(more, "grid"), CellName(fewer, "grid"), _FALLS)


def _icarma_stays_valid(cells: Cells) -> Iterator[Evidence]:
    for fewer in ("hard-3", "hard-2"):
        yield _change(cells, "validity", CellName("hard-4", "icarma"), CellName(fewer, "icarma"), _ALIKE)
    for fewer in ("hard-3", "hard-2", "hard-1"):
        terms = [
            (sign * weight, CellName(name, solver), "validity")
            for solver, sign in (("icarma", 1.0), ("grid", -1.0))
            for name, weight in (("hard-4", 1.0), (fewer, -1.0))
        ]
        lost = Within("iCARMA loses less", high=0.0)
        yield _contrast(cells, f"iCARMA's loss of validity less the oracle's, hard-4 → {fewer}", terms, lost)


def _plausibility_falls(cells: Cells) -> Iterator[Evidence]:
    for more, fewer in pairwise(_HARD):
        yield _change(cells, "plausibility", CellName(more, "icarma"), CellName(fewer, "icarma"), _FALLS)


def _validity_conflicts(cells: Cells) -> Iterator[Evidence]:
    for order in ("", "@causal-order", "@reverse-causal-order"):
        for count in ("hard-1", "hard-2"):
            asked, free = CellName(f"{count}{order}", "grid"), CellName(f"{count}{order}!no-plausibility", "grid")
            yield _change(cells, "validity", asked, free, _RISES)
            yield _share(cells, "plausibility_solved", free, Within("below 0.500", high=0.5))
            if count == "hard-2":
                yield _share(cells, "validity", free, Within("above 0.950", low=0.95))


def _spares(cells: Cells, prefix: str) -> Iterator[Evidence]:
    """Compare the least-preferred feature's use with half of its use under the constant profile."""
    constant = CellName(f"{prefix}constant", "icarma")
    for profile in _SOFT:
        soft = CellName(f"{prefix}{profile}", "icarma")
        terms = [(1.0, soft, "hap"), (-0.5, constant, "hap")]
        what = f"iCARMA, hap, {soft.scenario} less half of {constant.scenario}"
        yield _contrast(cells, what, terms, Within("below half", high=0.0))


def _versus_constant(cells: Cells, metric: str, within: Within, *prefixes: str) -> Iterator[Evidence]:
    for prefix in prefixes:
        for profile in _SOFT:
            cell = CellName(f"{prefix}{profile}", "icarma")
            yield _change(cells, metric, CellName(f"{prefix}constant", "icarma"), cell, within)


def _soft_spares(cells: Cells) -> Iterator[Evidence]:
    yield from _spares(cells, "soft-")
    yield from _versus_constant(cells, "hap", _FALLS, "hard-random+soft-")


def _soft_keeps_validity(cells: Cells) -> Iterator[Evidence]:
    yield from _versus_constant(cells, "validity", _ALIKE, "soft-", "hard-random+soft-")


def _soft_costs_plausibility(cells: Cells) -> Iterator[Evidence]:
    yield from _versus_constant(cells, "plausibility", _FALLS, "soft-", "hard-random+soft-")


def _hard_limits_soft(cells: Cells) -> Iterator[Evidence]:
    for solver in ("icarma", "grid"):
        for profile in _SOFT:
            soft, both = CellName(f"soft-{profile}", solver), CellName(f"hard-random+soft-{profile}", solver)
            yield _change(cells, "hap", soft, both, _RISES)


def _profiles_are_ordered(cells: Cells) -> Iterator[Evidence]:
    for prefix in ("soft-", "hard-random+soft-"):
        for before, after in pairwise(_PROFILES):
            yield _change(cells, "hap", CellName(prefix + before, "grid"), CellName(prefix + after, "grid"), _FALLS)


def _causal_order_attains_more(cells: Cells) -> Iterator[Evidence]:
    for solver, metric in (("grid", "validity"), ("icarma", "plausibility")):
        for name in _BOUND:
            along, against = CellName(f"{name}@causal-order", solver), CellName(f"{name}@reverse-causal-order", solver)
            yield _change(cells, metric, along, against, _FALLS)


def _same_training_does_not_help(cells: Cells) -> Iterator[Evidence]:
    names = [f"{name}@reverse-causal-order" for name in ("hard-4", *_BOUND)]
    for metric in ("validity", "plausibility"):
        terms = [
            (sign / len(names), CellName(name, solver), metric)
            for name in names
            for solver, sign in (("icarma?preferences=scenario", 1.0), ("icarma", -1.0))
        ]
        what = f"gain in {metric} from training on the reverse order, mean of {len(names)} scenarios"
        yield _contrast(cells, what, terms, Within(f"below {NO_GAIN:.3f}", high=NO_GAIN))


def _scores_work_alike(cells: Cells) -> Iterator[Evidence]:
    yield from _spares(cells, "score-soft-")
    yield from _versus_constant(cells, "hap", _FALLS, "score-hard-random+soft-")
    yield from _versus_constant(cells, "validity", _ALIKE, "score-soft-", "score-hard-random+soft-")
    yield from _versus_constant(cells, "plausibility", _FALLS, "score-soft-", "score-hard-random+soft-")


def _gmsc_shows_the_same(cells: Cells) -> Iterator[Evidence]:
    free, some = CellName("hard-4", "icarma", "gmsc"), CellName("hard-random", "icarma", "gmsc")
    constant, linear = (CellName(f"hard-3+soft-{profile}", "icarma", "gmsc") for profile in ("constant", "linear"))
    yield _change(cells, "validity", free, some, _FALLS)
    yield _change(cells, "plausibility", free, some, _FALLS)
    yield _change(cells, "hap", constant, linear, _FALLS)
    yield _change(cells, "validity", constant, linear, _ALIKE)


def _oracle_is_slow(cells: Cells) -> Iterator[Evidence]:
    """Compare seconds as measured, scaled to everybody who asks where only some were asked about."""
    fast = cells.record(CellName("hard-4", "icarma"))
    reported = f"published: oracle over {bound('hard-4', 'grid', 'solve_seconds'):.0f} s, "
    reported += f"iCARMA's training about {bound('hard-4', 'icarma', 'fit_seconds'):.0f} s"
    for name in ("hard-4", "hard-3"):
        what, claimed = f"seconds for everybody who asks, {name}", "oracle slower than iCARMA's training"
        slow = cells.record(CellName(name, "grid"))
        if "solve_seconds" not in slow or "fit_seconds" not in fast:
            numbers = _missing(cells, CellName(name, "grid"), CellName("hard-4", "icarma"))
            yield Evidence(what, numbers, claimed, ClaimVerdict.UNKNOWN)
            continue
        people, asking = slow["people"], cells.asking("loan") or slow["people"]
        seconds = slow["fit_seconds"] + slow["solve_seconds"] * asking / people
        scaled = "" if asking == people else f" for {asking} people, scaled from {people}"
        numbers = f"oracle {seconds:.1f} s{scaled}; iCARMA's training {fast['fit_seconds']:.1f} s ({reported})"
        verdict = ClaimVerdict.HOLDS if seconds > fast["fit_seconds"] else ClaimVerdict.FAILS
        yield Evidence(what, numbers, claimed, verdict)


CLAIMS = (
    Claim("The oracle's validity falls with every feature that is ruled out.", "Table 1", _oracle_falls),
    Claim("iCARMA's validity stays high as features are ruled out.", "Table 1", _icarma_stays_valid),
    Claim("iCARMA's plausibility falls with every feature that is ruled out.", "Table 1", _plausibility_falls),
    Claim(
        "Validity and plausibility conflict: without the plausibility constraint the oracle is nearly always valid "
        "but seldom plausible.",
        "Table 6",
        _validity_conflicts,
    ),
    Claim(
        "Soft constraints lower iCARMA's hap: to less than half of the constant profile's where everything is "
        "actionable, and also beside hard constraints.",
        "Table 2",
        _soft_spares,
    ),
    Claim("They do so at nearly the same validity.", "Table 2", _soft_keeps_validity),
    Claim("They cost plausibility.", "Table 2", _soft_costs_plausibility),
    Claim("Hard constraints limit what soft ones can spare: hap is higher with both.", "Table 2", _hard_limits_soft),
    Claim("The oracle's hap falls from constant to concave to linear to convex.", "Table 2", _profiles_are_ordered),
    Claim("Preferences along the causal order attain more than against it.", "Table 5", _causal_order_attains_more),
    Claim("Training iCARMA on the same reverse order does not help.", "Table 5", _same_training_does_not_help),
    Claim("Soft constraints from scores work like those from rankings.", "Table 3", _scores_work_alike),
    Claim("GiveMeSomeCredit shows the same picture.", "GMSC results", _gmsc_shows_the_same),
    Claim(
        "The oracle on everybody takes longer than training iCARMA (hours against minutes).", "runtime", _oracle_is_slow
    ),
)
"""The claims, in the order of a report."""
