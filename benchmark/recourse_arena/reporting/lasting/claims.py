"""What should hold of quantized decision models and of advice that lasts, each weighed on a run.

Claims are those of the abstract of arXiv 2605.17160 (*When Bits Break Recourse*); bounds are of published accuracies
and of what was measured before.
"""

from __future__ import annotations

__all__ = ["PARTS", "Part"]

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from recourse_arena.planning.lasting_suites import AGAIN, CFQ, ETAS, KNOWN
from recourse_arena.reporting.lasting.evidence import Line, Said

_LSQ, _KD, _FAITHFUL = "quantized?method=lsq&bits=4", "distilled?bits=4", "faithful?bits=4"
_PTQ8, _PTQ4 = "quantized?method=ptq&bits=8", "quantized?method=ptq&bits=4"
_ACCURACY = {"adult": (0.847, 0.867), "compas": (0.677, 0.697), "german": (0.73, 0.78)}
"""Accuracy of the decision model: within 0.01 of those published of CFQ; of German what repeated runs gave."""
_LITTLE = 0.005
"""Accuracies that differ by less count as equal."""


@dataclass(frozen=True)
class Part:
    """What should hold of one thing.

    Arguments:
        title: What it is about.
        lines: Weighs it on one dataset, by its short name.
    """

    title: str
    lines: Callable[[str, Said], Iterator[Line]]


def _nothing(name: str, said: Said) -> Iterator[Line]:
    yield Line.at_most("VD under `same`", said.advice("same"), 0.0)
    yield Line.at_most("recourse gap under `same`", _size(said.anew("same", "crg")), 0.0)
    direction = said.anew("same", "similarity")
    yield Line.of("direction under `same`", "1", direction, direction is not None and abs(direction - 1) < 1e-6)


def _models(name: str, said: Said) -> Iterator[Line]:
    accuracy, (low, high) = said.model("same", "accuracy_before"), _ACCURACY[name]
    met = accuracy is not None and low <= accuracy <= high
    yield Line.of("accuracy of the decision model", f"{low:g} to {high:g}", accuracy, met)
    close = f"{said.solver}?margin=0.1"
    yield said.vd(_PTQ8, 0.0, solver=close, what="ptq-8")
    yield Line.at_most("cost ratio of margin 0.1", said.price(close), 1.10)
    yield Line.at_most("people lost to margin 0.1", said.price(close, "lost"), 0.04)


def _faithful(name: str, said: Said) -> Iterator[Line]:
    few, near = name == "german", "0.25" if name == "german" else "0.1"
    off = _off(said.model(_FAITHFUL, "accuracy"), said.model(_FAITHFUL, "accuracy_before"))
    yield Line.at_most("accuracy of faithful-4 away from the decision model's", _size(off), _LITTLE)
    yield said.vd(_FAITHFUL, 0.08 if few else 0.05, what="faithful-4")
    yield Line.at_most("already accepted by it", said.advice(_FAITHFUL, "already"), 0.10 if few else 0.06)
    yield said.vd(_FAITHFUL, 0.05, solver=f"{said.solver}?margin={near}", threshold="matched", what="faithful-4")
    if not few:
        yield Line.at_most("early, matched", said.advice(_FAITHFUL, "early", threshold="matched"), 0.3)
    mine, other = (said.margin(change, "price95", threshold="matched") for change in (_FAITHFUL, _LSQ))
    share = 0.65 if name == "compas" else 0.5
    most = None if other is None else share * (other - 1)
    excess = None if mine is None or most is None else mine - 1
    words = f"price95 over 1, matched (LSQ-4: {'-' if other is None else f'{other - 1:.3f}'})"
    yield Line.at_most(words, excess, 0.0 if most is None else most)


def best_eta(said: Said) -> str:
    """Return the CFQ in 4 bits whose advice to validation people lasts best, of those about as accurate as LSQ-4."""
    chosen = Said(said.found, said.dataset, f"{said.scenario}!validation-people", said.solver)
    target = said.model(_LSQ, "accuracy")
    tried = [(chosen.advice(change), change) for change in ETAS]
    able = [
        (vd, change) for vd, change in tried
        if vd is not None and target is not None and (_off(said.model(change, "accuracy"), target) or 0) >= -_LITTLE
    ]  # fmt: skip
    return min(able)[1] if able else ""


def _published(name: str, said: Said) -> Iterator[Line]:
    best, lsq = best_eta(said), said.advice(_LSQ)
    eta = best.rpartition("=")[2] or "-"
    yield Line.at_most(
        f"VD under CFQ-4, eta {eta} (LSQ-4: {'-' if lsq is None else f'{lsq:.3f}'})",
        said.advice(best) if best else None,
        0.5 * (lsq or 0.0) if name != "compas" else 1.0,
        interval=said.interval(best) if best else None,
    )
    for what, control in (("32 bits, trained as long", "fine-tuned"), ("kd-4", _KD), *_SHIFTED):
        for threshold in ("as it is", "matched"):
            found = said.difference(best, control, threshold=threshold) if best else None
            words = f"VD under {what} above that under CFQ-4, {threshold}"
            low = None if found is None else found[1:]
            yield Line.of(words, "above 0", found and found[0], bool(found and found[0] > 0), interval=low)


_SHIFTED = (
    ("LSQ, its bias shifted to CFQ's VD", "shifted-bias?like=cfq&of=lsq"),
    ("KD, its bias shifted to CFQ's VD", "shifted-bias?like=cfq&of=kd"),
)


def _abstract(name: str, said: Said) -> Iterator[Line]:
    for bits, cfq in CFQ.items():
        mixed = f"quantized?method=mixed&bits={bits}"
        off = _off(said.model(mixed, "accuracy"), said.model(mixed, "accuracy_before"))
        yield Line.of(
            f"{bits} bits: accuracy of mixed off", "at least -0.01", off, off is not None and off >= -0.01 - 1e-9
        )
        vd = said.advice(mixed)
        yield Line.of(f"{bits} bits: VD of mixed", "above 0", vd, bool(vd), interval=said.interval(mixed))
        off = _off(said.model(cfq, "accuracy"), said.model(cfq, "accuracy_before"))
        yield Line.of(
            f"{bits} bits: accuracy of CFQ off", "at least -0.01", off, off is not None and off >= -0.01 - 1e-9
        )
        for threshold in ("as it is", "matched"):
            found = said.difference(cfq, mixed, threshold=threshold)
            ends = None if found is None else found[1:]
            words = f"{bits} bits: VD of mixed above that of CFQ, {threshold}"
            yield Line.of(words, "above 0", found and found[0], bool(found and found[0] > 0), interval=ends)
    for threshold in ("as it is", "matched"):
        lsq, cfq4 = (_size(said.anew(one, "crg", threshold=threshold)) for one in (_LSQ, ETAS[2]))
        words = f"4 bits: recourse gap of CFQ (size; LSQ: {'-' if lsq is None else f'{lsq:.3f}'}), {threshold}"
        yield Line.at_most(words, cfq4, lsq or 0.0)


def _known(name: str, said: Said) -> Iterator[Line]:
    for what, change, most in (("ptq-4", _PTQ4, 1.15), ("lsq-4", _LSQ, 1.45)):
        told = f"{said.solver}?lasting={KNOWN[what]}"
        yield Line.at_most(f"VD under {what} of who knows it", said.advice(change, solver=told), 0.0)
        yield Line.at_most(f"cost ratio of who knows {what}", said.price(told), 1.15)
        yield Line.at_most(f"people lost by who knows {what}", said.price(told, "lost"), 0.03)
        vd, error = said.margin(change, "vd"), _binomial(said)
        yield Line.at_most(f"VD under {what} at the margin chosen on validation people", vd, 0.05 + error)
        yield Line.at_most(f"cost ratio of that margin ({what})", said.margin(change, "price95"), most)


def _retrained(name: str, said: Said) -> Iterator[Line]:
    chosen, others = AGAIN
    margin = said.margin(chosen, "margin95")
    solver = said.solver if margin == 0 else f"{said.solver}?margin_sd={0 if margin is None else margin:g}"
    for which, most in (("mean of ", 0.05), ("worst of ", 0.10)):
        rows = said.found.advice
        keys = {"dataset": said.dataset, "scenario": said.scenario, "solver": solver, "change": others}
        for key, value in {**keys, "threshold": "as it is"}.items():
            rows = rows[rows[key] == value]
        rows = rows[rows["model"].str.startswith(which)] if margin is not None else rows[:0]
        vd = float(rows["vd"].iloc[0]) if len(rows) else None
        yield Line.at_most(f"VD of unseen retrained models, {which.split()[0]}", vd, most)
    words = "cost ratio of the margin chosen on others"
    yield Line.at_most(words, said.margin(chosen, "price95"), 1.45 if name == "german" else 1.20)


def _boxes(name: str, said: Said) -> Iterator[Line]:
    plain = said.advice("same", "delivered")
    for what, most in (("box-8", 1.25), ("box-10", 1.05)):
        told = f"{said.solver}?lasting={KNOWN[what]}"
        bits = what.partition("-")[2]
        yield said.vd(f"box?bits={bits}", 0.0, solver=told, what=f"a box of {bits} bits")
        yield Line.at_most(f"cost ratio of advice for a box of {bits} bits", said.price(told), most)
        if bits == "8" and name != "compas":
            lost = said.price(told, "lost")
            left = None if lost is None or not plain else 1 - lost / plain
            yield Line.of("of those found, found in a box of 8 bits", "at least 0.98", left, (left or 0) >= 0.98)


PARTS = (
    Part("A change that changes nothing", _nothing),
    Part("The decision model, and 8 bits", _models),
    Part("Faithful 4 bits (distilled, also where recourse ends)", _faithful),
    Part("CFQ as published, against LSQ and against the three controls", _published),
    Part("The abstract's claims, at each budget", _abstract),
    Part("Solvers that know the change, and margins chosen on validation people", _known),
    Part("Models trained again", _retrained),
    Part("Boxes of weights: sound whatever is rounded how", _boxes),
)
"""What is weighed, in order."""


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _off(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def _binomial(said: Said) -> float:
    """Return the standard error of a share of 0.05 of those who were helped."""
    rows = said.found.advice
    for key, value in {"dataset": said.dataset, "scenario": said.scenario, "solver": said.solver}.items():
        rows = rows[rows[key] == value]
    people = int(rows["counted"].iloc[0]) if len(rows) else 0
    return float((0.05 * 0.95 / max(people, 1)) ** 0.5)
